"""What can go wrong with a message, in words."""

from __future__ import annotations

from lienthong.foundation.errors import LienThongError, Problem


class Refused(LienThongError):
    """Raised by a handler: the message is set aside and its sender gets a signed refusal with this problem."""


def bad_manifest(reason: str) -> Problem:
    """The manifest cannot be read."""
    return Problem(
        "exchange-bad-manifest",
        "Bản kê của gói tin không đúng cấu trúc.",
        "The manifest of the message is not well formed.",
        f"Phần mềm gửi cần được sửa: {reason}",
        f"The sending software must be corrected: {reason}",
        where={"reason": reason},
    )


def bad_signature(reason: str) -> Problem:
    """The signature is not that of the node it names."""
    return Problem(
        "exchange-bad-signature",
        "Chữ ký số không khớp với nội dung hoặc không phải của đơn vị gửi.",
        "The signature does not fit the content or is not the sender's.",
        "Báo cho Sở Y tế: nội dung có thể đã bị thay đổi trên đường truyền.",
        "Tell the Department of Health: the content may have been changed on the way.",
        where={"reason": reason},
    )


def unknown_key(kid: str) -> Problem:
    """No valid key of that name is in the directory."""
    return Problem(
        "exchange-unknown-key",
        "Khóa ký của đơn vị gửi chưa có trong danh bạ hoặc đã hết hiệu lực.",
        "The sender's signing key is not in the directory or is no longer valid.",
        "Cập nhật danh bạ các đơn vị; gói tin sẽ được thử lại.",
        "Bring the directory of facilities up to date; the message is tried again.",
        where={"kid": kid},
        retry=True,
    )


def unknown_receiver(facility: str) -> Problem:
    """Nobody collects mail for that facility."""
    return Problem(
        "exchange-unknown-receiver",
        f"Đơn vị nhận {facility} chưa kết nối liên thông.",
        f"The receiving facility {facility} is not connected.",
        "Kiểm tra mã cơ sở khám chữa bệnh, hoặc hỏi Sở Y tế khi nào đơn vị này kết nối.",
        "Check the facility code, or ask the Department of Health when it will be connected.",
        where={"facility": facility},
    )


def to_self() -> Problem:
    """Sender and receiver are the same facility."""
    return Problem(
        "exchange-to-self",
        "Không thể gửi gói tin cho chính đơn vị mình.",
        "A facility cannot send a message to itself.",
    )


def missing_parts(count: int) -> Problem:
    """Parts named by the manifest were not put by the caller."""
    return Problem(
        "exchange-missing-parts",
        f"Còn thiếu {count} tệp đính kèm của gói tin trên trục liên thông.",
        f"{count} parts of the message are not at the hub yet.",
        "Tải các tệp này lên rồi gửi lại bản kê.",
        "Put these parts, then send the manifest again.",
        retry=True,
    )


def other_content() -> Problem:
    """The same message id with another manifest."""
    return Problem(
        "exchange-id-taken",
        "Mã gói tin này đã được dùng cho một nội dung khác.",
        "This message id was already used for other content.",
    )


def wrong_part(sha256: str) -> Problem:
    """What came is not the content that the manifest names."""
    return Problem(
        "exchange-wrong-part",
        "Tệp đính kèm nhận được không khớp với mã băm trong bản kê.",
        "The part received does not fit the hash in the manifest.",
        "Hệ thống sẽ tự tải lại; nếu lặp lại nhiều lần hãy báo Sở Y tế.",
        "It is fetched again by itself; if this goes on, tell the Department of Health.",
        where={"sha256": sha256},
        retry=True,
    )


def part_lost(sha256: str) -> Problem:
    """A part of an outgoing message is not in this node's blob folder."""
    return Problem(
        "exchange-part-lost",
        "Tệp đính kèm của gói tin không còn trong kho lưu của đơn vị.",
        "A part of the message is no longer in this node's store.",
        "Khôi phục thư mục dữ liệu từ bản sao lưu, rồi gửi lại hồ sơ.",
        "Restore the data folder from the backup, then send the dossier again.",
        where={"sha256": sha256},
    )


