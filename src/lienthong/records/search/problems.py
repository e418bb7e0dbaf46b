"""What can be wrong with a search, in words for a person. ``where.path`` is the parameter as it was written."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from lienthong.foundation.errors import LienThongError, Problem

_SHOWN = 120


def _error(code: str, name: str, vi: str, en: str, hint_vi: str = "", hint_en: str = "") -> LienThongError:
    return LienThongError(Problem(f"search-{code}", vi, en, hint_vi, hint_en, where={"path": name[:_SHOWN]}))


def unknown_parameter(name: str, kind: str, known: Iterable[str]) -> LienThongError:
    """No such search parameter for the type (empty: for every type)."""
    there = sorted(known)
    code = name.partition(":")[0].partition(".")[0]
    near = difflib.get_close_matches(code, there, n=8, cutoff=0.5) or there[:40]
    where_vi, where_en = (kind, kind) if kind else ("mọi loại tài nguyên", "every type")
    return _error(
        "unknown-parameter",
        name,
        f"{where_vi} không có tham số tìm kiếm {name[:_SHOWN]!r}.",
        f"{where_en} has no search parameter {name[:_SHOWN]!r}.",
        f"Có thể dùng: {', '.join(near)}.",
        f"There are: {', '.join(near)}.",
    )


def unknown_type(name: str, kind: str) -> LienThongError:
    """Not a resource type of R4, or not one that the reference may point to."""
    return _error(
        "unknown-type",
        name,
        f"{kind[:_SHOWN]!r} không phải là loại tài nguyên dùng được ở {name[:_SHOWN]}.",
        f"{kind[:_SHOWN]!r} is no resource type that fits in {name[:_SHOWN]}.",
    )


def bad_modifier(name: str, modifier: str, allowed: Iterable[str]) -> LienThongError:
    """The modifier does not exist or does not go with this type of parameter."""
    there = ", ".join(f":{one}" for one in allowed)
    return _error(
        "bad-modifier",
        name,
        f"Bổ từ :{modifier[:_SHOWN]} không dùng được với tham số này.",
        f"The modifier :{modifier[:_SHOWN]} does not go with this parameter.",
        f"Các bổ từ dùng được: {there}.",
        f"Modifiers that do: {there}.",
    )


def no_criteria(kind: str, name: str = "") -> LienThongError:
    """Criteria of a conditional interaction that say nothing, or of which one is empty."""
    return _error(
        "no-criteria",
        name or kind,
        f"Điều kiện cho {kind} thiếu giá trị: {name[:_SHOWN]}"
        if name
        else f"Chưa có điều kiện nào cho {kind}.",
        f"A criterion for {kind} has no value: {name[:_SHOWN]}"
        if name
        else f"There are no criteria for {kind}.",
        "Điều kiện trống sẽ phù hợp với mọi tài nguyên. Hãy điền giá trị, ví dụ identifier=hệ thống|số.",
        "Empty criteria would fit every resource. Give a value, e.g. identifier=system|number.",
    )


def bad_value(name: str, value: str, wanted: str) -> LienThongError:
    """The value cannot be read; ``wanted`` shows the form."""
    return _error(
        "bad-value",
        name,
        f"Không đọc được giá trị {value[:_SHOWN]!r}.",
        f"The value {value[:_SHOWN]!r} cannot be read.",
        f"Cách viết đúng: {wanted}",
        f"The form is: {wanted}",
    )


def unsupported(name: str, instead_vi: str = "", instead_en: str = "") -> LienThongError:
    """R4 has it, this store does not."""
    return _error(
        "unsupported",
        name,
        f"Kho hồ sơ này không hỗ trợ {name[:_SHOWN]}.",
        f"This store does not support {name[:_SHOWN]}.",
        instead_vi,
        instead_en,
    )


def no_value_set(name: str, url: str) -> LienThongError:
    """The value set or code system is not one whose codes are known here."""
    return _error(
        "no-value-set",
        name,
        f"Không khai triển được danh mục {url[:_SHOWN]!r} tại đây.",
        f"The codes of {url[:_SHOWN]!r} are not known here.",
        "Liệt kê các mã, cách nhau bằng dấu phẩy: system|code,system|code.",
        "List the codes with commas between: system|code,system|code.",
    )


def too_broad(name: str, most: int) -> LienThongError:
    """More resources would have to be opened than one search may."""
    return _error(
        "too-broad",
        name,
        f"Tìm kiếm này phải mở hơn {most} tài nguyên mới trả lời được.",
        f"This search would have to open more than {most} resources.",
        "Thêm điều kiện hẹp hơn, ví dụ patient, identifier, code hoặc date.",
        "Add a narrower condition, for example patient, identifier, code or date.",
    )


def too_complex(name: str, most: int) -> LienThongError:
    """More conditions than one search may have."""
    return _error(
        "too-complex",
        name,
        f"Một lần tìm kiếm có nhiều nhất {most} điều kiện, kể cả điều kiện nối và giá trị cách nhau bằng dấu phẩy.",
        f"One search has at most {most} conditions, counting chains and values between commas.",
        "Chia thành nhiều lần tìm kiếm.",
        "Search several times instead.",
    )


def too_many_included(most: int) -> LienThongError:
    """The page would carry more included resources than one answer may."""
    return _error(
        "too-many-included",
        "_include",
        f"Trang này kèm theo hơn {most} tài nguyên.",
        f"This page would include more than {most} resources.",
        "Giảm _count, hoặc bớt _include và _revinclude.",
        "Lower _count, or ask for fewer with _include and _revinclude.",
    )


def bad_cursor() -> LienThongError:
    """The cursor was changed, or belongs to another search."""
    return _error(
        "bad-cursor",
        "_cursor",
        "Con trỏ trang không thuộc về lần tìm kiếm này.",
        "The cursor does not belong to this search.",
        "Dùng nguyên văn liên kết next hoặc previous của trang trước.",
        "Use the link next or previous of the page before as it is.",
    )


def not_in_memory(name: str) -> LienThongError:
    """The condition needs the store, and only one resource is at hand."""
    return _error(
        "not-in-memory",
        name,
        f"Điều kiện {name[:_SHOWN]} cần tra kho hồ sơ nên không xét được trên riêng một tài nguyên.",
        f"The condition {name[:_SHOWN]} looks into the store and cannot be judged on one resource alone.",
    )
