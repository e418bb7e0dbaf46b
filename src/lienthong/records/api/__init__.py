"""FHIR R4 over the store: one file for each interaction (specification, section "RESTful API")."""
