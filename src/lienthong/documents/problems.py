"""What can be wrong with a document on its way, in words for a person."""

from __future__ import annotations

from lienthong.foundation.errors import Problem


def no_basis() -> Problem:
    """No legal basis, none that is in force, or not one for this purpose."""
    return Problem(
        "document-basis",
        "Căn cứ pháp lý không có hiệu lực hoặc không dùng cho mục đích đã chọn.",
        "The legal basis is not in force or does not stand for the purpose chosen.",
        "Điều trị cấp cứu cần căn cứ cấp cứu; các mục đích khác dùng căn cứ điều trị hoặc sự đồng ý của người bệnh.",
        "Emergency treatment needs the emergency as its basis; others treatment or the patient's consent.",
    )


def not_treated() -> Problem:
    """The record knows of no visit and no referral to this unit."""
    return Problem(
        "document-basis",
        "Đơn vị chưa có lượt khám, lịch hẹn hoặc phiếu chuyển nào của người bệnh này.",
        "This unit has no visit, appointment or referral of this patient.",
        "Nếu là cấp cứu hoặc người bệnh đã đồng ý bằng văn bản, chọn căn cứ đó và ghi rõ lý do.",
        "In an emergency, or with the patient's written consent, choose that basis and say why.",
    )


def no_reason() -> Problem:
    """Emergency and consent need words."""
    return Problem(
        "document-reason",
        "Cần ghi lý do (ít nhất 10 ký tự) khi hỏi theo căn cứ cấp cứu hoặc sự đồng ý của người bệnh.",
        "A reason of at least 10 characters is needed when asking in an emergency or with consent.",
        "Ví dụ: hôn mê, cần biết thuốc chống đông đang dùng; hoặc số và ngày của văn bản đồng ý.",
        "For example: unconscious, anticoagulants must be known; or number and day of the written consent.",
    )


def no_identifier() -> Problem:
    """Nothing by which another unit could know this patient."""
    return Problem(
        "document-no-identifier",
        "Hồ sơ của người bệnh chưa có số định danh nào để hỏi đơn vị khác.",
        "The patient's record has no number by which other units know him.",
        "Bổ sung số định danh cá nhân hoặc mã thẻ bảo hiểm y tế trên HIS rồi hỏi lại.",
        "Enter the citizen number or the insurance card in the HIS, then ask again.",
    )


def no_source(ref: str) -> Problem:
    """What is to be published is not here."""
    return Problem(
        "document-no-source",
        "Không tìm thấy tài liệu hoặc người bệnh này trong hồ sơ của đơn vị.",
        "There is no such document or patient in the unit's records.",
        "Mở lại hồ sơ người bệnh và chọn tài liệu cần công bố.",
        "Open the patient's record again and choose what to publish.",
        where={"reference": ref},
    )


def protected() -> Problem:
    """Specially protected content is not published to the province."""
    return Problem(
        "document-protected",
        "Tài liệu có nội dung được bảo vệ đặc biệt (tâm thần, HIV, sức khỏe sinh sản), không công bố lên tỉnh.",
        "The document has specially protected content (psychiatric, HIV, reproductive) and is not published.",
        "Gửi trực tiếp cho bệnh viện tiếp nhận khi chuyển tuyến, theo căn cứ pháp lý của lần chuyển đó.",
        "Send it directly to the receiving hospital with a transfer, on the legal basis of that transfer.",
    )


def too_large(limit: int) -> Problem:
    """The document is larger than what is published."""
    return Problem(
        "document-too-large",
        f"Tài liệu lớn hơn giới hạn {limit >> 20} MiB.",
        f"The document is larger than {limit >> 20} MiB.",
        "Công bố bản tóm tắt, hoặc nén tài liệu rồi công bố lại.",
        "Publish the summary, or make the document smaller.",
    )


def not_current() -> Problem:
    """It was withdrawn or replaced already."""
    return Problem(
        "document-not-current",
        "Tài liệu này đã được thu hồi hoặc đã có bản mới thay thế.",
        "This document was withdrawn or replaced already.",
        "Tải lại trang để xem tình trạng hiện tại.",
        "Load the page again to see how it stands.",
    )


def bad_metadata(path: str, why: str) -> Problem:
    """A Provide Document Bundle that is not as IHE MHD says."""
    return Problem(
        "mhd-invalid",
        f"Gói tài liệu không đúng IHE MHD (ITI-65) tại {path}: {why}",
        f"Not a Provide Document Bundle of IHE MHD (ITI-65) at {path}: {why}",
        "Sửa phần mềm gửi theo tài liệu docs/reference/documents.md.",
        "Correct the sending program; see docs/reference/documents.md.",
        where={"path": path},
    )


