"""Code systems: ICD-10, facilities, ethnic groups, administrative units, mappings."""
