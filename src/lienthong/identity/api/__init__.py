"""The index at the FHIR door."""
