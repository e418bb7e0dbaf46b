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
TRANSFERS = Right(_("See transfers and take the next step"), (Role.DOCTOR, Role.NURSE))
SEEN_BY = Right(_("See who opened a record"), (Role.DOCTOR, Role.HEAD, Role.PROTECTION))
TRAIL = Right(_("Read and check the audit trail"), (Role.HEAD, Role.PROTECTION))
FLOW = Right(_("Watch the flow of messages and mend refused files"), (Role.IT,))
INTEGRITY = Right(
    _("See whether both hospitals have the same messages"), (Role.IT, Role.DEPARTMENT, Role.PROTECTION)
)
ACCOUNTS = Right(_("Make and lock accounts, give and take roles"), (Role.IT, Role.HEAD))
PROVINCE = Right(_("See the province: connections and amounts, no records"), (Role.DEPARTMENT,))

TABLE = (RECORDS, TRANSFERS, SEEN_BY, TRAIL, FLOW, INTEGRITY, ACCOUNTS, PROVINCE)
