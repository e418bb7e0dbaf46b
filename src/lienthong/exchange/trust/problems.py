"""What can go wrong with joining, keys and the directory, in words."""

from __future__ import annotations

from lienthong.foundation.errors import Problem


def code_mistyped() -> Problem:
    """The check characters do not fit: a letter or the address is wrong."""
    return Problem(
        "trust-code-mistyped",
        "Mã kết nối gõ chưa đúng.",
        "The code was not typed correctly.",
        "So từng nhóm 5 ký tự và địa chỉ sau dấu @ với tờ mã của Sở Y tế rồi nhập lại.",
        "Compare each group of 5 characters and the address after the @ with the sheet, then enter it again.",
    )


def code_address() -> Problem:
    """No address of a hub."""
    return Problem(
        "trust-code-address",
        "Địa chỉ của trục liên thông không đúng.",
        "The address of the hub is not right.",
        "Địa chỉ gồm tên máy chủ và có thể có cổng, ví dụ truc.example.vn hoặc truc.example.vn:8443.",
        "The address is a host name and perhaps a port, e.g. hub.example.vn or hub.example.vn:8443.",
    )


def code_not_valid() -> Problem:
    """One answer for every code that does not work, so that nobody learns which codes there are."""
    return Problem(
        "trust-code-not-valid",
        "Mã kết nối không dùng được: sai, hết hạn hoặc đã dùng.",
        "The code does not work: wrong, expired or used.",
        "Kiểm tra đã gõ đúng mã mới nhất; nếu vẫn không được, xin Sở Y tế cấp mã khác.",
        "Check that the newest code was typed; if it still fails, ask the Department of Health for another.",
    )


def code_for_another(facility: str) -> Problem:
    """The code was made for another unit than the one whose computer uses it."""
    return Problem(
        "trust-code-for-another",
        f"Mã kết nối này không cấp cho đơn vị {facility}.",
        f"This code was not made for the unit {facility}.",
        "Kiểm tra mã đơn vị (facility) trong lienthong.toml, hoặc xin Sở Y tế cấp mã cho đúng đơn vị.",
        "Check the facility in lienthong.toml, or ask the Department of Health for a code for this unit.",
    )


def no_review() -> Problem:
    """Without a security review on record no code is made."""
    return Problem(
        "trust-no-review",
        "Chưa có hồ sơ cấp độ an toàn của đơn vị nên chưa thể cấp mã kết nối.",
        "The unit's security review is not on record, so no code can be made.",
        "Nhập văn bản phê duyệt cấp độ an toàn hệ thống thông tin của đơn vị trước.",
        "Enter the document that approved the security level of the unit's information system first.",
    )


def level_too_low(level: int, least: int) -> Problem:
    """The approved level is below what systems with patients' data need."""
    return Problem(
        "trust-level-too-low",
        f"Cấp độ an toàn đã duyệt là {level}; hệ thống xử lý dữ liệu người bệnh phải từ cấp độ {least} trở lên.",
        f"The approved security level is {level}; a system with patients' data needs {least} or more.",
        "Đơn vị lập lại hồ sơ đề xuất cấp độ và trình phê duyệt.",
        "The unit proposes the right level again and has it approved.",
    )


def connected_already(facility: str) -> Problem:
    """The facility's site works; its place must be free before another takes it."""
    return Problem(
        "trust-connected-already",
        f"Đơn vị {facility} đang kết nối.",
        f"The unit {facility} is connected.",
        "Nếu máy cũ đã hỏng, mất hoặc được thay, hãy ngắt kết nối trước rồi mới cấp mã mới.",
        "If its old computer is broken, lost or replaced, cut it off first, then make a new code.",
    )


def not_open(state: str) -> Problem:
    """The request was decided before, or never came."""
    return Problem(
        "trust-not-waiting",
        "Yêu cầu kết nối này không còn chờ duyệt.",
        "This request is not waiting any more.",
        where={"state": state},
    )


def hub_not_proven() -> Problem:
    """The answer was not made by somebody who knows the code."""
    return Problem(
        "trust-hub-not-proven",
        "Máy chủ trả lời không chứng minh được đó là trục liên thông của Sở Y tế.",
        "The server that answered could not prove that it is the hub.",
        "Kiểm tra địa chỉ trong mã kết nối và đường truyền; có thể có máy khác xen vào giữa. Báo cho Sở Y tế.",
        "Check the address in the code and the line; another machine may be in between. Tell the Department of Health.",
    )


def bad_statement(reason: str) -> Problem:
    """What came is no statement of the hub."""
    return Problem(
        "trust-bad-directory",
        "Danh bạ nhận được không hợp lệ nên không được áp dụng.",
        "The directory that came is not valid and was not applied.",
        f"Báo cho Sở Y tế: {reason}",
        f"Tell the Department of Health: {reason}",
        where={"reason": reason},
    )


