"""Checks of a transfer: XML13 beside XML1 (annex of Decision 3176/2024; Circular 01/2025/TT-BYT)."""

from __future__ import annotations

from datetime import date, timedelta

from lienthong.connectors.his_xml import sentences as say
from lienthong.connectors.his_xml.dossier import Dossier, Row
from lienthong.connectors.his_xml.findings import Findings
from lienthong.connectors.his_xml.shapes import DAY, parts
from lienthong.terminology import facility_name

_SLIP_WORKING_DAYS = 10


def check_transfer(dossier: Dossier, found: Findings) -> None:
    """Slip and manner of leaving agree; destination; reason; card valid on the day and while the slip is."""
    visit, slip = dossier.row("XML1"), dossier.row("XML13")
    if not visit:
        return
    leaving = visit.get("MA_LOAI_RV")
    if leaving in ("2", "5") and not slip and dossier.edition != "130":
        found.add("slip-missing", say.SLIP_MISSING, "XML1", 1, "MA_LOAI_RV", leaving)
    if slip:
        if leaving not in ("2", "5"):
            found.add("slip-unexpected", say.SLIP_UNEXPECTED, "XML13", 1, "MA_LOAI_RV", leaving)
        _slip(dossier, visit, slip, found)
    _card(visit, slip is not None, found)


def _slip(dossier: Dossier, visit: Row, slip: Row, found: Findings) -> None:
    name = "MA_NOI_DEN" if dossier.edition == "4750" else "MA_CSKCB_DEN"
    destination = slip.get("MA_CSKCB_DEN") or slip.get("MA_NOI_DEN") or visit.get("MA_NOI_DEN")
    if not destination:
        found.add("no-destination", say.NO_DESTINATION, "XML13", 1, name)
    elif destination == dossier.facility:
        found.add("same-destination", say.SAME_DESTINATION, "XML13", 1, name, destination)
    elif not facility_name(destination):
        found.add("unknown-facility", say.UNKNOWN_FACILITY, "XML13", 1, name, destination)
    reason, leaving = slip.get("MA_LYDO_CT"), slip.get("MA_LOAI_RV") or visit.get("MA_LOAI_RV")
    if (reason == "3" and leaving == "2") or (reason in ("1", "2") and leaving == "5"):
        found.add("transfer-reason", say.REASON, "XML13", 1, "MA_LYDO_CT", reason, other=leaving)
    left = [moment for moment in parts(slip.get("NGAY_RA")) if DAY.match(moment)]
    leaves = visit.get("NGAY_RA")
    if left and DAY.match(leaves) and left[-1][:8] != leaves[:8]:
        found.add("differs-from-xml1", say.UNLIKE_XML1, "XML13", 1, "NGAY_RA", left[-1], expected=leaves)


def _card(visit: Row, transferred: bool, found: Findings) -> None:
    ends, leaves = parts(visit.get("GT_THE_DEN")), visit.get("NGAY_RA")[:8]
    if not ends or not all(DAY.fullmatch(day) for day in (*ends, leaves)):
        return
    end = max(ends)
    day = f"{end[6:]}/{end[4:6]}/{end[:4]}"
    if end < leaves:
        found.add("card-ended", say.CARD_ENDED, "XML1", 1, "GT_THE_DEN", end, day=day)
    elif transferred and end < _working_days_after(leaves, _SLIP_WORKING_DAYS):
        found.add("card-ends", say.CARD_ENDS, "XML1", 1, "GT_THE_DEN", end, day=day)


def _working_days_after(day: str, count: int) -> str:
    """Monday to Friday; public holidays are not counted out, so the warning is rather missed than wrong."""
    moment = date(int(day[:4]), int(day[4:6]), int(day[6:]))
    while count:
        moment += timedelta(days=1)
        count -= moment.weekday() < 5
    return moment.strftime("%Y%m%d")
