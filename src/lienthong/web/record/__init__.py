"""What the doctors' pages show: pure functions from FHIR R4 dictionaries to plain values for the templates."""