def forked(number: int) -> Problem:
    """Two statements with one number, or a statement that does not follow the one before."""
    return Problem(
        "trust-directory-forked",
        f"Danh bạ số {number} của trục không nối tiếp danh bạ đơn vị đang giữ.",
        f"The hub's directory number {number} does not follow the one kept here.",
        "Danh bạ mới không được áp dụng. Gọi ngay cho Sở Y tế: máy chủ của trục có thể bị giả mạo hoặc phục hồi sai.",
        "It was not applied. Call the Department of Health now: the hub may be forged or wrongly restored.",
        where={"number": number},
    )


def cut_off(facility: str) -> Problem:
    """For whoever sent to a site that was cut off before its receipt came."""
    return Problem(
        "trust-receiver-cut-off",
        f"Đơn vị nhận {facility} đã bị Sở Y tế ngắt kết nối trước khi có biên nhận; gói tin không được giao.",
        f"The receiving facility {facility} was cut off before a receipt came; the message is not handed over.",
        "Báo cho đơn vị nhận bằng điện thoại hoặc giấy. Khi đơn vị kết nối lại, hãy gửi lại.",
        "Tell the receiver by telephone or on paper. Send it again once the unit has joined anew.",
        where={"facility": facility},
    )


def self_cut_off() -> Problem:
    """For a site that was cut off itself."""
    return Problem(
        "trust-cut-off",
        "Sở Y tế đã ngắt kết nối đơn vị này khỏi trục liên thông.",
        "The Department of Health has cut this site off.",
        "Gọi cho Sở Y tế. Dữ liệu tại đơn vị vẫn nguyên vẹn; muốn kết nối lại cần mã kết nối mới.",
        "Call the Department of Health. The data here are untouched; to join again a new code is needed.",
    )


def nothing_to_cut(facility: str) -> Problem:
    """The facility has no node that is not cut off already."""
    return Problem(
        "trust-not-connected",
        f"Đơn vị {facility} không có kết nối nào đang hoạt động.",
        f"The facility {facility} has no connection.",
        "Kiểm tra lại mã đơn vị.",
        "Check the facility's code.",
    )


def reason_needed() -> Problem:
    """A cut-off without a reason."""
    return Problem(
        "trust-reason-needed",
        "Cần ghi lý do ngắt kết nối.",
        "A reason for the cut-off is needed.",
    )


def bad_proposal(reason: str) -> Problem:
    """New keys that the hub does not take."""
    return Problem(
        "trust-bad-proposal",
        "Trục liên thông không nhận khóa mới của đơn vị.",
        "The hub does not take the new keys.",
        f"Lý do: {reason}",
        f"Reason: {reason}",
        where={"reason": reason},
    )


def not_joined() -> Problem:
    """The site has no hub yet."""
    return Problem(
        "trust-not-joined",
        "Đơn vị chưa kết nối với trục liên thông.",
        "This site has not joined a hub yet.",
        "Nhập mã kết nối do Sở Y tế cấp.",
        "Enter the code from the Department of Health.",
    )


def key_old(days: int) -> Problem:
    """The keys are older than a year."""
    return Problem(
        "trust-key-old",
        f"Khóa của đơn vị đã dùng {days} ngày; nên đổi khóa mỗi năm một lần.",
        f"The keys have been in use for {days} days; they should be renewed every year.",
        "Bấm “Đổi khóa” trên trang Kết nối với trục. Gói tin đang chờ vẫn đi bình thường.",
        "Press “Renew the keys” on the page Connection with the hub. Messages that wait go on as usual.",
        severity="warning",
    )


def clock_wrong(seconds: int) -> Problem:
    """This site's clock differs from the hub's by more than the hub allows."""
    minutes = max(1, abs(seconds) // 60)
    vi, en = ("chậm", "slow") if seconds > 0 else ("nhanh", "fast")
    return Problem(
        "trust-clock-wrong",
        f"Đồng hồ máy chủ của đơn vị {vi} {minutes} phút so với trục.",
        f"The clock of this server is {minutes} minutes {en} against the hub's.",
        "Bật đồng bộ giờ (NTP) trên máy chủ; giờ ghi trên gói tin, biên nhận và nhật ký đang sai.",
        "Switch time synchronisation (NTP) on; the times on messages, receipts and in the audit trail are wrong.",
    )


def join_waiting(facility: str) -> Problem:
    """For the officer: a unit has used its code."""
    return Problem(
        "trust-join-waiting",
        f"Đơn vị {facility} đang chờ duyệt kết nối.",
        f"The unit {facility} waits to be let in.",
        "Mở trang Các đơn vị, gọi cho đơn vị, so 16 chữ số rồi duyệt hoặc từ chối.",
        "Open the page Units, call the unit, compare the 16 digits, then approve or refuse.",
        severity="warning",
        where={"facility": facility},
    )