def cannot_open(sha256: str) -> Problem:
    """A part was sealed to another key, or its content is not what the manifest names."""
    return Problem(
        "exchange-cannot-open",
        "Đơn vị nhận không mở được tệp đính kèm: tệp được niêm phong bằng khóa khác hoặc đã bị thay đổi.",
        "The receiver cannot open a part: it was sealed to another key, or changed.",
        "Gửi lại gói tin: hệ thống sẽ niêm phong bằng khóa hiện hành của đơn vị nhận.",
        "Send the message again: it is sealed to the receiver's present key then.",
        where={"sha256": sha256},
    )


def content_awaited(count: int) -> Problem:
    """The sender took parts as held here that are not."""
    return Problem(
        "exchange-content-awaited",
        f"Thiếu {count} tệp mà đơn vị gửi cho là đã có ở đây.",
        f"{count} parts are not here, though the sender took them as held.",
        "Đã yêu cầu đơn vị gửi gửi lại các tệp này.",
        "The sender has been asked for them.",
        retry=True,
    )


def fork(sender: str, seq: int) -> Problem:
    """Two messages of a sender stand at the same place of its chain."""
    return Problem(
        "exchange-fork",
        f"Chuỗi gói tin của đơn vị {sender} bị rẽ nhánh ở số {seq}.",
        f"The chain of messages from {sender} forks at number {seq}.",
        "Gọi cho đơn vị gửi: máy chủ có thể đã được khôi phục từ bản sao lưu cũ, hoặc khóa bị dùng ở nơi khác.",
        "Call the sender: its server may have been restored from an old backup, or its key is used elsewhere.",
        severity="warning",
        where={"facility": sender, "seq": seq},
    )


def part_damaged(sha256: str) -> Problem:
    """A sealed part of an outgoing message has changed on this node's disk."""
    return Problem(
        "exchange-part-damaged",
        "Tệp đính kèm của gói tin bị hỏng trên ổ đĩa của đơn vị.",
        "A part of the message has changed on this node's disk.",
        "Kiểm tra ổ đĩa. Gửi lại: hệ thống niêm phong lại từ nội dung gốc, nếu nội dung gốc còn nguyên.",
        "Check the disk. Send it again: it is sealed once more from the source, if that is whole.",
        where={"sha256": sha256},
    )


def newer_stored() -> Problem:
    """Receiver: a newer message of the loop, which stands for this one, was stored before it could be."""
    return Problem(
        "exchange-newer-stored",
        "Nơi nhận đã lưu hồ sơ mới hơn của lượt chuyển này, nên không lưu bản cũ.",
        "The receiver has stored a newer dossier of this transfer, and so not this older one.",
    )


def no_such_part() -> Problem:
    """Not there, or not the caller's to see."""
    return Problem(
        "exchange-no-such-part",
        "Không có tệp đính kèm này, hoặc đơn vị không có quyền lấy.",
        "There is no such part, or it is not yours to fetch.",
    )


def bad_receipt(reason: str) -> Problem:
    """A receipt that proves nothing."""
    return Problem(
        "exchange-bad-receipt",
        "Biên nhận không hợp lệ.",
        "The receipt is not valid.",
        f"Lý do: {reason}",
        f"Reason: {reason}",
        where={"reason": reason},
    )


def no_handler(kind: str) -> Problem:
    """This version does not know that kind of message."""
    return Problem(
        "exchange-no-handler",
        f"Phiên bản đang chạy chưa biết loại gói tin “{kind}”.",
        f"The running version does not know messages of kind “{kind}”.",
        "Nâng cấp phần mềm; gói tin được giữ lại và sẽ được xử lý sau đó.",
        "Upgrade the software; the message is kept and handled then.",
        where={"kind": kind},
        retry=True,
    )


def handler_failed(error: BaseException) -> Problem:
    """The handler broke off; the message is kept."""
    return Problem(
        "exchange-handler-failed",
        "Chưa lưu được gói tin vì lỗi của phần mềm; gói tin được giữ lại và sẽ thử lại.",
        "The message could not be stored because of a fault in the software; it is kept and tried again.",
        "Xem nhật ký của máy chủ và báo cho đơn vị hỗ trợ nếu lỗi lặp lại.",
        "See the server's log; tell support if this goes on.",
        where={"error": type(error).__name__},
        retry=True,
    )


def no_line(reason: str) -> Problem:
    """The hub cannot be reached, or cannot work at the moment."""
    return Problem(
        "exchange-no-line",
        "Chưa kết nối được với trục liên thông của Sở Y tế.",
        "The hub of the Department of Health cannot be reached.",
        "Không cần nhập lại: gói tin được giữ và tự gửi khi có đường truyền. Kiểm tra đường truyền Internet.",
        "Nothing must be entered again: messages are kept and sent when the line is back. Check the Internet line.",
        where={"reason": reason},
        retry=True,
    )


