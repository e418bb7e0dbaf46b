"""Vendors: faults reported to them, answered and repaired against the contract; requests to change software."""
