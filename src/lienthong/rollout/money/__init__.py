"""Money of the roll-out: items, price references, needs, procurements, contracts, the estimate from a unit's gaps."""
