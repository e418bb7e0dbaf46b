"""Who may do what: the one table. Pages open by it (:mod:`.doors`), and one page shows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from lienthong.access.models import Role

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True, slots=True, eq=False)
class Right:
    """A right and the roles that hold it; iterating gives the roles, for ``@requires(*RECORDS)``."""

    label: StrOrPromise
    roles: tuple[Role, ...]

    def __iter__(self) -> Iterator[Role]:
        return iter(self.roles)


RECORDS = Right(_("Find a person and read the record"), (Role.DOCTOR, Role.NURSE))
PUBLISH = Right(_("Publish documents of a patient to the province, and withdraw them"), (Role.DOCTOR,))
PUBLICATIONS = Right(_("See what the unit has published to the province"), (Role.DOCTOR, Role.HEAD, Role.IT))
PUBLISH_RULES = Right(_("Say what is published to the province by itself"), (Role.HEAD,))
FHIR = Right(_("Read records through the FHIR door while signed in"), (Role.DOCTOR, Role.NURSE))
TRANSFERS = Right(_("See transfers and take the next step"), (Role.DOCTOR, Role.NURSE))
SIGN = Right(_("Sign a transfer and send it"), (Role.DOCTOR,))
SIGN_OUTCOME = Right(_("Sign and send the return letter of a transfer"), (Role.DOCTOR,))
RECEPTION = Right(_("See and use the slips and appointments of who comes"), (Role.DOCTOR, Role.NURSE))
WORKING_DAYS = Right(_("See the working days that slips count by"), (Role.DOCTOR, Role.NURSE, Role.IT))
SEEN_BY = Right(_("See who opened a record"), (Role.DOCTOR, Role.HEAD, Role.PROTECTION))
TRAIL = Right(_("Read and check the audit trail"), (Role.HEAD, Role.PROTECTION))
IDENTITY = Right(_("Decide whether two registrations are one person"), (Role.CLERK, Role.HEAD, Role.NURSE))
IDENTITY_RULES = Right(
    _("Change the rules for one person, and what the hub is told of who is registered"), (Role.HEAD,)
)
FLOW = Right(_("Watch the flow of messages and mend refused files"), (Role.IT,))
ATTENTION = Right(_("See what needs attention and what to do"), (Role.IT, Role.DEPARTMENT))
JOURNEY = Right(
    _("Follow a message or a transfer on its way"), (Role.DOCTOR, Role.NURSE, Role.IT, Role.DEPARTMENT)
)
INTEGRITY = Right(
    _("See whether both hospitals have the same messages"), (Role.IT, Role.DEPARTMENT, Role.PROTECTION)
)
ACCOUNTS = Right(_("Make and lock accounts, give and take roles"), (Role.IT, Role.HEAD))
EVIDENCE = Right(
    _("Take out the evidence package of a message or transfer"),
    (Role.DOCTOR, Role.IT, Role.HEAD, Role.PROTECTION, Role.DEPARTMENT),
)
EVIDENCE_CONTENT = Right(_("Take out evidence packages with clinical content"), (Role.DOCTOR, Role.HEAD))
EVIDENCE_CHECK = Right(_("Check an evidence package"), (Role.IT, Role.HEAD, Role.PROTECTION, Role.DEPARTMENT))
SYSTEMS = Right(_("Let other systems of the unit call, and stop them"), (Role.IT,))
PROVINCE = Right(_("See the province: connections and amounts, no records"), (Role.DEPARTMENT,))
MEASURES = Right(_("See how transfers go: counts and times, no records"), (Role.DEPARTMENT, Role.HEAD))
UNITS = Right(_("Let units join, see their keys, cut them off"), (Role.DEPARTMENT,))
LABORATORIES = Right(_("Enter quality levels of laboratories"), (Role.HEAD, Role.IT))
LINK = Right(_("Join the hub and renew the keys of this site"), (Role.IT, Role.HEAD))
NOTICES = Right(_("Be told about transfers, on pages and by mail"), (Role.DOCTOR, Role.NURSE, Role.HEAD))
HOOKS_SEE = Right(_("See where notices are sent, and the log"), (Role.IT, Role.HEAD))
HOOKS = Right(_("Set up hooks to the unit's own messenger"), (Role.IT,))
BOARD = Right(
    _("See the roll-out board"),
    (
        Role.DEPARTMENT,
        Role.DIVISION,
        Role.DIRECTOR,
        Role.CLERK,
        Role.LEADER,
        Role.POLICE,
        Role.UNIT,
    ),
)
REMINDERS = Right(_("Be reminded of tasks of the roll-out by mail"), BOARD.roles)
BOARD_UNIT = Right(_("Enter facts of a unit on the roll-out board"), (Role.DEPARTMENT, Role.UNIT))
BOARD_EDIT = Right(_("Enter plans, money and reviews of the roll-out"), (Role.DEPARTMENT,))
REPORT_STEPS = Right(
    _("Hand on, confirm, approve, sign, number and send reports"),
    (Role.DEPARTMENT, Role.UNIT, Role.DIVISION, Role.DIRECTOR, Role.CLERK),
)
LEVELS_ANSWER = Right(_("Assess the levels of a unit and send them"), (Role.UNIT,))
PLAN_REGISTERS = Right(
    _("Read meetings, difficulties, documents and templates of the roll-out"),
    (Role.DEPARTMENT, Role.DIVISION, Role.DIRECTOR, Role.CLERK, Role.LEADER, Role.UNIT),
)
TICKETS = Right(
    _("Report faults to vendors, follow and answer them"), (Role.DEPARTMENT, Role.UNIT, Role.VENDOR)
)
SECURITY_SEE = Right(
    _("See security checklists"),
    (Role.DEPARTMENT, Role.DIVISION, Role.DIRECTOR, Role.LEADER, Role.POLICE, Role.UNIT),
)
SECURITY = Right(_("Fill in security checklists and conclude them"), (Role.POLICE,))

TABLE = (
    RECORDS,
    PUBLISH,
    PUBLICATIONS,
    PUBLISH_RULES,
    FHIR,
    TRANSFERS,
    SIGN,
    SIGN_OUTCOME,
    RECEPTION,
    WORKING_DAYS,
    SEEN_BY,
    TRAIL,
    IDENTITY,
    IDENTITY_RULES,
    FLOW,
    ATTENTION,
    JOURNEY,
    INTEGRITY,
    ACCOUNTS,
    EVIDENCE,
    EVIDENCE_CONTENT,
    EVIDENCE_CHECK,
    SYSTEMS,
    PROVINCE,
    MEASURES,
    UNITS,
    LABORATORIES,
    LINK,
    NOTICES,
    HOOKS_SEE,
    HOOKS,
    BOARD,
    REMINDERS,
    BOARD_UNIT,
    BOARD_EDIT,
    REPORT_STEPS,
    LEVELS_ANSWER,
    PLAN_REGISTERS,
    TICKETS,
    SECURITY_SEE,
    SECURITY,
)
