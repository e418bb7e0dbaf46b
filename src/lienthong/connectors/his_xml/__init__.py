"""The insurance XML (Decisions 130/2023, 4750/2023, 3176/2024) as a HIS exports it."""
