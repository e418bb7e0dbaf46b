"""What can be wrong with a call, in words for a person."""

from __future__ import annotations

from lienthong.foundation.errors import Problem


def no_door(path: str) -> Problem:
    """No such resource type or interaction, or not with this method."""
    return Problem(
        code="fhir-no-door",
        vi="Cửa FHIR không có tài nguyên hoặc thao tác này.",
        en="The FHIR door has no such resource or interaction.",
        hint_vi="Xem những gì có tại /fhir/metadata.",
        hint_en="What there is stands in /fhir/metadata.",
        where={"path": path[:200]},
    )


def not_found(ref: str) -> Problem:
    """No such resource, or none that the caller may see."""
    return Problem(
        code="fhir-not-found",
        vi=f"Không có {ref[:120]} tại đơn vị này.",
        en=f"There is no {ref[:120]} here.",
        hint_vi="Kiểm tra mã; có thể tìm theo định danh, ví dụ ?identifier=…",
        hint_en="Check the id; it can be searched for by its identifier, e.g. ?identifier=…",
        where={"path": ref[:120]},
    )


def gone(ref: str) -> Problem:
    """A resource that was deleted."""
    return Problem(
        code="fhir-gone",
        vi=f"{ref[:120]} đã bị xóa.",
        en=f"{ref[:120]} was deleted.",
        hint_vi="Các phiên bản trước vẫn đọc được qua _history.",
        hint_en="Its earlier versions can be read under _history.",
        where={"path": ref[:120]},
    )


def not_understood(what: str, path: str = "") -> Problem:
    """A parameter, header or element that the door does not take."""
    return Problem(
        code="fhir-not-understood",
        vi=f"Yêu cầu không đúng: {what}",
        en=f"The request is not as it should be: {what}",
        where={"path": path} if path else {},
    )


def changed(ref: str, version: int) -> Problem:
    """``If-Match`` names another version than the present one."""
    return Problem(
        code="fhir-changed",
        vi=f"{ref} đã thay đổi; phiên bản hiện nay là {version}.",
        en=f"{ref} has changed meanwhile; its version is now {version}.",
        hint_vi="Đọc lại, đưa thay đổi vào phiên bản mới rồi gửi lại với If-Match mới.",
        hint_en="Read it again, make the change in the new version, send it with the new If-Match.",
        where={"path": ref},
    )


def several(kind: str, criteria: str) -> Problem:
    """Criteria of a conditional interaction or reference that fit more than one resource."""
    return Problem(
        code="fhir-several",
        vi=f"Điều kiện {kind}?{criteria[:120]} phù hợp với nhiều tài nguyên.",
        en=f"The criteria {kind}?{criteria[:120]} fit more than one resource.",
        hint_vi="Dùng điều kiện chỉ phù hợp với một tài nguyên, ví dụ một định danh.",
        hint_en="Use criteria that fit one resource only, e.g. an identifier.",
        where={"path": f"{kind}?{criteria[:120]}"},
    )


def one_or_another(kind: str, criteria: str, path: str) -> Problem:
    """Entries of a transaction with the same criteria that would write one resource with different content."""
    return Problem(
        code="fhir-criteria-twice",
        vi=f"Trong giao dịch có nhiều mục với điều kiện {kind}?{criteria[:120]} nhưng nội dung khác nhau.",
        en=f"Several entries of the transaction with the criteria {kind}?{criteria[:120]} differ in what they write.",
        hint_vi="Gửi mỗi tài nguyên một lần, các mục khác tham chiếu đến fullUrl của mục đó.",
        hint_en="Send each resource once, and refer to its fullUrl from the other entries.",
        where={"path": path},
    )


def none_fits(kind: str, criteria: str) -> Problem:
    """Criteria of a conditional reference, patch or read that fit nothing."""
    return Problem(
        code="fhir-none-fits",
        vi=f"Không có tài nguyên nào phù hợp với {kind}?{criteria[:120]}.",
        en=f"Nothing fits {kind}?{criteria[:120]}.",
        hint_vi="Tạo tài nguyên đó trước, hoặc gửi cùng trong một giao dịch.",
        hint_en="Create it first, or send it in the same transaction.",
        where={"path": f"{kind}?{criteria[:120]}"},
    )


def dangling(path: str, ref: str) -> Problem:
    """A reference to a resource that is not here."""
    return Problem(
        code="fhir-reference",
        vi=f"{path} chỉ đến {ref}, là tài nguyên không có ở đây.",
        en=f"{path} refers to {ref}, which is not here.",
        hint_vi="Gửi tài nguyên đó trước hoặc trong cùng giao dịch; hoặc thêm Prefer: handling=lenient để vẫn lưu.",
        hint_en="Send it first or in the same transaction; or add Prefer: handling=lenient to store it all the same.",
        where={"path": path},
    )


