"""What can be wrong with a call of the door, in words for a person."""

from __future__ import annotations

from lienthong.foundation.errors import Problem


def no_door(path: str) -> Problem:
    """No such resource, or not with this method."""
    return Problem(
        code="fhir-no-door",
        vi="Cửa FHIR không có tài nguyên hoặc thao tác này.",
        en="The FHIR door has no such resource or interaction.",
        hint_vi="Xem những gì có tại /fhir/metadata.",
        hint_en="What there is stands in /fhir/metadata.",
        where={"path": path[:200]},
    )


def not_known(what: str) -> Problem:
    """No such resource, or one of another hospital's affairs."""
    return Problem(
        code="fhir-not-found",
        vi=f"Không có {what} này tại đơn vị.",
        en=f"There is no such {what} here.",
    )


def not_understood(what: str, path: str = "") -> Problem:
    """A parameter, header or element that the door does not take."""
    return Problem(
        code="fhir-not-understood",
        vi=f"Yêu cầu không đúng: {what}",
        en=f"The request is not as it should be: {what}",
        where={"path": path} if path else {},
    )


def no_identifier() -> Problem:
    """A transfer that nothing would tell from its own repetition."""
    return Problem(
        code="fhir-no-identifier",
        vi="ServiceRequest chưa có số hiệu riêng của hệ thống gửi, nên gửi lại sẽ không nhận ra được.",
        en="The ServiceRequest has no identifier of the calling system, by which a repeated call would be known.",
        hint_vi="Thêm ServiceRequest.identifier của hệ thống gửi, hoặc phần đầu Idempotency-Key.",
        hint_en="Add a ServiceRequest.identifier of the calling system, or the header Idempotency-Key.",
        where={"path": "ServiceRequest.identifier"},
    )


def differs(loop: str) -> Problem:
    """The same identifier with other content."""
    return Problem(
        code="fhir-request-differs",
        vi="Số hiệu này đã dùng cho một lượt chuyển có nội dung khác.",
        en="This identifier stands for a transfer with other content already.",
        hint_vi="Muốn sửa hoặc bổ sung: PUT ServiceRequest/{id} với If-Match.",
        hint_en="To change or add: PUT ServiceRequest/{id} with If-Match.",
        where={"path": "ServiceRequest.identifier", "loop": loop},
    )


def busy() -> Problem:
    """The database takes no more for a moment."""
    return Problem(
        code="fhir-busy",
        vi="Hệ thống tạm thời chưa ghi được dữ liệu.",
        en="Nothing can be written at the moment.",
        hint_vi="Gửi lại sau vài giây; gửi lại không tạo lượt chuyển thứ hai.",
        hint_en="Send again in a few seconds; that makes no second transfer.",
        retry=True,
    )


def fault() -> Problem:
    """A fault of the program."""
    return Problem(
        code="fhir-fault",
        vi="Chương trình gặp lỗi; chưa có gì được ghi.",
        en="The program has a fault; nothing was written.",
        hint_vi="Gửi nhật ký của máy chủ cho nhà phát triển.",
        hint_en="Send the server's log to the developers.",
    )
