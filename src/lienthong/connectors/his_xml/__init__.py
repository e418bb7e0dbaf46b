"""The insurance XML that every Vietnamese HIS exports (Decisions 130/2023, 4750/2023, 3176/2024)."""
