"""What can go wrong with mail and hooks, in words; each line of a hint is a step."""

from __future__ import annotations

from lienthong.foundation.errors import Problem

MAIL, ADDRESS, HOOK = "notices-mail", "notices-mail-address", "notices-hook"
"""Codes of alerts."""

_MAIL: dict[str, tuple[str, str, str, str]] = {
    "unreachable": (
        "không kết nối được với máy chủ thư",
        "the mail server cannot be reached",
        "Kiểm tra máy chủ thư có chạy không và địa chỉ, cổng trong smtp_url (lienthong.toml).",
        "Check that the mail server runs, and host and port in smtp_url (lienthong.toml).",
    ),
    "tls": (
        "không lập được kết nối mã hóa (TLS) với máy chủ thư",
        "there is no encrypted connection (TLS) with the mail server",
        "Bật STARTTLS trên máy chủ thư hoặc dùng smtps:// trong smtp_url.\n"
        "Nếu đơn vị tự cấp chứng thư, ghi tệp PEM của nơi cấp vào notices_ca.",
        "Turn on STARTTLS at the mail server, or use smtps:// in smtp_url.\n"
        "If the unit makes its own certificates, name the PEM file of their issuer in notices_ca.",
    ),
    "sign-in": (
        "máy chủ thư không chấp nhận tên đăng nhập hoặc mật khẩu",
        "the mail server does not take the user name or password",
        "Sửa tên đăng nhập và mật khẩu trong smtp_url rồi khởi động lại.",
        "Correct user name and password in smtp_url and start again.",
    ),
    "sender": (
        "máy chủ thư không cho phép gửi từ địa chỉ mail_from",
        "the mail server does not let mail_from send",
        "Ghi vào mail_from một địa chỉ mà tài khoản thư được phép dùng.",
        "Set mail_from to an address that the mail account may use.",
    ),
    "later": (
        "máy chủ thư hẹn nhận sau",
        "the mail server asks to try later",
        "Chờ: hệ thống tự gửi lại. Nếu kéo dài, hỏi người quản trị máy chủ thư.",
        "Wait: it is tried again. If it lasts, ask whoever runs the mail server.",
    ),
    "refused": (
        "máy chủ thư từ chối nội dung thư",
        "the mail server refuses the mail itself",
        "Hỏi người quản trị máy chủ thư: có thể bộ lọc thư rác chặn thư của Liên Thông.",
        "Ask whoever runs the mail server: a spam filter may stop mails of Liên Thông.",
    ),
    "broken": (
        "kết nối với máy chủ thư bị đứt giữa chừng",
        "the connection with the mail server broke",
        "Chờ: hệ thống tự gửi lại. Nếu kéo dài, kiểm tra đường truyền tới máy chủ thư.",
        "Wait: it is tried again. If it lasts, check the line to the mail server.",
    ),
}


def mail_fails(fault: str, answer: str, given_up: int) -> Problem:
    """Mails of notices do not go."""
    vi, en, hint_vi, hint_en = _MAIL.get(fault, _MAIL["unreachable"])
    if given_up:
        lost_vi = f" {given_up} thư đã quá một ngày, không gửi nữa."
        lost_en = f" {given_up} mails are older than a day and were given up."
    else:
        lost_vi = lost_en = ""
    said_vi, said_en = (f"\nMáy chủ báo: {answer}", f"\nThe server said: {answer}") if answer else ("", "")
    return Problem(
        MAIL,
        f"Thông báo qua thư điện tử không gửi được: {vi}.{lost_vi}",
        f"Notices by mail do not go out: {en}.{lost_en}",
        f"{hint_vi}\nThông báo trên trang vẫn hiện đầy đủ; báo cho mọi người biết tạm thời không có thư.{said_vi}",
        f"{hint_en}\nNotices on the pages are complete; tell everybody that there is no mail for now.{said_en}",
        severity="warning",
        where={"reason": fault},
        retry=True,
    )


def address_refused(username: str, answer: str) -> Problem:
    """The mail server says that a person's address does not exist."""
    return Problem(
        ADDRESS,
        f"Địa chỉ thư của tài khoản {username} bị máy chủ thư từ chối.",
        f"The mail server refuses the address of the account {username}.",
        f"Người dùng này cần sửa địa chỉ ở trang “Tài khoản của tôi” và xác nhận lại.\nMáy chủ báo: {answer}",
        f"The person corrects it on the page “My account” and verifies it again.\nThe server said: {answer}",
        severity="warning",
    )


def no_address() -> Problem:
    """What was typed is no mail address."""
    return Problem(
        "notices-no-address",
        "Đây không phải là địa chỉ thư điện tử.",
        "This is not a mail address.",
        "Nhập theo dạng ten@benhvien.vn, không dấu.",
        "Type it as name@hospital.vn, without marks.",
    )


