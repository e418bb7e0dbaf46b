"""Why people are told something about a transfer: the one table.

A sentence names the other hospital and nothing else, so that it may stand on a page, in a mail and in a hook.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from django.db import models
from django.utils.translation import gettext_lazy as _

from lienthong.access.models import Role
from lienthong.facilities import directory

Language = Literal["vi", "en"]


class Group(models.TextChoices):
    """Reasons that a person chooses together for his mail, and a unit for a hook."""

    EMERGENCY = "emergency", _("Emergencies on their way to us")
    NEW = "new", _("Other transfers to us")
    STEPS = "steps", _("Steps and messages of the other hospital")
    OUTCOME = "outcome", _("Outcomes and return letters")
    OVERDUE = "overdue", _("Overdue steps")
    SLIPS = "slips", _("Slips about to expire")


class Sound(StrEnum):
    """When a notice sounds in open pages."""

    ALWAYS = "always"
    EMERGENCY = "emergency"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Reason:
    """A row of the table.

    Attributes:
        vi, en: the sentence; ``{other}`` is the other hospital.
        roles: who is told when the caller names no roles.
        asks: whether it waits for a step of this hospital; then that step closes it for everybody, and so does a
            step of the other hospital that moves the transfer on.
        starter: whether the person who began the transfer here is told too, whatever his roles.
    """

    vi: str
    en: str
    group: Group
    sound: Sound
    roles: tuple[Role, ...]
    asks: bool = False
    starter: bool = False


_WARD = (Role.DOCTOR, Role.NURSE)
_DOCTOR = (Role.DOCTOR,)
_LOUD, _URGENT, _QUIET = Sound.ALWAYS, Sound.EMERGENCY, Sound.NEVER
_NEW, _STEPS, _OUTCOME, _OVERDUE = Group.NEW, Group.STEPS, Group.OUTCOME, Group.OVERDUE

REASONS: dict[str, Reason] = {
    "new-emergency": Reason(
        "{other} đang chuyển một người bệnh cấp cứu đến.",
        "{other} is sending us an emergency.",
        Group.EMERGENCY,
        _LOUD,
        _WARD,
        asks=True,
    ),
    "new-transfer": Reason(
        "{other} chuyển một người bệnh đến, chờ trả lời.",
        "{other} is sending us a patient and waits for an answer.",
        _NEW,
        _QUIET,
        _WARD,
        asks=True,
    ),
    "letter-joined": Reason(
        "Hồ sơ điện tử của {other} đã đến và được ghép với phiếu chuyển đã quét.",
        "The electronic record from {other} has come and joined the letter that was scanned.",
        _NEW,
        _QUIET,
        _WARD,
    ),
    "step-accepted": Reason(
        "{other} đồng ý tiếp nhận người bệnh.",
        "{other} accepts the patient.",
        _STEPS,
        _URGENT,
        _WARD,
        starter=True,
    ),
    "step-declined": Reason(
        "{other} không tiếp nhận được; cần xem lý do và chọn nơi khác.",
        "{other} declines; see why and choose another hospital.",
        _STEPS,
        _URGENT,
        _WARD,
        asks=True,
        starter=True,
    ),
    "step-asked": Reason(
        "{other} hỏi thêm thông tin và chờ trả lời.",
        "{other} asks for more information and waits for an answer.",
        _STEPS,
        _URGENT,
        _WARD,
        asks=True,
        starter=True,
    ),
    "step-told": Reason(
        "{other} đã trả lời câu hỏi của đơn vị.",
        "{other} has answered the question.",
        _STEPS,
        _URGENT,
        _WARD,
        asks=True,
    ),
    "step-bed": Reason(
        "{other} đã có giường cho người bệnh.",
        "{other} has a bed for the patient.",
        _STEPS,
        _URGENT,
        _WARD,
        starter=True,
    ),
    "step-appointment": Reason(
        "{other} đã hẹn thời gian tiếp nhận.",
        "{other} has given an appointment.",
        _STEPS,
        _QUIET,
        _WARD,
        starter=True,
    ),
    "step-stabilised": Reason(
        "{other} báo người bệnh đã ổn định, có thể lên đường.",
        "{other} says that the patient is stable and can travel.",
        _STEPS,
        _QUIET,
        _WARD,
    ),
    "step-departed": Reason(
        "Người bệnh đã rời {other}.",
        "The patient has left {other}.",
        _STEPS,
        _URGENT,
        _WARD,
        asks=True,
    ),
    "step-arrived": Reason(
        "Người bệnh đã đến {other}.",
        "The patient has arrived at {other}.",
        _STEPS,
        _QUIET,
        _WARD,
        starter=True,
    ),
    "step-no-show": Reason(
        "{other} báo người bệnh không đến.",
        "{other} says that the patient did not come.",
        _STEPS,
        _URGENT,
        _WARD,
        asks=True,
        starter=True,
    ),
    "step-admitted": Reason(
        "{other} đã cho người bệnh vào viện điều trị.",
        "{other} has admitted the patient.",
        _STEPS,
        _QUIET,
        _WARD,
        starter=True,
    ),
    "step-interim": Reason(
        "{other} gửi báo cáo trong đợt điều trị.",
        "{other} has sent an interim report.",
        _OUTCOME,
        _QUIET,
        _DOCTOR,
        starter=True,
    ),
    "step-outcome": Reason(
        "{other} đã gửi kết quả điều trị.",
        "{other} has sent the outcome.",
        _OUTCOME,
        _QUIET,
        _DOCTOR,
        asks=True,
        starter=True,
    ),
    "step-closed": Reason(
        "{other} đã đọc kết quả điều trị; lượt chuyển kết thúc.",
        "{other} has taken note of the outcome; the transfer is closed.",
        _OUTCOME,
        _QUIET,
        _DOCTOR,
    ),
    "step-cancelled": Reason(
        "{other} đã hủy lượt chuyển.",
        "{other} has cancelled the transfer.",
        _STEPS,
        _URGENT,
        _WARD,
    ),
    "step-note": Reason(
        "{other} có lời nhắn về lượt chuyển.",
        "{other} has written about the transfer.",
        _STEPS,
        _URGENT,
        _WARD,
        starter=True,
    ),
    "overdue-owner": Reason(
        "Quá hạn: lượt chuyển với {other} đang chờ đơn vị xử lý bước tiếp theo.",
        "Overdue: the transfer with {other} waits for our next step.",
        _OVERDUE,
        _URGENT,
        _WARD,
        asks=True,
    ),
    "overdue-head": Reason(
        "Quá hạn, đã nhắc mà chưa xử lý: lượt chuyển với {other}.",
        "Overdue and still not dealt with after a reminder: the transfer with {other}.",
        _OVERDUE,
        _URGENT,
        (Role.HEAD,),
        asks=True,
    ),
    "outcome-ready": Reason(
        "Thư phản hồi gửi {other} đã soạn sẵn, chờ bác sĩ ký.",
        "The return letter to {other} is ready to sign.",
        _OUTCOME,
        _QUIET,
        _DOCTOR,
        asks=True,
    ),
    "slip-expires": Reason(
        "Phiếu chuyển cơ sở (lượt chuyển với {other}) sắp hết hạn.",
        "The slip of a transfer with {other} is about to expire.",
        Group.SLIPS,
        _QUIET,
        _WARD,
    ),
    "changed-meanwhile": Reason(
        "{other} đã thực hiện bước khác cùng lúc, nên một bước của đơn vị không còn hiệu lực; cần xem lại.",
        "{other} took another step at the same time, so a step of ours has no effect; look at it again.",
        _STEPS,
        _QUIET,
        _WARD,
    ),
}

SILENT = frozenset({"step-drafted", "step-sent", "step-received", "step-seen"})
"""Steps that nobody is told about."""

URGENCY: dict[str, dict[Language, str]] = {
    "emergency": {"vi": "Cấp cứu", "en": "Emergency"},
    "urgent": {"vi": "Khẩn", "en": "Urgent"},
    "planned": {"vi": "Có kế hoạch", "en": "Planned"},
}
"""Words for the urgency of a transfer."""


STAYS = frozenset({"step-stabilised", "step-interim", "step-note"})
"""Steps of the other hospital that leave the turn where it is: what asked for a step of ours goes on asking."""


def moves_on(reason: str) -> bool:
    """Whether a notice tells of a step of the other hospital that moved the transfer on."""
    return reason.startswith("step-") and reason not in STAYS


def sentence(reason: str, other: str, language: Language) -> str:
    """What a notice says, without anything of the patient; ``other``: the other facility's code."""
    row = REASONS[reason]
    return (row.vi if language == "vi" else row.en).format(other=directory.name(other, language=language))
