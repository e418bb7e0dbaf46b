"""What can be wrong with a call about a transfer, in words for a person; what any call may hear is the door's own."""

from __future__ import annotations

from lienthong.foundation.errors import Problem
from lienthong.records.api.problems import no_door, not_understood

__all__ = ["differs", "no_door", "no_identifier", "not_known", "not_understood"]


def not_known(what: str) -> Problem:
    """No such resource, or one of another hospital's affairs."""
    return Problem(
        code="fhir-not-found",
        vi=f"Không có {what} này tại đơn vị.",
        en=f"There is no such {what} here.",
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