def too_many_codes() -> Problem:
    """A person had enough codes for a day."""
    return Problem(
        "notices-too-many-codes",
        "Hôm nay đã gửi quá nhiều mã xác nhận.",
        "Too many codes were mailed today.",
        "Thử lại vào ngày mai; nhờ IT kiểm tra máy chủ thư nếu thư không đến.",
        "Try again tomorrow; ask your IT person about the mail server if no mail comes.",
    )


_HOOK: dict[str, tuple[str, str, str, str]] = {
    "unreachable": (
        "không kết nối được",
        "cannot be reached",
        "Kiểm tra máy chủ nhắn tin có chạy không và đường truyền tới đó.",
        "Check that the messenger's server runs and the line to it.",
    ),
    "tls": (
        "chứng thư TLS không hợp lệ",
        "has no valid TLS certificate",
        "Gia hạn chứng thư của máy chủ nhắn tin; nếu đơn vị tự cấp, ghi tệp PEM của nơi cấp vào notices_ca.",
        "Renew the certificate of the messenger's server; name the unit's own issuer in notices_ca.",
    ),
    "redirect": (
        "chuyển hướng sang địa chỉ khác",
        "sends elsewhere (redirect)",
        "Nhập thẳng địa chỉ cuối cùng; hệ thống không đi theo chuyển hướng.",
        "Enter the final address: redirects are not followed.",
    ),
    "status": (
        "trả lời báo lỗi",
        "answers with an error",
        "Xem nhật ký gửi: mã 401, 403 là sai chữ ký hoặc mã bí mật; 404 là sai địa chỉ; 5xx là lỗi phía nhận.",
        "See the log: 401 and 403 mean signature or secret, 404 the address, 5xx a fault over there.",
    ),
    "target": (
        "trỏ tới nơi không được phép gọi",
        "leads to a place that may not be called",
        "Ghi tên máy chủ nội bộ vào hook_hosts trong lienthong.toml nếu được phép.",
        "Name a server of the unit in hook_hosts in lienthong.toml, if it may be called.",
    ),
    "slow": (
        "trả lời quá chậm",
        "answers too slowly",
        "Phía nhận cần trả lời trong 20 giây rồi mới xử lý tiếp.",
        "The receiving side must answer within 20 seconds and work afterwards.",
    ),
}


def hook_fails(name: str, fault: str, status: int, given_up: int) -> Problem:
    """Notices do not reach a hook."""
    vi, en, hint_vi, hint_en = _HOOK.get(fault, _HOOK["unreachable"])
    number = f" (HTTP {status})" if status else ""
    lost_vi = f" {given_up} thông báo đã quá một ngày, không gửi nữa." if given_up else ""
    lost_en = f" {given_up} notices are older than a day and were given up." if given_up else ""
    return Problem(
        HOOK,
        f"Kênh nhắn tin “{name}” {vi}{number}.{lost_vi}",
        f"The hook “{name}” {en}{number}.{lost_en}",
        f"{hint_vi}\nBấm “Gửi thử” ở trang Kênh nhắn tin để kiểm tra lại.",
        f"{hint_en}\nPress “Send a test” on the page Hooks to check again.",
        severity="warning",
        where={"reason": fault},
        retry=True,
    )


def hook_words(fault: str) -> tuple[str, str]:
    """What went wrong with one delivery, in Vietnamese and English."""
    vi, en, _, _ = _HOOK.get(fault, ("", "", "", ""))
    return vi, en


def mail_words(fault: str) -> tuple[str, str]:
    """What went wrong with one mail, in Vietnamese and English."""
    if fault == "address":
        return "máy chủ thư từ chối địa chỉ", "the mail server refuses the address"
    vi, en, _, _ = _MAIL.get(fault, ("", "", "", ""))
    return vi, en


def bad_target(vi: str, en: str) -> Problem:
    """An address that no hook may have."""
    return Problem(
        "notices-hook-address",
        f"Địa chỉ này không dùng được: {vi}.",
        f"This address cannot be used: {en}.",
        "Dùng https:// tới một máy chủ công khai; máy chủ nội bộ phải có tên trong hook_hosts (lienthong.toml).",
        "Use https:// to a public server; a server of the unit must be named in hook_hosts (lienthong.toml).",
        where={"reason": en},
    )


def too_many_hooks(most: int) -> Problem:
    """A unit has as many hooks as it may."""
    return Problem(
        "notices-too-many-hooks",
        f"Mỗi đơn vị có tối đa {most} kênh nhắn tin.",
        f"A unit has at most {most} hooks.",
        "Xóa kênh không dùng nữa.",
        "Remove one that is not used.",
    )
