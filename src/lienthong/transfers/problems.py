"""What can be wrong with a transfer, in words for a person."""

from __future__ import annotations

from lienthong.foundation.errors import Problem


def not_connected(receiver: str) -> Problem:
    """The receiving hospital has no node in the directory."""
    return Problem(
        code="transfer-receiver-not-connected",
        severity="warning",
        vi=f"Cơ sở nhận {receiver} chưa kết nối với hệ thống.",
        en=f"The receiving facility {receiver} is not connected.",
        hint_vi="In phiếu chuyển cho người bệnh mang theo; khi cơ sở nhận kết nối, gửi lại hồ sơ.",
        hint_en="Print the slip for the patient; send again when the facility is connected.",
    )


def no_visit() -> Problem:
    """The visit is not one of this unit."""
    return Problem(
        code="transfer-no-visit",
        vi="Không tìm thấy lượt khám này trong hồ sơ của đơn vị.",
        en="This visit is not in the unit's own records.",
        hint_vi="Chọn lượt khám từ hồ sơ người bệnh.",
        hint_en="Choose the visit from the patient's record.",
    )


def no_transfer() -> Problem:
    """There is no such loop here."""
    return Problem(
        code="transfer-unknown",
        vi="Đơn vị không có lượt chuyển này.",
        en="This hospital knows no such transfer.",
        hint_vi="Kiểm tra lại mã lượt chuyển, hoặc chờ hồ sơ đến.",
        hint_en="Check the number of the transfer, or wait until it has come.",
    )


def not_allowed() -> Problem:
    """The step does not follow what was reached."""
    return Problem(
        code="transfer-step-not-possible",
        vi="Bước này hiện không thực hiện được: đã có người thực hiện, hoặc chưa đến lượt.",
        en="This step is not possible now: somebody has taken it already, or another comes first.",
        hint_vi="Tải lại trang để xem trạng thái mới nhất.",
        hint_en="Reload the page to see the present state.",
    )


def changed(who: str, what: str) -> Problem:
    """Another person changed the transfer meanwhile; nothing of theirs was overwritten."""
    return Problem(
        code="transfer-changed",
        vi=f"Trong lúc bạn đang mở trang, {who or 'người khác'} đã thay đổi lượt chuyển này: {what}.",
        en=f"While you had the page open, {who or 'somebody else'} changed this transfer: {what}.",
        hint_vi="Điều bạn vừa nhập chưa được lưu. Xem lại thay đổi, rồi thực hiện lại nếu vẫn cần.",
        hint_en="What you entered was not kept. Look at the change, then do it again if it is still needed.",
        where={"who": who, "what": what},
    )


def step_data(kind: str, what: str) -> Problem:
    """A step says too little, too much or something else."""
    return Problem(
        code="transfer-step-data",
        vi=f"Nội dung của bước “{kind}” thiếu hoặc không đúng: {what}.",
        en=f"What the step “{kind}” says is missing or wrong: {what}.",
        hint_vi="Điền các ô bắt buộc rồi thực hiện lại.",
        hint_en="Fill in what is required and do it again.",
        where={"field": what.rpartition("`$.")[2].rstrip("`") if "`$." in what else what.partition(":")[0]},
    )


def incomplete(missing: int) -> Problem:
    """A draft that is not an emergency lacks parts of the minimum safe set."""
    return Problem(
        code="transfer-incomplete",
        vi=f"Hồ sơ chuyển còn thiếu {missing} mục bắt buộc.",
        en=f"The transfer still lacks {missing} required items.",
        hint_vi="Điền các mục được đánh dấu. Nếu là cấp cứu, chọn mức cấp cứu để gửi ngay và bổ sung sau.",
        hint_en="Fill in what is marked. For an emergency choose that urgency, send now and add the rest after.",
        where={"missing": missing},
    )


def no_such_field(name: str) -> Problem:
    """The form has no such field, or it does not take such a value."""
    return Problem(
        code="transfer-field",
        vi=f"Mục “{name}” không có trong phiếu, hoặc giá trị không hợp lệ.",
        en=f"“{name}” is no field of the form, or it does not take this value.",
        hint_vi="Tải lại trang rồi nhập lại.",
        hint_en="Reload the page and enter it again.",
        where={"field": name},
    )


def no_patient() -> Problem:
    """The dossier lacks the person of whom it speaks."""
    return Problem(
        code="transfer-no-patient",
        vi="Hồ sơ kèm theo không có người bệnh được nêu trong phần đầu.",
        en="The attached record does not hold the patient named in the head.",
    )


def foreign_loop() -> Problem:
    """The message is not of one of the two hospitals of the loop."""
    return Problem(
        code="transfer-foreign",
        vi="Gói tin nói về một lượt chuyển không thuộc nơi gửi này.",
        en="The message speaks of a transfer that is not the sender's.",
    )


def dossier_awaited() -> Problem:
    """A step came whose transfer waits itself."""
    return Problem(
        code="transfer-awaited",
        vi="Bước này thuộc một lượt chuyển mà hồ sơ đã đến nhưng chưa được xử lý xong.",
        en="This step belongs to a transfer whose dossier has come but was not taken yet.",
        hint_vi="Xử lý gói tin của hồ sơ trước; bước này sẽ tự được thử lại.",
        hint_en="See to the dossier's message first; this step is tried again by itself.",
        retry=True,
    )


def step_unreadable(what: str) -> Problem:
    """A step came that this version cannot read."""
    return Problem(
        code="transfer-step-unreadable",
        vi=f"Không đọc được bước do cơ sở kia gửi đến: {what}.",
        en=f"The step that the other hospital sent cannot be read: {what}.",
        hint_vi="Cơ sở gửi cần cập nhật phần mềm rồi gửi lại.",
        hint_en="The sending hospital updates its software and sends it again.",
    )
