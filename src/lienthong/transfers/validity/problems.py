"""What stands against using a slip, in words for a receptionist."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lienthong.foundation import clock
from lienthong.foundation.errors import Problem
from lienthong.transfers.models import SlipUse

if TYPE_CHECKING:
    from lienthong.transfers.validity.appointments import Appointment
    from lienthong.transfers.validity.reception import Slip


def _at(use: SlipUse) -> str:
    return use.at.astimezone(clock.VIETNAM).strftime("%H:%M %d/%m/%Y")


def unknown_slip() -> Problem:
    """No such slip was sent to this hospital."""
    return Problem(
        "slip-unknown",
        "Không có phiếu chuyển này gửi đến đơn vị.",
        "No such slip was sent to this hospital.",
        "Xem phiếu giấy của người bệnh; nếu có mã QR, quét ở trang “Quét phiếu”.",
        "Look at the patient's paper; if it has QR codes, open “Scan a letter”.",
    )


def expired(slip: Slip) -> Problem:
    """The slip's time is over."""
    last = slip.validity.last() if slip.validity else None
    day = f" ngày {last:%d/%m/%Y}" if last else ""
    on = f" on {last:%d/%m/%Y}" if last else ""
    return Problem(
        "slip-expired",
        f"Phiếu chuyển đã hết hạn{day}.",
        f"The slip ended{on}.",
        "Người bệnh xin phiếu mới ở nơi chuyển, hoặc dùng phiếu hẹn khám lại nếu còn. "
        "Cấp cứu không cần phiếu (mã đối tượng 2).",
        "The patient asks the sending hospital for a new slip, or uses an appointment slip if there is one. "
        "An emergency needs none (category 2).",
    )


def not_needed() -> Problem:
    """The transfer is an emergency."""
    return Problem(
        "slip-not-needed",
        "Đây là ca cấp cứu, không cần phiếu chuyển.",
        "This is an emergency: no slip is needed.",
        "Ghi mã đối tượng 2 (cấp cứu) trên HIS.",
        "Enter category 2 (emergency) in the HIS.",
    )


def used_before(slip: Slip) -> Problem:
    """A slip of ten working days that has begun a visit already."""
    last = slip.uses[-1] if slip.uses else None
    who_vi = f" lúc {_at(last)}, người ghi nhận: {last.person}" if last else " theo dữ liệu của HIS"
    who_en = f" at {_at(last)}, noted by {last.person}" if last else " as the HIS tells"
    return Problem(
        "slip-used",
        f"Phiếu 10 ngày này đã dùng cho một lượt khám{who_vi}.",
        f"This slip of ten working days was used for a visit{who_en}.",
        "Lần khám sau dùng phiếu hẹn khám lại. Nếu vẫn cần dùng phiếu này, ghi lý do.",
        "For later visits there is the appointment slip. If this slip is needed all the same, say why.",
    )


def unknown_appointment() -> Problem:
    """No such appointment slip of this facility."""
    return Problem(
        "appointment-unknown",
        "Đơn vị không có phiếu hẹn khám lại này.",
        "This hospital has no such appointment slip.",
        "Xem phiếu giấy: phiếu hẹn chỉ dùng được ở nơi đã cấp.",
        "Look at the paper: an appointment slip counts only where it was given.",
    )


def used_appointment(use: SlipUse) -> Problem:
    """An appointment slip is used once."""
    return Problem(
        "appointment-used",
        f"Phiếu hẹn khám lại này đã dùng lúc {_at(use)}, người ghi nhận: {use.person}.",
        f"This appointment slip was used at {_at(use)}, noted by {use.person}.",
        "Mỗi phiếu hẹn chỉ dùng một lần. Dùng phiếu chuyển còn hạn, hoặc hỏi bác sĩ đã hẹn.",
        "An appointment slip is used once. Use a slip that is valid, or ask the doctor who gave it.",
        where={"at": clock.iso(use.at), "person": use.person},
    )


def seen_by_his(appointment: Appointment) -> Problem:
    """The HIS has a visit with the number of this appointment slip."""
    at = clock.from_iso(appointment.his_visit).astimezone(clock.VIETNAM).strftime("%H:%M %d/%m/%Y")
    return Problem(
        "appointment-used",
        f"HIS đã có lượt khám với phiếu hẹn này, bắt đầu lúc {at}.",
        f"The HIS has a visit with this appointment slip, begun at {at}.",
        "Mỗi phiếu hẹn chỉ dùng một lần. Dùng phiếu chuyển còn hạn, hoặc hỏi bác sĩ đã hẹn.",
        "An appointment slip is used once. Use a slip that is valid, or ask the doctor who gave it.",
        where={"at": appointment.his_visit},
    )


def stale_page() -> Problem:
    """The page's form came without its token."""
    return Problem(
        "slip-page-stale",
        "Trang đã cũ, chưa ghi nhận.",
        "The page was too old; nothing was noted.",
        "Nhập lại số và bấm lại.",
        "Enter the number again and press once more.",
        severity="warning",
    )


def not_for_return() -> Problem:
    """No code of the transfer stands in annex IV."""
    return Problem(
        "back-not-in-annex-iv",
        "Chẩn đoán không thuộc Phụ lục IV của Thông tư 01/2025/TT-BYT nên chưa thể chuyển về cơ sở ban đầu.",
        "The diagnosis does not stand in annex IV of Circular 01/2025/TT-BYT.",
        "Kiểm tra mã bệnh, hoặc lập phiếu chuyển thông thường.",
        "Check the code, or begin a usual transfer.",
    )


def no_outcome() -> Problem:
    """A return needs the outcome."""
    return Problem(
        "back-without-outcome",
        "Chưa có kết quả điều trị nên chưa lập được phiếu chuyển về.",
        "There is no outcome yet, so the patient cannot be sent back.",
        "Gửi phản hồi kết quả điều trị trước.",
        "Send the outcome first.",
    )
