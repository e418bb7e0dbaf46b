"""The table of rights keeps roles apart."""

from __future__ import annotations

from lienthong.access import rights
from lienthong.access.models import Role

CLINICAL = {Role.DOCTOR, Role.NURSE}


def test_records_open_to_those_who_treat_only() -> None:
    assert set(rights.RECORDS) == set(rights.TRANSFERS) == CLINICAL


def test_whoever_manages_accounts_or_the_province_sees_no_records() -> None:
    assert not (set(rights.ACCOUNTS) | set(rights.FLOW) | set(rights.PROVINCE)) & CLINICAL


def test_every_role_opens_something() -> None:
    assert {role for right in rights.TABLE for role in right} == set(Role)
