"""The FHIR R4 door of a site: a hospital's own system begins transfers, watches them and takes their steps."""
