"""What each system of a hospital brings, hour by hour, and whether it still brings it. Counts, nothing of a patient."""
