"""What people and systems are told when the index cannot do what they ask."""

from __future__ import annotations

from lienthong.foundation.errors import LienThongError, Problem


class CannotDecide(LienThongError):
    """A decision on identities that makes no sense; nothing was stored."""


def unknown(number: int) -> CannotDecide:
    """No registration has that number."""
    return CannotDecide(
        Problem(
            "identity-unknown",
            f"Không có bản ghi hành chính số {number}.",
            f"There is no registration {number}.",
            where={"registration": number},
        )
    )


def same_registration() -> CannotDecide:
    """A registration was to be compared with itself."""
    return CannotDecide(
        Problem(
            "identity-same-registration",
            "Hai bản ghi phải khác nhau.",
            "Two different registrations are needed.",
        )
    )


def no_reason() -> CannotDecide:
    """A decision came without a reason."""
    return CannotDecide(
        Problem(
            "identity-no-reason",
            "Chưa ghi lý do.",
            "The reason is missing.",
            "Ghi ngắn gọn vì sao, ví dụ “đã đối chiếu căn cước công dân”.",
            "Say shortly why, e.g. “identity card seen”.",
        )
    )


def alone(number: int) -> CannotDecide:
    """A registration was to leave a person that has no other."""
    return CannotDecide(
        Problem(
            "identity-alone",
            f"Bản ghi số {number} không được nối với bản ghi nào.",
            f"Registration {number} is linked with no other.",
            where={"registration": number},
        )
    )


def cannot_undo(event: int) -> CannotDecide:
    """An event is not there, is already undone, or says nothing of a pair."""
    return CannotDecide(
        Problem(
            "identity-cannot-undo",
            f"Không hoàn tác được sự kiện số {event}.",
            f"Event {event} cannot be undone.",
            "Sự kiện không có, đã hoàn tác, hoặc là lần đổi quy tắc; muốn đổi lại quy tắc, hãy áp dụng bản cũ.",
            "It does not exist, is undone already, or is a change of rules; for that apply the old version.",
            where={"event": event},
        )
    )


def preview_is_old() -> CannotDecide:
    """Weights were to be applied whose preview is not of this moment."""
    return CannotDecide(
        Problem(
            "identity-preview-old",
            "Dữ liệu đã thay đổi sau khi xem trước.",
            "Registrations or decisions have changed since the preview.",
            "Xem trước lại rồi áp dụng.",
            "Look at the preview again, then apply it.",
            retry=True,
        )
    )
