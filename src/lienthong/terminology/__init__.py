"""Code systems: ICD-10, insurance code lists, administrative units, facilities."""

from __future__ import annotations

from lienthong.terminology.codes import Language, code_name, known_codes
from lienthong.terminology.diseases import Icd10, icd10, icd10_lines
from lienthong.terminology.places import AdminUnit, admin_unit, facility_name

__all__ = [
    "AdminUnit",
    "Icd10",
    "Language",
    "admin_unit",
    "code_name",
    "facility_name",
    "icd10",
    "icd10_lines",
    "known_codes",
]
