"""A discrepancy in words: what is wrong, and how it is mended."""

from __future__ import annotations

from lienthong.exchange.reconciling.discrepancies import Discrepancy
from lienthong.foundation.errors import Problem

_WHAT: dict[tuple[str, str], tuple[str, str]] = {
    ("manifest", "damaged"): (
        "Bản kê của gói tin bị hỏng: chữ ký số không còn khớp.",
        "The manifest of the message is damaged: its signature no longer holds.",
    ),
    ("manifest", "differs"): (
        "Hai bệnh viện giữ hai bản kê khác nhau của cùng một gói tin.",
        "The two hospitals keep different manifests of the same message.",
    ),
    ("columns", "differs"): (
        "Số liệu lưu trong cơ sở dữ liệu khác với bản kê hoặc biên nhận đã ký.",
        "What the database says of the message differs from the signed manifest or receipt.",
    ),
    ("parts", "differs"): (
        "Danh sách tệp đính kèm lưu tại đây khác với bản kê đã ký.",
        "The list of parts kept here differs from the signed manifest.",
    ),
    ("acceptance", "missing"): (
        "Mất xác nhận của trục liên thông về gói tin.",
        "The hub's acceptance of the message is missing.",
    ),
    ("acceptance", "damaged"): (
        "Xác nhận của trục liên thông bị hỏng: chữ ký số không còn khớp.",
        "The hub's acceptance is damaged: its signature no longer holds.",
    ),
    ("receipt", "missing"): (
        "Mất biên nhận của bệnh viện nhận.",
        "The receiving hospital's receipt is missing.",
    ),
    ("receipt", "damaged"): (
        "Biên nhận bị hỏng: chữ ký số không còn khớp.",
        "The receipt is damaged: its signature no longer holds.",
    ),
    ("receipt", "differs"): (
        "Hai bệnh viện ghi kết quả nhận gói tin khác nhau.",
        "The two hospitals say different things about the outcome of the message.",
    ),
    ("content", "missing"): ("Mất một tệp đính kèm của gói tin.", "A part of the message is missing."),
    ("content", "damaged"): (
        "Một tệp đính kèm bị hỏng: nội dung không còn khớp với mã băm.",
        "A part of the message is damaged: it no longer fits its hash.",
    ),
    ("sealed", "missing"): (
        "Mất một tệp đã niêm phong đang chờ chuyển.",
        "A sealed part that waits to be handed on is missing.",
    ),
    ("sealed", "damaged"): (
        "Một tệp đã niêm phong đang chờ chuyển bị hỏng.",
        "A sealed part that waits to be handed on is damaged.",
    ),
    ("message", "missing"): ("Mất cả gói tin.", "The whole message is missing."),
    ("item", "missing"): (
        "Mục của gói tin trong hộp thư bị mất hoặc bị thay đổi.",
        "The message's item in a mailbox is missing or was changed.",
    ),
    ("chain", "fork"): (
        "Chuỗi gói tin bị rẽ nhánh: hai gói tin cùng nối sau một gói tin.",
        "The chain of messages forks: two messages follow the same one.",
    ),
}
_HERE = (
    "Hệ thống tự lấy lại từ bệnh viện bên kia và kiểm tra chữ ký trước khi lưu.",
    "It is fetched from the other hospital by itself, and verified before it is kept.",
)
_ASKED = (
    "Đã hỏi bệnh viện bên kia; sẽ tự khôi phục khi có trả lời.",
    "The other hospital was asked; it is mended by itself when the answer comes.",
)
_THERE = (
    "Sai lệch ở bệnh viện bên kia; bên kia tự lấy lại từ đây.",
    "It is at the other hospital, which fetches it from here by itself.",
)
_SITES = (
    "Trục liên thông tự lấy lại từ bệnh viện gửi hoặc nhận.",
    "The hub fetches it by itself from the hospital that sent or received it.",
)
_SEND_AGAIN = (
    "Gói tin chưa rời khỏi đây nên không nơi nào khác có. Hãy gửi lại hồ sơ.",
    "The message has not left this place, so nobody else has it. Send the dossier again.",
)
_ITSELF = (
    "Hệ thống tự sửa theo bản kê, xác nhận và biên nhận đã ký.",
    "It is put right by itself from the signed manifest, acceptance and receipt.",
)
_FORK = (
    "Không tự sửa được. Báo Sở Y tế: máy chủ gửi có thể đã được khôi phục từ bản sao lưu cũ.",
    "It cannot be mended by itself. Tell the Department of Health: the sending server may have been restored from an"
    " old backup.",
)


def problem(one: Discrepancy) -> Problem:
    """What is wrong and what is done about it, in both languages."""
    vi, en = _WHAT.get((one.what, one.finding), _WHAT["message", "missing"])
    hint = _hint(one)
    where = {"message": one.message, "manifest": one.manifest, "what": one.what, "place": one.place}
    return Problem(f"exchange-{one.what}-{one.finding}", vi, en, *hint, where=where)


def _hint(one: Discrepancy) -> tuple[str, str]:
    if one.mended_at:
        return "", ""
    if one.what in ("columns", "parts", "item"):
        return _ITSELF
    if one.what == "chain":
        return _FORK
    if one.side == "there":
        return _THERE
    if one.direction == "relay":
        return _SITES
    if one.what == "sealed":
        return _SEND_AGAIN
    return _ASKED if one.asked_at else _HERE


def alert(count: int) -> Problem:
    """Discrepancies that are still open."""
    return Problem(
        "exchange-discrepancies",
        f"Đối soát thấy {count} sai lệch chưa được khôi phục.",
        f"Reconciliation found {count} discrepancies that are not mended yet.",
        "Mở trang Đối soát để xem từng mục; hệ thống tự lấy lại từ bệnh viện bên kia khi có đường truyền.",
        "Open the page Reconciliation to see each; they are fetched from the other hospital when there is a line.",
        severity="warning",
        where={"count": count},
    )
