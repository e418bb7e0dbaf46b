"""From where to where, when, and by which number: the checks of XML13, translated to the moment before sending."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from lienthong.transfers.validity import slips
from lienthong.transfers.validity.checks.finding import DIRECTORY, TEN_DAYS, XML13, Finding
from lienthong.transfers.validity.checks.reading import Facts, Form

LATE = timedelta(hours=24)
_TRANSFERRED = {"2": ("1", "2"), "5": ("3",)}
"""MA_LOAI_RV of a transfer and the reasons (MA_LYDO_CT) that go with it."""


def look(form: Form, facts: Facts) -> Iterator[Finding]:
    """Receiver, kind of discharge, times, slip number."""
    yield from _receiver(facts)
    yield from _discharge(form, facts)
    yield from _times(form, facts)
    if facts.slip_of_another:
        yield Finding(
            "slip-number-taken",
            "error",
            "slip",
            "Số phiếu chuyển này trong năm nay đã cấp cho người bệnh khác. Lấy số khác.",
            "This slip number belongs to another patient this year. Take another number.",
            XML13,
        )


def _receiver(facts: Facts) -> Iterator[Finding]:
    if not facts.receiver:
        yield Finding(
            "receiver-missing",
            "error",
            "receiver",
            "Chưa chọn cơ sở nhận. Chọn trong danh bạ.",
            "No receiving hospital is chosen. Choose one from the directory.",
            XML13,
        )
    elif facts.receiver == facts.sender:
        yield Finding(
            "receiver-same",
            "error",
            "receiver",
            "Cơ sở nhận trùng với cơ sở chuyển. Chọn cơ sở khác.",
            "The receiving hospital is this hospital. Choose another.",
            XML13,
        )
    elif not facts.receiver_known:
        yield Finding(
            "receiver-unknown",
            "error",
            "receiver",
            "Cơ sở nhận không có trong danh bạ. Kiểm tra mã cơ sở hoặc hỏi Sở Y tế.",
            "The receiving hospital is not in the directory. Check its code or ask the Department of Health.",
            DIRECTORY,
        )
    elif not facts.receiver_connected:
        yield Finding(
            "receiver-not-connected",
            "warning",
            "receiver",
            "Cơ sở nhận chưa kết nối: hồ sơ không đi theo đường truyền. "
            "In phiếu chuyển có mã QR cho người bệnh mang theo.",
            "The receiving hospital is not connected: nothing will travel by line. "
            "Print the letter with its QR codes for the patient.",
            DIRECTORY,
        )


def _discharge(form: Form, facts: Facts) -> Iterator[Finding]:
    reason, leaving = form.text("reason"), facts.discharge
    if not leaving:
        return
    if leaving not in _TRANSFERRED:
        yield Finding(
            "discharge-not-a-transfer",
            "warning",
            "reason",
            f"HIS đã kết thúc lượt khám với loại ra viện {leaving}, không phải chuyển cơ sở (2 hoặc 5): "
            "cổng giám định sẽ không nhận phiếu chuyển. Sửa loại ra viện trên HIS.",
            f"The HIS closed the visit with manner of leaving {leaving}, which is no transfer (2 or 5): "
            "the portal will not take the slip. Correct it in the HIS.",
            XML13,
        )
    elif reason and reason not in _TRANSFERRED[leaving]:
        yield Finding(
            "reason-unlike-discharge",
            "warning",
            "reason",
            f"Lý do chuyển {reason} không khớp với loại ra viện {leaving} trên HIS "
            "(2 đi với lý do 1 hoặc 2; 5 đi với lý do 3). Sửa một trong hai.",
            f"Reason {reason} does not go with manner of leaving {leaving} in the HIS "
            "(2 goes with reasons 1 and 2; 5 with reason 3). Correct one of them.",
            XML13,
        )


def _times(form: Form, facts: Facts) -> Iterator[Finding]:
    leaves, arrives = form.moment("departs_at"), form.moment("arrives_at")
    if form.text("departs_at") and leaves is None:
        yield Finding(
            "departure-unreadable",
            "error",
            "departs_at",
            "Không đọc được thời gian chuyển. Nhập lại ngày và giờ.",
            "The time of transfer cannot be read. Enter day and hour again.",
            XML13,
        )
    if leaves is None:
        return
    if facts.came_at and leaves < facts.came_at:
        yield Finding(
            "departure-before-arrival",
            "error",
            "departs_at",
            "Thời gian chuyển sớm hơn lúc người bệnh vào viện. Sửa thời gian chuyển.",
            "The time of transfer lies before the patient came. Correct it.",
            XML13,
        )
    elif facts.now - leaves > LATE:
        yield Finding(
            "departure-past",
            "warning",
            "departs_at",
            "Thời gian chuyển đã qua hơn một ngày. Kiểm tra lại ngày giờ.",
            "The time of transfer is more than a day ago. Check day and hour.",
            XML13,
        )
    if arrives and arrives < leaves:
        yield Finding(
            "arrival-before-departure",
            "error",
            "arrives_at",
            "Giờ đến dự kiến sớm hơn giờ đi. Sửa một trong hai.",
            "The expected arrival lies before the departure. Correct one of them.",
            XML13,
        )
    if form.value("one_year") is not True and not form.emergency:
        until = slips.valid_until(facts.now, one_year=False, calendar=facts.calendar).perhaps
        if slips.day_of(leaves) > until:
            yield Finding(
                "departure-after-validity",
                "error",
                "departs_at",
                f"Phiếu ký hôm nay hết hạn ngày {until:%d/%m/%Y}, trước khi người bệnh đi. "
                "Ký phiếu gần ngày đi hơn.",
                f"A slip signed today ends on {until:%d/%m/%Y}, before the patient leaves. "
                "Sign it closer to that day.",
                TEN_DAYS,
            )