def bad_signature(why: str) -> Problem:
    """The publisher's signature does not fit."""
    return Problem(
        "document-bad-signature",
        "Chữ ký của đơn vị công bố không khớp với tài liệu.",
        "The publisher's signature does not fit the document.",
        "Tài liệu không được nhận. Báo cho đơn vị công bố và Sở Y tế.",
        "The document is not taken. Tell the publishing unit and the Department of Health.",
        where={"reason": why},
    )


def not_taken(problem: Problem) -> Problem:
    """The hub does not take a publication: for whoever looks after the unit's node."""
    return Problem(
        "document-not-taken",
        f"Tỉnh không nhận một tài liệu đã công bố: {problem.vi}",
        f"The hub does not take a published document: {problem.en}",
        f"Mở trang Tài liệu đã công bố để xem tài liệu nào.\n{problem.hint_vi}",
        f"See under Published documents which one it is.\n{problem.hint_en}",
        where={"reason": problem.code},
    )


def other_content() -> Problem:
    """The number of the document was used for other content."""
    return Problem(
        "document-other-content",
        "Số của tài liệu này đã dùng cho một nội dung khác.",
        "The number of this document was used for other content.",
        "Tài liệu thay thế cần số mới và ghi rõ thay cho tài liệu nào.",
        "A replacement needs a number of its own and says what it replaces.",
    )


def unknown() -> Problem:
    """There is no such document here."""
    return Problem(
        "document-unknown",
        "Không có tài liệu này, hoặc tài liệu đã được thu hồi.",
        "There is no such document, or it was withdrawn.",
        "Tìm lại tài liệu của người bệnh trong tỉnh.",
        "Search the province again for the patient's documents.",
    )


def other_person() -> Problem:
    """The document is not of the person asked about."""
    return Problem(
        "document-other-person",
        "Tài liệu không thuộc về người bệnh được hỏi.",
        "The document is not of the person asked about.",
        "Kiểm tra số định danh của người bệnh trong hồ sơ của hai đơn vị.",
        "Check the patient's numbers in the records of both units.",
    )


def held_elsewhere(facility: str) -> Problem:
    """Only the entry is here; the hospital keeps the document."""
    return Problem(
        "document-held-elsewhere",
        f"Nơi này chỉ có thông tin mô tả; tài liệu do cơ sở {facility} lưu giữ.",
        f"Only the entry is here; facility {facility} keeps the document.",
        "Hỏi tài liệu từ trang hồ sơ người bệnh tại đơn vị của bạn; yêu cầu sẽ được gửi đến cơ sở đó.",
        "Ask for it on the patient's page at your own unit; the request goes to that facility.",
        where={"facility": facility},
    )


def damaged() -> Problem:
    """What came is not what the entry says."""
    return Problem(
        "document-damaged",
        "Nội dung nhận được không khớp với mã băm SHA-256 trong thông tin của tài liệu.",
        "What came does not fit the SHA-256 of the entry.",
        "Hỏi lại tài liệu; nếu vẫn không khớp, báo cho đơn vị công bố.",
        "Ask for it again; if it still does not fit, tell the publishing unit.",
    )


def not_understood(why: str) -> Problem:
    """The call is not of its shape."""
    return Problem(
        "document-not-understood",
        "Lời gọi không đúng cấu trúc.",
        "The call is not well formed.",
        f"Cập nhật phần mềm Liên Thông tại đơn vị. Chi tiết: {why}",
        f"Update the program at the unit. Detail: {why}",
        where={"reason": why},
    )


def no_door() -> Problem:
    """Nothing is served at that address."""
    return Problem(
        "document-no-door",
        "Không có dịch vụ tại địa chỉ này.",
        "Nothing is served at this address.",
        "Kiểm tra địa chỉ của Sở Y tế và phiên bản phần mềm.",
        "Check the address of the hub and the version of the program.",
    )


def busy() -> Problem:
    """The hub's database cannot write now."""
    return Problem(
        "document-busy",
        "Máy chủ của Sở Y tế tạm thời chưa ghi được.",
        "The hub cannot write at the moment.",
        "Yêu cầu được giữ tại đơn vị và sẽ tự gửi lại.",
        "The call is kept at the unit and sent again by itself.",
        retry=True,
    )


def not_acceptable(media: str) -> Problem:
    """The caller does not take the document's media type."""
    return Problem(
        "document-not-acceptable",
        f"Tài liệu có kiểu {media}, không nằm trong các kiểu mà bên gọi chấp nhận.",
        f"The document is {media}, which is none of the types that the caller accepts.",
        "Bỏ tiêu đề Accept, hoặc thêm kiểu của tài liệu vào Accept.",
        "Leave Accept out, or add the document's type to it.",
        where={"contentType": media},
    )
