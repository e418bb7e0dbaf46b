"""What callers are told."""

from __future__ import annotations

from lienthong.foundation.errors import Problem


def not_authenticated(reason: str) -> Problem:
    """Token or assertion missing, expired, used twice, or of a system that may not call."""
    return Problem(
        code="fhir-not-authenticated",
        vi="Hệ thống gọi chưa được xác thực.",
        en="The calling system is not authenticated.",
        hint_vi="Kiểm tra đồng hồ máy chủ, khóa và mã hệ thống ở trang “Hệ thống được phép gọi”.",
        hint_en="Check the server's clock, the key and the client number on the page “Systems that may call”.",
        where={"reason": reason},
    )


def out_of_scope(scope: str) -> Problem:
    """The token does not cover the call."""
    return Problem(
        code="fhir-out-of-scope",
        vi=f"Hệ thống gọi không có quyền {scope}.",
        en=f"The calling system does not hold {scope}.",
        hint_vi="Nhân viên CNTT của đơn vị cấp quyền ở trang “Hệ thống được phép gọi”, rồi lấy token mới.",
        hint_en="The unit's IT person grants it on the page “Systems that may call”; then fetch a new token.",
    )


def too_often() -> Problem:
    """More calls than the door allows."""
    return Problem(
        "exchange-too-often",
        "Gọi quá nhiều lần trong thời gian ngắn.",
        "Too many calls in a short time.",
        "Chờ theo thời gian trong Retry-After rồi gọi lại.",
        "Wait as Retry-After says, then call again.",
        retry=True,
    )
