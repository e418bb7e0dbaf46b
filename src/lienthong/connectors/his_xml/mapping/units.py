"""Units of the source that are certain, in UCUM. A unit that is not here is kept as text only."""

from __future__ import annotations

from typing import Final

UNITS: Final = {
    written: ucum
    for ucum, forms in {
        "10*9/L": ("G/L", "G/l", "10^9/L", "10^9/l", "x10^9/L", "10*9/L", "Giga/L"),
        "10*12/L": ("T/L", "T/l", "10^12/L", "10^12/l", "x10^12/L", "10*12/L", "Tera/L"),
        "10*3/uL": ("K/uL", "K/µL", "K/μL", "10^3/uL", "10^3/µL", "10^3/μL"),
        "10*6/uL": ("M/uL", "M/µL", "M/μL", "10^6/uL", "10^6/µL", "10^6/μL"),
        "g/L": ("g/L", "g/l"),
        "g/dL": ("g/dL", "g/dl"),
        "mg/L": ("mg/L", "mg/l"),
        "mg/dL": ("mg/dL", "mg/dl"),
        "ug/L": ("µg/L", "μg/L", "ug/L", "µg/l", "μg/l", "ug/l"),
        "ng/L": ("ng/L", "ng/l"),
        "ng/mL": ("ng/mL", "ng/ml"),
        "pg/mL": ("pg/mL", "pg/ml"),
        "mol/L": ("mol/L", "mol/l"),
        "mmol/L": ("mmol/L", "mmol/l"),
        "umol/L": ("µmol/L", "μmol/L", "umol/L", "µmol/l", "μmol/l", "umol/l"),
        "nmol/L": ("nmol/L", "nmol/l"),
        "pmol/L": ("pmol/L", "pmol/l"),
        "meq/L": ("mEq/L", "mEq/l", "meq/L"),
        "U/L": ("U/L", "U/l"),
        "[IU]/L": ("UI/L", "UI/l", "IU/L", "IU/l"),
        "[IU]/mL": ("UI/mL", "UI/ml", "IU/mL", "IU/ml"),
        "m[IU]/L": ("mIU/L", "mIU/l", "mUI/L", "mUI/l"),
        "m[IU]/mL": ("mIU/mL", "mIU/ml", "mUI/mL", "mUI/ml"),
        "u[IU]/mL": ("µIU/mL", "μIU/mL", "uIU/mL", "µIU/ml", "μIU/ml", "uIU/ml", "µUI/mL", "μUI/mL"),
        "fL": ("fL", "fl"),
        "pg": ("pg",),
        "%": ("%",),
        "s": ("s", "giây"),
        "min": ("phút",),
        "h": ("giờ",),
        "mm/h": ("mm/h", "mm/giờ"),
        "mm[Hg]": ("mmHg",),
        "/min": ("lần/phút", "nhịp/phút"),
        "Cel": ("°C", "độ C"),
        "kg": ("kg",),
        "g": ("g",),
        "mg": ("mg",),
        "cm": ("cm",),
        "mm": ("mm",),
        "mL": ("mL", "ml"),
        "mg/(24.h)": ("mg/24h", "mg/24 giờ"),
        "g/(24.h)": ("g/24h", "g/24 giờ"),
        "mL/min": ("mL/min", "ml/min", "mL/phút", "ml/phút"),
    }.items()
    for written in forms
}
"""As written in DON_VI_DO to UCUM."""
