"""What people and systems are told when the index cannot do what they ask."""

from __future__ import annotations

from lienthong.foundation.errors import LienThongError, Problem

NOT_TOLD = "identity-not-told"


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


def not_in_use(number: int) -> CannotDecide:
    """A registration is deleted, or its hospital does not use it any more."""
    return CannotDecide(
        Problem(
            "identity-not-in-use",
            f"Bản ghi hành chính số {number} không còn được sử dụng.",
            f"Registration {number} is not in use any more.",
            "Bệnh viện đã xóa bản ghi này hoặc đánh dấu ngừng sử dụng; không cần đối chiếu nữa.",
            "Its hospital has deleted it or marked it as not to be used; it need not be compared.",
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
    """Weights were to be applied whose preview was made against others than are in use."""
    return CannotDecide(
        Problem(
            "identity-preview-old",
            "Bộ trọng số đang dùng đã thay đổi sau khi xem trước.",
            "Other weights are in use since the preview.",
            "Đề xuất lại để xem trước với bộ trọng số đang dùng, rồi áp dụng.",
            "Propose them again to see their effect against the weights in use, then apply them.",
            retry=True,
        )
    )


def no_parameters() -> Problem:
    """The body of an operation is no Parameters resource."""
    return Problem(
        "identity-no-parameters",
        "Nội dung gửi lên phải là tài nguyên Parameters.",
        "The body must be a Parameters resource.",
        where={"path": "Parameters"},
    )


def no_patient() -> Problem:
    """``$match`` was asked without a Patient."""
    return Problem(
        "identity-no-patient",
        "Thiếu tham số resource: người bệnh cần tìm, dưới dạng tài nguyên Patient.",
        "The parameter resource is missing: the Patient to look for.",
        where={"path": "Parameters.parameter"},
    )


def bad_parameter(name: str) -> Problem:
    """A parameter has a value that it cannot have."""
    return Problem(
        "identity-parameter",
        f"Tham số {name} có giá trị không hợp lệ.",
        f"The parameter {name} has a value that it cannot have.",
        where={"path": f"Parameters.parameter.where(name='{name}')"},
    )


def too_little() -> Problem:
    """A Patient says too little to look for anybody."""
    return Problem(
        "identity-too-little",
        "Thông tin người bệnh chưa đủ để tìm.",
        "The Patient says too little to look for anybody.",
        "Cần ít nhất một số giấy tờ, số điện thoại, hoặc họ tên cùng ngày sinh hay nơi ở.",
        "Give a number or a phone, or the name with the birth date or the place of residence.",
        severity="warning",
    )


def no_source() -> Problem:
    """``$ihe-pix`` needs one source identifier."""
    return Problem(
        "identity-no-source",
        "Cần đúng một tham số sourceIdentifier dạng system|giá trị.",
        "Exactly one sourceIdentifier of the form system|value is needed.",
        where={"path": "Parameters.parameter.where(name='sourceIdentifier')"},
    )


def source_domain() -> Problem:
    """The source's domain is not known (ITI-83, 2:3.83.4.2.2)."""
    return Problem(
        "identity-source-domain",
        "Không biết hệ thống cấp số nêu trong sourceIdentifier.",
        "sourceIdentifier Assigning Authority not found",
    )


def target_domain() -> Problem:
    """A target domain is not known (ITI-83, 2:3.83.4.2.2)."""
    return Problem(
        "identity-target-domain",
        "Không biết hệ thống cấp số nêu trong targetSystem.",
        "targetSystem not found",
    )


def no_such_number() -> Problem:
    """Nobody has the source identifier (ITI-83, 2:3.83.4.2.2)."""
    return Problem(
        "identity-no-number",
        "Không có người bệnh nào mang số nêu trong sourceIdentifier.",
        "sourceIdentifier Patient Identifier not found",
    )


def several_people() -> Problem:
    """More than one person has the source identifier."""
    return Problem(
        "identity-several",
        "Có nhiều người mang cùng số này.",
        "Several people have this number.",
        "Tìm bằng $match với họ tên và ngày sinh; báo bộ phận hành chính kiểm tra số bị dùng chung.",
        "Use $match with name and birth date; let a clerk look at the number that they share.",
    )


def not_your_patient() -> Problem:
    """A unit's node wanted to write a Patient of another unit at the hub."""
    return Problem(
        "identity-not-yours",
        "Đơn vị chỉ được gửi thông tin hành chính của người bệnh do chính mình đăng ký.",
        "A unit may only send the registrations of its own patients.",
        "Gửi từng Patient bằng PUT, theo mã người bệnh của đơn vị, với meta.source của đơn vị.",
        "Send each Patient by PUT, by the unit's own patient number, with the unit's meta.source.",
    )


def not_told(count: int) -> Problem:
    """The hub did not take some registrations of this site."""
    return Problem(
        NOT_TOLD,
        f"Sở Y tế không nhận {count} bản ghi hành chính của đơn vị.",
        f"The hub did not take {count} registrations of this unit.",
        "Mở trang “Gửi thông tin hành chính” xem lý do từng bản ghi.\n"
        "Sửa dữ liệu tại phần mềm bệnh viện; bản ghi đã sửa sẽ tự gửi lại.",
        "Open the page “Telling the hub who is registered” for the reason of each.\n"
        "Mend the data in the hospital's software; what is mended is sent again by itself.",
        where={"count": count},
    )
