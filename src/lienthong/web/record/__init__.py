"""What the doctors' pages show: functions from FHIR R4 dictionaries to plain values for the templates."""
