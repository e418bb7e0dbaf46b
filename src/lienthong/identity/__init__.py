"""Which registrations belong to one person."""
