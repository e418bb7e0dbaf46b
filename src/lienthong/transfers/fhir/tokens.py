"""What the unit's IT person grants a system that drives transfers, and the scopes that it stands for."""

from __future__ import annotations

SCOPES = {
    "begin": ("system/ServiceRequest.cru",),
    "read": ("system/ServiceRequest.rs", "system/Task.rs", "system/Patient.r", "system/Composition.r"),
    "step": ("system/Task.rus",),
}
