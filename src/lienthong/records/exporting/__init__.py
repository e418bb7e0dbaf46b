"""Bulk export (FHIR Bulk Data Access 2.0): the store as NDJSON files, made beside other work."""
