"""What a person must see to, in words: each line of a hint is a step. The table in the protocol lists the codes."""

from __future__ import annotations

from datetime import datetime

from lienthong.exchange.faults import fault_of
from lienthong.foundation import clock
from lienthong.foundation.errors import Problem


def _at(moment: datetime) -> str:
    return moment.astimezone(clock.VIETNAM).strftime("%H:%M %d/%m/%Y")


def _name(facility: str, language: str) -> str:
    from lienthong.facilities import directory

    return directory.name(facility, language=language)


def disk_low(free: int, reserve: int) -> Problem:
    """There is room, but not for long."""
    return Problem(
        "exchange-disk-low",
        f"Ổ đĩa của máy chủ sắp đầy: còn {free >> 30} GB.",
        f"The server's disk is filling up: {free >> 30} GB are left.",
        "Xóa tệp không cần thiết hoặc gắn thêm ổ đĩa trong tuần này.\n"
        f"Khi còn dưới {reserve >> 20} MB, hệ thống sẽ ngừng nhận dữ liệu mới.",
        "Remove files that are not needed or add a disk this week.\n"
        f"Below {reserve >> 20} MB nothing new is taken.",
        severity="warning",
    )


def line_down(since: datetime | None, problem: Problem | None) -> Problem:
    """The hub has not answered for some minutes."""
    if since is None:
        vi, en = "Chưa lần nào kết nối được với trục liên thông.", "There was no contact with the hub yet."
    else:
        vi = f"Mất kết nối với trục liên thông từ {_at(since)}."
        en = f"No contact with the hub since {_at(since)}."
    why_vi = f"\nLần thử gần nhất báo: {problem.vi}" if problem else ""
    why_en = f"\nThe last attempt said: {problem.en}" if problem else ""
    return Problem(
        "exchange-line-down",
        vi,
        en,
        "Kiểm tra đường truyền Internet, bộ định tuyến và địa chỉ hub_url trong lienthong.toml.\n"
        "Gọi nhà mạng nếu cả đơn vị mất Internet; hỏi Sở Y tế nếu chỉ riêng trục liên thông không trả lời.\n"
        f"Không có gì bị mất: gói tin tự gửi khi có đường truyền.{why_vi}",
        "Check the Internet line, the router and hub_url in lienthong.toml.\n"
        "Call the line's provider if the whole unit has no Internet, else ask the Department of Health.\n"
        f"Nothing is lost: messages go by themselves when the line is back.{why_en}",
    )


def hub_refuses(problem: Problem) -> Problem:
    """The hub answers, but not to this site."""
    return Problem(
        "exchange-hub-refuses",
        f"Trục liên thông từ chối đơn vị: {problem.vi}",
        f"The hub refuses this site: {problem.en}",
        "Kiểm tra đồng hồ máy chủ.\n"
        "Hỏi Sở Y tế xem khóa của đơn vị còn hiệu lực không; nếu đã bị thu hồi, tham gia lại bằng mã mới.\n"
        f"Gói tin được giữ lại trong lúc chờ.\n{problem.hint_vi}".rstrip(),
        "Check the server's clock.\n"
        "Ask the Department of Health whether the node's key is still valid; if it was revoked, join again.\n"
        f"Messages are kept meanwhile.\n{problem.hint_en}".rstrip(),
        where={"reason": problem.code},
    )


def clock_wrong(seconds: float) -> Problem:
    """This node's clock and the hub's differ by more than a minute."""
    minutes = round(abs(seconds) / 60)
    way_vi, way_en = ("nhanh", "fast") if seconds > 0 else ("chậm", "slow")
    return Problem(
        "exchange-clock-wrong",
        f"Đồng hồ máy chủ chạy {way_vi} khoảng {minutes} phút so với trục liên thông.",
        f"The server's clock is about {minutes} minutes {way_en} against the hub's.",
        "Bật đồng bộ thời gian (NTP) trên máy chủ: timedatectl set-ntp true.\n"
        "Nếu đồng hồ máy chủ đúng, báo Sở Y tế kiểm tra đồng hồ của trục liên thông.",
        "Switch on time synchronisation (NTP) on the server: timedatectl set-ntp true.\n"
        "If this clock is right, tell the Department of Health to check the hub's.",
        where={"minutes": minutes},
    )


def queue_growing(messages: int, before: int) -> Problem:
    """More is put than leaves."""
    return Problem(
        "exchange-queue-growing",
        f"Hàng chờ gửi đang dài ra: {messages} gói tin, 15 phút trước là {before}.",
        f"The queue is growing: {messages} messages, {before} a quarter of an hour ago.",
        "Kiểm tra tốc độ đường truyền và giới hạn băng thông trong lienthong.toml.\n"
        "Nếu HIS vừa xuất lại nhiều hồ sơ cũ, chờ hàng đợi tự vơi.",
        "Check the speed of the line and the bandwidth limits in lienthong.toml.\n"
        "If the HIS has just exported many old dossiers again, wait until they have gone.",
        severity="warning",
    )


def queue_old(since: datetime) -> Problem:
    """The line is good, and still a message has waited long."""
    return Problem(
        "exchange-queue-old",
        f"Có gói tin chờ gửi từ {_at(since)} dù đường truyền vẫn hoạt động.",
        f"A message waits since {_at(since)}, although the line works.",
        "Mở danh sách gói tin đang chờ và xem lý do của gói tin cũ nhất.",
        "Open the list of waiting messages and see the reason of the oldest.",
        severity="warning",
    )