def referred_to(ref: str, by: list[str]) -> Problem:
    """A resource that others still refer to; ``by`` are those that the caller may see."""
    listed = f": {', '.join(by)}" if by else ""
    return Problem(
        code="fhir-referred-to",
        vi=f"Chưa xóa {ref} vì còn tài nguyên khác chỉ đến{listed}.",
        en=f"{ref} was not deleted, since others refer to it{listed}.",
        hint_vi="Xóa hoặc sửa các tài nguyên đó trước, hoặc xóa tất cả trong một giao dịch.",
        hint_en="Delete or change those first, or delete all of them in one transaction.",
        where={"path": ref},
    )


def of_an_export(ref: str, origin: str) -> Problem:
    """A resource that belongs to an export or message, which would bring it again."""
    return Problem(
        code="fhir-of-a-source",
        vi=f"{ref} đến từ nguồn {origin} nên không sửa qua cửa FHIR được.",
        en=f"{ref} comes from {origin} and cannot be changed through the FHIR door.",
        hint_vi="Sửa tại hệ thống nguồn (HIS) rồi xuất lại; bản mới sẽ thay bản này.",
        hint_en="Correct it in its source (HIS) and export it again; the new one takes its place.",
        where={"path": ref},
    )


def key_differs(ref: str) -> Problem:
    """The same Idempotency-Key with other content."""
    return Problem(
        code="fhir-key-differs",
        vi="Idempotency-Key này đã dùng cho nội dung khác.",
        en="This Idempotency-Key was used for other content.",
        hint_vi="Dùng khóa mới cho nội dung mới; chỉ gửi lại nội dung cũ với khóa cũ.",
        hint_en="Use a new key for new content; repeat only the old content with the old key.",
        where={"path": ref},
    )


def outside_scope(ref: str) -> Problem:
    """A write of a resource that the caller's scopes do not cover."""
    return Problem(
        code="fhir-outside-scope",
        vi=f"Hệ thống gọi không được ghi {ref} với nội dung này.",
        en=f"The calling system may not write {ref} with this content.",
        hint_vi="Quyền của hệ thống có điều kiện, hoặc nội dung thuộc loại được bảo vệ đặc biệt mà hệ thống không được"
        " xem; xem trang “Hệ thống được phép gọi”.",
        hint_en="Its scopes are restricted, or this is specially protected and it may not see that kind; see the page"
        " “Systems that may call”.",
        where={"path": ref},
    )


def not_acceptable(what: str) -> Problem:
    """A form of answer that the door does not write, or of content that it does not read."""
    return Problem(
        code="fhir-media-type",
        vi=f"Cửa FHIR không dùng dạng {what[:80]}.",
        en=f"The FHIR door does not speak {what[:80]}.",
        hint_vi="Dùng application/fhir+json hoặc application/fhir+xml.",
        hint_en="Use application/fhir+json or application/fhir+xml.",
    )


def ignored(names: list[str]) -> Problem:
    """Search parameters that were left out, since the caller allows that."""
    listed = ", ".join(names)[:200]
    return Problem(
        code="fhir-ignored",
        vi=f"Đã bỏ qua các tham số không hiểu: {listed}",
        en=f"These parameters were not understood and left out: {listed}",
        severity="warning",
    )


def only_systems() -> Problem:
    """A bulk export that no registered system asks for."""
    return Problem(
        code="fhir-export-systems-only",
        vi="Chỉ hệ thống đã đăng ký mới được xuất dữ liệu hàng loạt.",
        en="Only a registered system may export in bulk.",
        hint_vi="Nhân viên CNTT đăng ký hệ thống ở trang “Hệ thống được phép gọi”.",
        hint_en="The unit's IT person registers it on the page “Systems that may call”.",
    )


def too_many_exports(most: int) -> Problem:
    """A system that has enough exports under way."""
    return Problem(
        code="fhir-export-busy",
        vi=f"Hệ thống này đang có {most} lượt xuất chưa xong.",
        en=f"This system has {most} exports under way.",
        hint_vi="Chờ lượt trước xong hoặc hủy bằng DELETE tại địa chỉ theo dõi.",
        hint_en="Wait for one to end, or end it with DELETE at its status address.",
        retry=True,
    )


def busy() -> Problem:
    """The database takes no more for a moment."""
    return Problem(
        code="fhir-busy",
        vi="Hệ thống tạm thời chưa ghi được dữ liệu.",
        en="Nothing can be written at the moment.",
        hint_vi="Gửi lại sau vài giây; kèm Idempotency-Key thì gửi lại không tạo bản thứ hai.",
        hint_en="Send again in a few seconds; with an Idempotency-Key that makes no second one.",
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
