"""Making a report and working on its draft: freezing, texts, who signs. The approval is in :mod:`.steps`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

from django.db import transaction

from lienthong.access import audit
from lienthong.access.models import Role, RoleGrant
from lienthong.facilities import directory
from lienthong.foundation import clock, ids
from lienthong.rollout.report import guard, issuers, problems, snapshot, whole
from lienthong.rollout.report.kinds import KINDS
from lienthong.rollout.report.models import Report, ReportText, State

LONGEST_TEXT = 12_000
LONGEST_NAME = 120
SIGNERS = ("director", "deputy")


def usual(kind: str) -> tuple[date, date]:
    """The period that comes next: after the last report of the kind, or the one that ended last.

    Fortnights follow each other; yearly and half-yearly ones follow the calendar.
    """
    today, months = clock.today(), KINDS[kind].months
    newest = Report.objects.filter(kind=kind).order_by("-last").first()
    if not months:
        begun = date.fromisoformat(issuers.of(today).reports_since)
        first = newest.last + timedelta(days=1) if newest else begun
        return first, first + timedelta(days=13)
    year = today.year
    if months == 12:
        return date(year, 1, 1), min(date(year, 12, 31), today)
    halves = ((date(year, 7, 1), date(year, 12, 31)), (date(year, 1, 1), date(year, 6, 30)))
    over = [half for half in halves if half[1] <= today]
    return over[0] if over else (date(year - 1, 7, 1), date(year - 1, 12, 31))


def start(
    kind: str, first: date, last: date, by: audit.Actor, *, replaces: Report | None = None, page: str = ""
) -> Report:
    """Freezes the data of a period and begins its report.

    Args:
        replaces: the numbered report that this one corrects; its period is taken.

    Raises:
        Blocked: sums do not add up.
        LienThongError: ``report-period``, ``report-no-issuer``, ``report-step`` when the period has a report already.
    """
    with transaction.atomic():
        _free(kind, first, last, replaces)
        frozen = snapshot.freeze(kind, first, last, by)
        now = clock.now()
        made = Report.objects.create(
            id=ids.new_id(),
            kind=kind,
            first=first,
            last=last,
            snapshot=frozen,
            replaces=replaces,
            made_at=now,
            made_by=by.id[:60],
            made_by_name=by.name[:120],
            planned=last + timedelta(days=1),
            signer_name=_director(),
        )
        audit.record(
            by,
            "report-drafted",
            page=page,
            detail={
                "report": made.id,
                "kind": kind,
                "from": first.isoformat(),
                "to": last.isoformat(),
                "sha256": frozen.sha256,
                "replaces": replaces.id if replaces else "",
            },
        )
    return made


def find(kind: str, first: date, last: date) -> Report | None:
    """The newest report of a kind and period."""
    return Report.objects.filter(kind=kind, first=first, last=last).order_by("-made_at").first()


def freeze_again(report_id: str, by: audit.Actor, *, page: str = "") -> Report:
    """Freezes the data of a draft anew; the earlier snapshot stays.

    Raises:
        Blocked: sums do not add up. LienThongError: ``report-step`` when it is no draft.
    """
    with _open(report_id) as report:
        report.snapshot = snapshot.freeze(report.kind, report.first, report.last, by)
        report.save(update_fields=["snapshot"])
        detail = {"report": report.id, "sha256": report.snapshot.sha256}
        audit.record(by, "report-frozen", page=page, detail=detail)
    return report


def write(report_id: str, part: str, text: str, by: audit.Actor, *, seen: str, page: str = "") -> bool:
    """Puts the officer's words for a part; an empty text goes back to the generated one. False when nothing differs.

    Args:
        seen: :attr:`~.whole.Whole.seen` of the report he had before him.

    Raises:
        LienThongError: ``report-step``, ``report-changed``, ``report-personal-data``, ``report-text-long``.
    """
    text = "\n".join(line.rstrip() for line in text.replace("\r\n", "\n").strip().split("\n"))
    if len(text) > LONGEST_TEXT:
        raise problems.too_long(LONGEST_TEXT)
    if found := guard.identifying(text):
        raise problems.personal(found.vi, found.en)
    with _open(report_id) as report:
        there = whole.of(report)
        if there.seen != seen:
            raise problems.changed()
        passage = next((one for one in there.passages if one.key == part), None)
        if passage is None:
            raise problems.not_now("Báo cáo không có phần này.", "The report has no such part.")
        if text == passage.text and not passage.stale:
            return False
        kept = "" if text == passage.generated else text
        ReportText(
            report=report,
            part=part,
            text=kept,
            generated=passage.generated,
            at=clock.now(),
            by=by.id[:60],
            by_name=by.name[:120],
        ).save()
        audit.record(by, "report-text", page=page, detail={"report": report.id, "part": part})
    return True


def set_signer(
    report_id: str, signer: str, name: str, planned: date, by: audit.Actor, *, page: str = ""
) -> Report:
    """Says who signs, as what, and about when; the day decides the names of the letterhead.

    Raises:
        LienThongError: ``report-step``, ``report-no-issuer``.
    """
    name = " ".join(name.split())
    if signer not in SIGNERS or len(name) > LONGEST_NAME:
        raise problems.not_now("Người ký không hợp lệ.", "The signer cannot be taken.")
    issuers.of(planned)
    with _open(report_id) as report:
        if planned < report.last:
            raise problems.not_now(
                "Ngày ký dự kiến phải sau ngày chốt số liệu.", "The day of signing is after the closing."
            )
        report.signer, report.signer_name, report.planned = signer, name, planned
        report.save(update_fields=["signer", "signer_name", "planned"])
        detail = {"report": report.id, "signer": signer, "planned": planned.isoformat()}
        audit.record(by, "report-signer", page=page, detail=detail)
    return report


@contextmanager
def _open(report_id: str) -> Iterator[Report]:
    with transaction.atomic():
        report = Report.objects.select_for_update(of=("self",)).select_related("snapshot").get(pk=report_id)
        if report.state != State.DRAFT:
            raise problems.not_now(
                "Báo cáo đã trình, không sửa được nữa.",
                "The report was handed on and cannot be edited.",
                "Trả lại để sửa; báo cáo đã có số thì lập báo cáo thay thế.",
                "Send it back to the draft; of a numbered one, make a corrected report.",
            )
        yield report


def _director() -> str:
    """The director's name where just one account has that role."""
    held = RoleGrant.objects.filter(role=Role.DIRECTOR, ended_at=None, facility=directory.here())
    found = held.filter(account__is_active=True).values_list("account__full_name", flat=True).distinct()[:2]
    return found[0] if len(found) == 1 else ""


def _free(kind: str, first: date, last: date, replaces: Report | None) -> None:
    if replaces is not None:
        good = replaces.state in snapshot.NUMBERED and (replaces.kind, replaces.first, replaces.last) == (
            kind,
            first,
            last,
        )
        if not good or replaces.replaced_by.exists():
            raise problems.not_now(
                "Chỉ thay thế được báo cáo đã có số, chưa bị thay thế, của đúng kỳ này.",
                "Only a numbered report of this period that was not replaced yet can be replaced.",
            )
        return
    same = Report.objects.filter(kind=kind, first__lte=last, last__gte=first).first()
    if same is not None:
        raise problems.not_now(
            f"Kỳ này đã có báo cáo: {whole.name(same)}.",
            f"The period has a report already: {whole.name(same)}.",
            "Mở báo cáo đó; nếu đã có số và cần sửa, chọn “Lập báo cáo thay thế”.",
            "Open that report; if it is numbered and wrong, choose “Make a corrected report”.",
        )
