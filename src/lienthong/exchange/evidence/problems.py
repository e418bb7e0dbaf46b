"""Why there is no evidence package, in words."""

from __future__ import annotations

from lienthong.foundation.errors import Problem


def nothing_found(reference: str) -> Problem:
    """No message and no loop of that name at this node."""
    return Problem(
        "evidence-nothing-found",
        "Không có gói tin hoặc lượt chuyển nào mang mã này ở đây.",
        "There is no message or transfer with this id here.",
        "Kiểm tra lại mã; mã đầy đủ có trên trang hành trình của gói tin.",
        "Check the id; the whole id is on the page of the message's journey.",
        where={"reference": reference[:64]},
    )


def too_large(size: int, limit: int) -> Problem:
    """More content than one package holds."""
    return Problem(
        "evidence-too-large",
        f"Nội dung có {size // 1_000_000} MB, nhiều hơn {limit // 1_000_000} MB mà một gói chứa được.",
        f"The content has {size // 1_000_000} MB, more than the {limit // 1_000_000} MB that one package holds.",
        "Lập gói không kèm nội dung, hoặc lập cho từng gói tin.",
        "Make the package without content, or one for each message.",
    )


def too_many(limit: int) -> Problem:
    """More messages than one package holds."""
    return Problem(
        "evidence-too-many",
        f"Lượt chuyển có nhiều hơn {limit} gói tin.",
        f"The transfer has more than {limit} messages.",
        "Lập gói cho từng gói tin.",
        "Make a package for each message.",
    )


def damaged(sha256: str) -> Problem:
    """Content that this node keeps is not what was kept."""
    return Problem(
        "evidence-damaged-content",
        "Nội dung lưu ở đây đã bị hỏng nên không đưa vào gói được.",
        "Content kept here is damaged and cannot go into a package.",
        "Chạy sửa chữa nội dung từ phía bên kia, hoặc lập gói không kèm nội dung.",
        "Repair the content from the other side, or make the package without content.",
        where={"sha256": sha256},
    )
