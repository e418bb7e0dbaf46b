"""The roll-out: units and the truth about each, levels, plan, money, vendors, security, the fortnightly report."""
