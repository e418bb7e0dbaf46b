"""Every table of the roll-out, so that Django finds them; each is declared in the part it belongs to."""

from __future__ import annotations

from lienthong.rollout.changes import BatchRow, Change
from lienthong.rollout.facts import Fact
from lienthong.rollout.levels.models import (
    Assessment,
    AssessmentAnswer,
    AssessmentFile,
    AssessmentStage,
    AssessmentVerdict,
    CriteriaVersion,
    CriterionRow,
)
from lienthong.rollout.money.models import (
    Contract,
    Need,
    PriceReference,
    Procurement,
    ProcurementAmount,
    ProcurementStep,
)
from lienthong.rollout.security.models import Finding, SecurityCheck
from lienthong.rollout.vendors.models import (
    ChangeRequest,
    Product,
    RequestVote,
    Ticket,
    TicketMessage,
    Vendor,
)

__all__ = [
    "Assessment",
    "AssessmentAnswer",
    "AssessmentFile",
    "AssessmentStage",
    "AssessmentVerdict",
    "BatchRow",
    "Change",
    "ChangeRequest",
    "Contract",
    "CriteriaVersion",
    "CriterionRow",
    "Fact",
    "Finding",
    "Need",
    "PriceReference",
    "Procurement",
    "ProcurementAmount",
    "ProcurementStep",
    "Product",
    "RequestVote",
    "SecurityCheck",
    "Ticket",
    "TicketMessage",
    "Vendor",
]