def no_receipt(facility: str, messages: int, since: datetime) -> Problem:
    """A hospital has not confirmed what the hub has had for it for a day."""
    name = _name(facility, "en")
    return Problem(
        "exchange-no-receipt",
        f"{_name(facility, 'vi')} chưa xác nhận {messages} gói tin, gói lâu nhất từ {_at(since)}.",
        f"{name} has not confirmed {messages} messages, the oldest since {_at(since)}.",
        "Gọi cho đơn vị nhận: máy chủ của họ có đang chạy và có mạng không.\n"
        "Gói tin vẫn nằm an toàn ở trục liên thông và được giao khi máy chủ của họ trở lại.",
        "Call the receiving hospital: is its server running, and has it a line?\n"
        "The messages are safe at the hub and are handed over when its server is back.",
        severity="warning",
        where={"messages": messages},
    )


def key_ends(moment: datetime, now: datetime) -> Problem:
    """A node's key ends within a month, or has ended."""
    if moment <= now:
        return Problem(
            "exchange-key-expired",
            f"Khóa ký đã hết hạn từ {_at(moment)}.",
            f"The signing key has ended on {_at(moment)}.",
            "Đổi khóa ngay: lienthong rotate-keys.\nGói tin mới chờ đến khi có khóa mới.",
            "Change the key now: lienthong rotate-keys.\nNew messages wait until there is a new key.",
        )
    days = (moment - now).days
    return Problem(
        "exchange-key-expiring",
        f"Khóa ký hết hạn sau {days} ngày ({_at(moment)}).",
        f"The signing key ends in {days} days ({_at(moment)}).",
        "Đổi khóa trước ngày đó: lienthong rotate-keys. Việc gửi nhận không bị gián đoạn.",
        "Change the key before that day: lienthong rotate-keys. The flow is not interrupted.",
        severity="warning",
    )


def site_silent(facility: str, since: datetime) -> Problem:
    """Hub: a hospital's node has not called for some time."""
    return Problem(
        "exchange-site-silent",
        f"{_name(facility, 'vi')} không liên lạc với trục liên thông từ {_at(since)}.",
        f"{_name(facility, 'en')} has not called the hub since {_at(since)}.",
        "Gọi cho người phụ trách công nghệ thông tin của đơn vị: máy chủ có chạy không, có Internet không.\n"
        "Gói tin gửi cho đơn vị được giữ ở trục liên thông.",
        "Call the unit's IT person: is the server running, has it a line?\n"
        "Messages for the unit are kept at the hub.",
        severity="warning",
    )


def set_aside(problem: Problem) -> Problem:
    """A message will not go on by itself."""
    return Problem(
        "exchange-set-aside",
        f"Một gói tin được đặt riêng: {problem.vi}",
        f"A message was set aside: {problem.en}",
        f"{problem.hint_vi}\nSau đó bấm “Gửi lại” hoặc “Thử lại”, hoặc thôi không gửi và ghi lý do.".strip(),
        f"{problem.hint_en}\nThen press “Send again” or “Try again”, or give it up with the reason.".strip(),
        where={"reason": problem.code, "fault": fault_of(problem)},
    )


def receipt_held(problem: Problem) -> Problem:
    """The hub does not take a receipt that this node has signed."""
    return Problem(
        "exchange-receipt-held",
        f"Trục liên thông không nhận một biên nhận của đơn vị: {problem.vi}",
        f"The hub does not take a receipt of this site: {problem.en}",
        "Nội dung đã được lưu an toàn ở đơn vị, nhưng nơi gửi chưa thấy biên nhận.\n"
        "Báo Sở Y tế mã gói tin này; trục liên thông có thể đã được khôi phục từ bản sao lưu cũ.",
        "The content is safe here, but its sender does not see the receipt.\n"
        "Tell the Department of Health the id of the message; the hub may have been restored from an old backup.",
        where={"reason": problem.code},
    )


def gap(facility: str, first: int, last: int) -> Problem:
    """Messages of a sender have been missing for a quarter of an hour, though later ones are here."""
    return Problem(
        "exchange-gap",
        f"Thiếu {last - first + 1} gói tin của {_name(facility, 'vi')} (số {first} đến {last}).",
        f"{last - first + 1} messages of {_name(facility, 'en')} are missing ({first} to {last}).",
        "Gọi cho đơn vị gửi: mở trang “Việc cần xử lý”, xem gói tin nào bị đặt riêng hoặc còn đang chờ.\n"
        "Cảnh báo tự hết khi các gói tin này đến, hoặc khi đơn vị gửi báo thôi không gửi.",
        "Call the sender: its page “What needs attention” tells which message was set aside or still waits.\n"
        "This closes by itself when they come, or when the sender tells that it has given them up.",
        severity="warning",
        where={"first": first, "last": last},
    )


def refused(problem: Problem) -> Problem:
    """The receiver has refused a message with its signature. Its words may speak of the patient and stay out."""
    return Problem(
        "exchange-refused",
        "Nơi nhận từ chối một gói tin.",
        "The receiver has refused a message.",
        "Mở gói tin để xem lý do nơi nhận nêu.\n"
        "Sửa hồ sơ trên HIS rồi xuất lại; hồ sơ mới tự thay gói tin này.\n"
        "Nếu nơi nhận đã khắc phục, bấm “Gửi lại”; nếu không cần nữa, thôi không gửi và ghi lý do.",
        "Open the message to see the receiver's reason.\n"
        "Mend the dossier in the HIS and export it again; the new one takes this one's place.\n"
        "If the receiver has mended its side, press “Send again”; else give it up with the reason.",
        where={"reason": problem.code, "fault": "refused"},
    )
