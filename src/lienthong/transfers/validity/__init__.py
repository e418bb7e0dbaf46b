"""Validity of slips: working days, annexes, uses, appointments, returns, and the checks before sending."""