def hub_fault(status: int) -> Problem:
    """The hub answered with something that is not of the protocol."""
    return Problem(
        "exchange-hub-fault",
        f"Trục liên thông trả lời không đúng giao thức (mã {status}).",
        f"The hub's answer is not of the protocol (status {status}).",
        "Gói tin được giữ lại và sẽ thử lại; nếu lặp lại hãy báo Sở Y tế.",
        "The message is kept and tried again; if this goes on, tell the Department of Health.",
        where={"status": status},
        retry=True,
    )


def not_allowed(reason: str) -> Problem:
    """Token or assertion missing, expired, used twice, or of a node that may not call."""
    return Problem(
        "exchange-not-allowed",
        "Đơn vị chưa được xác thực với trục liên thông.",
        "The caller is not authenticated at the hub.",
        "Kiểm tra đồng hồ máy chủ và khóa của đơn vị trong danh bạ của Sở Y tế.",
        "Check the clock of the server and the node's key in the directory of the Department of Health.",
        where={"reason": reason},
    )


def no_door() -> Problem:
    """No such door at this node."""
    return Problem(
        "exchange-no-door",
        "Không có địa chỉ này trên máy chủ.",
        "There is no such door at this node.",
    )


def not_understood(reason: str) -> Problem:
    """A parameter or body that the door does not take."""
    return Problem(
        "exchange-not-understood",
        "Yêu cầu không đúng giao thức liên thông.",
        "The request is not of the exchange protocol.",
        f"Lý do: {reason}",
        f"Reason: {reason}",
        where={"reason": reason},
    )


def disk_full(free: int, needed: int) -> Problem:
    """Less than the reserve would be left on this node's disk."""
    return Problem(
        "exchange-disk-full",
        f"Ổ đĩa của máy chủ sắp đầy: còn {free >> 20} MB, cần ít nhất {needed >> 20} MB để nhận thêm dữ liệu.",
        f"The server's disk is nearly full: {free >> 20} MB are left, {needed >> 20} MB are needed to take more.",
        "Giải phóng dung lượng trên ổ đĩa, hoặc chuyển sang ổ đĩa lớn hơn.\n"
        "Không cần nhập lại gì: dữ liệu đã nhận vẫn an toàn, dữ liệu mới sẽ được nhận khi đủ chỗ.",
        "Make room on the disk, or move to a larger one.\n"
        "Nothing must be entered again: what was taken is safe, what is new is taken when there is room.",
        where={"free_mb": free >> 20, "needed_mb": needed >> 20},
        retry=True,
    )


def hub_full(free: int, needed: int) -> Problem:
    """The same at the hub."""
    return Problem(
        "exchange-hub-full",
        "Ổ đĩa của trục liên thông sắp đầy, nên tạm thời chưa nhận thêm gói tin.",
        "The hub's disk is nearly full, so that it takes no more messages for now.",
        "Sở Y tế cần giải phóng dung lượng trên máy chủ của trục liên thông.\n"
        "Các đơn vị không cần làm gì: gói tin được giữ lại và tự gửi khi đủ chỗ.",
        "The Department of Health must make room on the hub's server.\n"
        "Hospitals need not do anything: messages are kept and sent by themselves when there is room.",
        where={"free_mb": free >> 20, "needed_mb": needed >> 20},
        retry=True,
    )


def queue_full(messages: int, size: int) -> Problem:
    """More waits to be sent than the node's quota allows."""
    return Problem(
        "exchange-queue-full",
        f"Hàng chờ gửi đã đầy: {messages} gói tin ({size >> 20} MB) đang chờ đường truyền.",
        f"The queue is full: {messages} messages ({size >> 20} MB) wait for the line.",
        "Kiểm tra đường truyền Internet của đơn vị.\n"
        "Nếu đường truyền tốt mà hàng chờ vẫn dài, tăng quota_messages hoặc quota_mb trong lienthong.toml.\n"
        "Không cần nhập lại gì: dữ liệu mới sẽ được nhận khi hàng chờ ngắn lại.",
        "Check the Internet line.\n"
        "If the line is good and the queue stays long, raise quota_messages or quota_mb in lienthong.toml.\n"
        "Nothing must be entered again: what is new is taken when the queue has become shorter.",
        where={"messages": messages},
        retry=True,
    )


