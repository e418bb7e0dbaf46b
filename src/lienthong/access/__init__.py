"""Accounts, roles, legal basis, audit trail. Front desks: :mod:`.accounts`, :mod:`.audit`, :mod:`.doors`."""
