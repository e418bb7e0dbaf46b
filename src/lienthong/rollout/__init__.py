"""The roll-out of electronic records in the province: units, levels, tasks, money, evidence, reports."""