def disk_failed() -> Problem:
    """A write to the disk failed; nothing of it was kept."""
    return Problem(
        "exchange-disk-failed",
        "Máy chủ không ghi được vào ổ đĩa (ổ đĩa đầy hoặc bị lỗi).",
        "The server cannot write to its disk (it is full or broken).",
        "Giải phóng dung lượng; nếu ổ đĩa còn chỗ thì kiểm tra ổ đĩa có bị lỗi không.\n"
        "Chưa có gì bị mất: việc đang làm được hoãn lại và tự làm tiếp khi ghi được.",
        "Make room; if there is room, check the disk for faults.\n"
        "Nothing is lost: the work is put off and goes on by itself when the disk can be written again.",
        retry=True,
    )


def not_possible() -> Problem:
    """The message is not one that waits for a person."""
    return Problem(
        "exchange-not-possible",
        "Gói tin này không ở trạng thái cần xử lý.",
        "This message does not wait for a decision.",
        "Tải lại trang để xem trạng thái mới nhất.",
        "Reload the page to see its present state.",
    )


def newer_sent() -> Problem:
    """A newer message of the loop stands for this one."""
    return Problem(
        "exchange-newer-sent",
        "Đã có hồ sơ mới hơn được gửi cho lượt chuyển này; gửi lại bản cũ sẽ thay mất bản mới.",
        "A newer dossier of this transfer was sent; sending the old one again would take its place.",
        "Thôi không gửi gói tin này nữa và ghi lý do.",
        "Give this message up with the reason.",
    )


def no_reason(shortest: int) -> Problem:
    """Giving up needs a reason."""
    return Problem(
        "exchange-no-reason",
        f"Cần ghi lý do, ít nhất {shortest} ký tự.",
        f"A reason is needed, at least {shortest} characters.",
    )


def given_up(why: str) -> Problem:
    """The receiving hospital's IT has closed a message that could not be stored."""
    return Problem(
        "exchange-given-up",
        "Nơi nhận không lưu được gói tin và đã thôi xử lý.",
        "The receiver could not store the message and has given it up.",
        f"Lý do nơi nhận nêu: {why}",
        f"The receiver's reason: {why}",
    )


def no_such_upload() -> Problem:
    """Never begun by this caller, ended, expired, or its content was not what had been announced."""
    return Problem(
        "exchange-no-such-upload",
        "Không có lượt tải lên này, hoặc lượt này đã kết thúc hay hết hạn.",
        "There is no such upload, or it has ended or expired.",
        "Bắt đầu một lượt tải lên mới.",
        "Begin a new upload.",
    )


def other_offset() -> Problem:
    """Bytes that do not begin where those here end, or another call goes on with the upload."""
    return Problem(
        "exchange-other-offset",
        "Vị trí gửi tiếp không khớp với phần đã nhận.",
        "The offset is not where the bytes received end.",
        "Hỏi lại vị trí bằng HEAD rồi gửi tiếp từ đó.",
        "Ask for the offset by HEAD and go on from there.",
        retry=True,
    )


def upload_locked() -> Problem:
    """All bytes are here and are being checked."""
    return Problem(
        "exchange-upload-locked",
        "Tệp vừa tải lên đang được kiểm tra.",
        "What was uploaded is being checked.",
        "Chờ theo thời gian trong Retry-After rồi hỏi lại.",
        "Wait as Retry-After says, then ask again.",
        retry=True,
    )


def upload_too_large(limit: int) -> Problem:
    """More bytes than one part may have."""
    return Problem(
        "exchange-upload-too-large",
        f"Tệp lớn hơn giới hạn {limit >> 30} GiB của một lượt tải lên.",
        f"The content is larger than the limit of {limit >> 30} GiB for one upload.",
        "Chia ca chụp thành nhiều tệp nhỏ hơn rồi gửi lại.",
        "Split the study into smaller parts and send it again.",
    )


def too_many_uploads(count: int) -> Problem:
    """A facility has begun more than it finishes."""
    return Problem(
        "exchange-too-many-uploads",
        f"Đơn vị đang có {count} lượt tải lên chưa xong.",
        f"The facility has {count} unfinished uploads.",
        "Gửi xong hoặc hủy các lượt cũ; hệ thống sẽ tự thử lại.",
        "Finish or end the earlier ones; it is tried again by itself.",
        retry=True,
    )
