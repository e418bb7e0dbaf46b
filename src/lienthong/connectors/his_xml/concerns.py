"""What a person must see to about the exports of the HIS."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet

from lienthong.connectors.his_xml.models import DossierVersion, Export, Finding
from lienthong.facilities import directory
from lienthong.foundation import clock
from lienthong.foundation.errors import Problem

SILENT = timedelta(hours=24)
REFUSED_FOR = timedelta(days=30)


def look() -> dict[str, dict[str, Problem]]:
    """Code to what it is about to the problem, as :class:`lienthong.exchange.watch.Watch` takes it."""
    newest = Export.objects.order_by("-taken_at").first()
    refused = refused_count()
    silent = newest is None or clock.now() - newest.taken_at > SILENT
    return {
        "his-xml-silent": {"": _silent(newest.taken_at if newest else None)} if silent else {},
        "his-xml-refused": {"": _refused(refused)} if refused else {},
    }


def waiting_refused() -> QuerySet[Finding]:
    """Errors of the last 30 days whose dossier has not come again, well, since."""
    mended = DossierVersion.objects.filter(
        facility=directory.here(), ma_lk=OuterRef("ma_lk"), at__gt=OuterRef("export__taken_at")
    )
    recent = Finding.objects.filter(severity="error", export__taken_at__gt=clock.now() - REFUSED_FOR)
    return recent.filter(Q(ma_lk="") | ~Exists(mended))


def refused_count() -> int:
    """How many dossiers or files these are."""
    return waiting_refused().values("export", "position").distinct().count()


def _silent(since: datetime | None) -> Problem:
    folder = settings.NODE.exports
    vi, en = "HIS chưa xuất dữ liệu lần nào.", "The HIS has not exported anything yet."
    if since is not None:
        at = since.astimezone(clock.VIETNAM).strftime("%H:%M %d/%m/%Y")
        vi, en = f"HIS không xuất dữ liệu từ {at}.", f"The HIS has exported nothing since {at}."
    return Problem(
        "his-xml-silent",
        vi,
        en,
        f"Kiểm tra tác vụ xuất dữ liệu của HIS có đang chạy không.\nĐặt thư mục xuất của HIS là {folder}.",
        f"See whether the export job of the HIS runs.\nSet its export folder to {folder}.",
    )


def _refused(count: int) -> Problem:
    return Problem(
        "his-xml-refused",
        f"{count} hồ sơ hoặc tệp bị từ chối và chưa được xuất lại.",
        f"Refused and not come again yet: {count} dossiers or files.",
        "Mở danh sách, sửa trên HIS theo lý do nêu ở từng dòng.\nXuất lại; cảnh báo tự hết khi hồ sơ đã đúng.",
        "Open the list and mend in the HIS what each line says.\n"
        "Export again; this closes by itself when the dossiers are right.",
        severity="warning",
        where={"count": count},
    )
