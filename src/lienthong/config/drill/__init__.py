"""`lienthong drill`: a province made to fail on purpose, and what arrived counted."""
