"""Freezing the data of a period. A snapshot is written once; what was wrong in it is corrected by another report."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta

import msgspec

from lienthong.access import audit
from lienthong.foundation import clock, ids
from lienthong.rollout.report import content, figures, issuers, problems, sources, sums
from lienthong.rollout.report.content import Before, Content
from lienthong.rollout.report.kinds import KINDS
from lienthong.rollout.report.material import Material
from lienthong.rollout.report.models import Report, Snapshot, State

LONGEST = timedelta(days=370)
NUMBERED = (State.NUMBERED, State.SENT)


def look(kind: str, first: date, last: date) -> Content:
    """What would be frozen now, with broken sums and all.

    Raises:
        LienThongError: ``report-period``, ``report-no-issuer``.
    """
    if not first < last or last - first > LONGEST or last > clock.today():
        raise problems.period()
    definitions = KINDS[kind].definitions
    material = sources.gather(kind, first, last)
    earlier = previous(kind, first)
    if earlier is not None:
        old = read(earlier.snapshot)
        before = Before(earlier.id, number_of(earlier), _iso(earlier.day), earlier.last.isoformat())
        values = {one.name: one.value for one in old.figures}
        baseline = old.material
    else:
        baseline = _baseline(kind, first, last)
        before = Before("", "", "", first.isoformat())
        values = figures.values(definitions, baseline)
    return Content(
        content.FORM,
        kind,
        material,
        before,
        figures.make(definitions, material, values),
        tuple(sums.check(material, units=issuers.of(last).units, before=values if before.number else {})),
        content.changes(material, {unit.code: unit for unit in baseline.units}),
    )


def freeze(kind: str, first: date, last: date, by: audit.Actor) -> Snapshot:
    """Freezes the data of a period, in the caller's transaction.

    Raises:
        Blocked: sums do not add up; nothing is kept.
        LienThongError: ``report-period``, ``report-no-issuer``.
    """
    found = look(kind, first, last)
    if broken := sums.broken(found.checks):
        raise problems.Blocked(broken)
    body = found.body()
    made = Snapshot(
        id=ids.new_id(),
        kind=kind,
        first=first,
        last=last,
        made_at=clock.now(),
        made_by=by.name[:120],
        body=body,
        sha256=hashlib.sha256(body.encode()).hexdigest(),
    )
    made.save()
    return made


def read(snapshot: Snapshot) -> Content:
    """What was frozen.

    Raises:
        LienThongError: ``report-damaged``: it is not what was frozen.
    """
    if hashlib.sha256(snapshot.body.encode()).hexdigest() != snapshot.sha256:
        raise problems.damaged()
    try:
        return content.read(snapshot.body)
    except msgspec.ValidationError as error:
        raise problems.damaged() from error


def previous(kind: str, first: date) -> Report | None:
    """The numbered report that a new one is compared with: the latest that ended before, a corrected one corrected."""
    found = Report.objects.filter(kind=kind, state__in=NUMBERED, last__lt=first)
    standing = found.exclude(replaced_by__state__in=NUMBERED).select_related("snapshot")
    return standing.order_by("-last", "-made_at").first()


def number_of(report: Report) -> str:
    """``12/BC-SYT``; empty before the clerk gave a number."""
    return f"{report.number:02d}/BC-{report.code}" if report.number else ""


def _baseline(kind: str, first: date, last: date) -> Material:
    """Without a report before: the state as the period opened, and what was counted in the time before it."""
    end = first - timedelta(days=1)
    return sources.gather(kind, end - (last - first), end, on=first)


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""
