"""The FHIR door's part: $summary, Provide Document Bundle (ITI-65), finding by one person (ITI-66, 67), and Retrieve
Document (ITI-68)."""
