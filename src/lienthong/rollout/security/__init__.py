"""Security checklists of units: what the police reviewer found, and the conclusion."""
