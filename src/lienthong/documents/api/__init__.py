"""The FHIR door's part: $summary, Provide Document Bundle (ITI-65), Retrieve Document (ITI-68)."""
