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


def not_for_role(kind: str) -> Problem:
    """A person whose role does not open this."""
    return Problem(
        code="fhir-not-for-role",
        vi=f"Vai trò của tài khoản này không được đọc hoặc ghi {kind} qua cửa FHIR.",
        en=f"The roles of this account do not let it read or write {kind} through the FHIR door.",
        hint_vi="Bảng quyền ở trang “Quyền theo vai trò”. Người dùng chỉ đọc qua cửa FHIR; ghi trên các trang.",
        hint_en="See the page of rights. People only read through the FHIR door; they write on pages.",
    )


def not_understood(what: str) -> Problem:
    """A header or parameter that is not one of those there are."""
    return Problem(
        code="fhir-not-understood",
        vi=f"Yêu cầu không đúng: {what}",
        en=f"The request is not as it should be: {what}",
    )


def purpose_not_allowed(purpose: str, allowed: list[str]) -> Problem:
    """A purpose of use that the caller is not registered for."""
    return Problem(
        code="fhir-purpose-not-allowed",
        vi=f"Bên gọi không được phép truy cập với mục đích {purpose}.",
        en=f"The caller may not call for the purpose {purpose}.",
        hint_vi=f"Mục đích được phép: {', '.join(allowed)}. Thay đổi ở trang “Hệ thống được phép gọi”.",
        hint_en=f"Allowed: {', '.join(allowed)}. Changed on the page “Systems that may call”.",
        where={"header": "X-Purpose-Of-Use"},
    )


def basis_not_allowed(basis: str, purpose: str, fitting: list[str]) -> Problem:
    """A legal basis that the caller is not registered for, or that does not cover the purpose."""
    listed = ", ".join(fitting) or "–"
    return Problem(
        code="fhir-basis-not-allowed",
        vi=f"Căn cứ pháp lý {basis or '(không nêu)'} không dùng được cho mục đích {purpose}.",
        en=f"The legal basis {basis or '(none named)'} cannot be used for the purpose {purpose}.",
        hint_vi=f"Căn cứ dùng được cho mục đích này: {listed}. Nêu trong X-Legal-Basis.",
        hint_en=f"Bases that serve for this purpose: {listed}. Name one in X-Legal-Basis.",
        where={"header": "X-Legal-Basis"},
    )


def no_reason() -> Problem:
    """Emergency access of a person without saying why."""
    return Problem(
        code="fhir-no-reason",
        vi="Truy cập khẩn cấp phải nêu lý do.",
        en="Emergency access needs a reason.",
        hint_vi="Nêu lý do (10–200 ký tự, mã hóa phần trăm UTF-8) trong X-Access-Reason.",
        hint_en="Say why in X-Access-Reason (10 to 200 letters, percent-encoded UTF-8).",
        where={"header": "X-Access-Reason"},
    )


def own_password_first() -> Problem:
    """A person who still has a one-time password."""
    return Problem(
        code="fhir-own-password-first",
        vi="Hãy đổi mật khẩu dùng một lần trước.",
        en="Choose your own password first.",
        hint_vi="Mở trang “Đổi mật khẩu” rồi gọi lại.",
        hint_en="Open the page “Password”, then call again.",
    )


def no_csrf() -> Problem:
    """A call of a signed-in person's browser that does not prove it comes from a page of this node."""
    return Problem(
        code="fhir-no-csrf",
        vi="Lời gọi không chứng tỏ được là đến từ trang của hệ thống này.",
        en="The call does not prove that it comes from a page of this node.",
        hint_vi="Gửi giá trị của cookie CSRF trong X-CSRFToken.",
        hint_en="Send the value of the CSRF cookie in X-CSRFToken.",
        where={"header": "X-CSRFToken"},
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
