"""Facts of the units as an Excel workbook: out, back in with a preview, and what could not be taken handed back."""
