"""What can be wrong with a letter, in words."""

from __future__ import annotations

from datetime import date

from lienthong.foundation.errors import Problem

_SCAN_ALL_VI = (
    "Quét lại tất cả các mã vuông trên phiếu; nếu vẫn lỗi, gọi cho nơi chuyển theo số điện thoại trên phiếu."
)
_SCAN_ALL_EN = "Scan all square codes of the letter again; if it fails again, call the sending hospital."
_CALL_VI = "Không dùng nội dung này. Gọi cho nơi chuyển để xác nhận và báo cho bộ phận công nghệ thông tin."
_CALL_EN = "Do not use this content. Call the sending hospital to confirm and tell the IT people."
_UPDATE_VI = (
    "Báo cho bộ phận công nghệ thông tin cập nhật phần mềm; nhập tiếp nhận theo nội dung in trên phiếu."
)
_UPDATE_EN = "Ask the IT people to update the program; admit the patient by what is printed on the letter."


def nothing_read(where: str) -> Problem:
    """No symbol of a letter in a picture or text."""
    return Problem(
        "letter-nothing-read",
        "Không đọc được mã vuông nào của phiếu chuyển.",
        "No square code of a transfer letter could be read.",
        "Chụp thẳng, đủ sáng, không bóng đổ, cả hàng mã nằm gọn trong ảnh; hoặc chụp từng mã một.",
        "Photograph it straight, in good light, without shadow, the whole row of codes inside; or one code at a time.",
        where={"file": where} if where else {},
        retry=True,
    )


def other_codes(count: int) -> Problem:
    """Codes were read, none of them of a letter."""
    return Problem(
        "letter-other-codes",
        f"Đọc được {count} mã vuông nhưng không phải mã của phiếu chuyển Liên Thông.",
        f"{count} square codes were read, but none of a Liên Thông transfer letter.",
        "Quét các mã ở cuối phiếu chuyển, không quét mã trên căn cước, thẻ bảo hiểm hay giấy khác.",
        "Scan the codes at the foot of the transfer letter, not those of an identity or insurance card.",
    )


def two_letters() -> Problem:
    """Symbols of more than one letter."""
    return Problem(
        "letter-two-letters",
        "Các mã vừa quét thuộc về nhiều phiếu chuyển khác nhau.",
        "The codes that were scanned are of different letters.",
        "Bắt đầu lại và chỉ quét các mã của một phiếu.",
        "Begin again and scan the codes of one letter only.",
    )


def misread(index: int) -> Problem:
    """A symbol's text is damaged (e.g. by a keyboard)."""
    return Problem(
        "letter-misread",
        f"Mã số {index} đọc bị sai một vài chữ số." if index else "Có mã đọc bị sai một vài chữ số.",
        f"Some digits of code {index} are wrong." if index else "Some digits of a code are wrong.",
        "Quét lại mã đó; nếu dùng máy quét cầm tay, giảm tốc độ gửi phím của máy quét.",
        "Scan it again; with a hand-held scanner, let it send its keys more slowly.",
        where={"symbol": index} if index else {},
        retry=True,
    )


def damaged() -> Problem:
    """The symbols do not give the letter whose name they carry."""
    return Problem(
        "letter-damaged",
        "Các mã ghép lại không thành đúng một phiếu.",
        "The codes together do not give the letter that they name.",
        _SCAN_ALL_VI,
        _SCAN_ALL_EN,
    )


def newer() -> Problem:
    """Made by a newer version of the program."""
    return Problem(
        "letter-newer",
        "Phiếu được lập bằng phiên bản phần mềm mới hơn phiên bản ở đây.",
        "The letter was made by a newer version of the program than this one.",
        _UPDATE_VI,
        _UPDATE_EN,
    )


def altered() -> Problem:
    """The signature does not fit."""
    return Problem(
        "letter-altered",
        "Chữ ký số không khớp: nội dung phiếu đã bị thay đổi sau khi ký.",
        "The signature does not fit: the letter was altered after it was signed.",
        _CALL_VI,
        _CALL_EN,
    )


def foreign_sender(said: str, signer: str) -> Problem:
    """A hospital signed a letter in the name of another."""
    return Problem(
        "letter-foreign-sender",
        f"Phiếu ghi nơi chuyển là {said} nhưng lại do {signer} ký.",
        f"The letter names {said} as the sender but {signer} signed it.",
        _CALL_VI,
        _CALL_EN,
        where={"sender": said, "signer": signer},
    )


def unreadable(why: str) -> Problem:
    """Genuine or not, the content is not a minimum set."""
    return Problem(
        "letter-unreadable",
        "Nội dung trong mã không đúng cấu trúc của phiếu chuyển.",
        "The content of the codes has not the structure of a letter.",
        _UPDATE_VI,
        _UPDATE_EN,
        where={"reason": why},
    )


def unknown_key(kid: str) -> Problem:
    """The signer's key is not in the directory here: shown, not proven."""
    return Problem(
        "letter-unknown-key",
        "Chưa chứng minh được phiếu do ai ký: khóa ký chưa có trong danh bạ của đơn vị.",
        "It is not proven who signed the letter: the key is not in this unit's directory.",
        "Đối chiếu với giấy tờ và người đưa đến; gọi cho nơi chuyển nếu còn nghi ngờ.",
        "Compare with the papers and the person who brought it; call the sending hospital when in doubt.",
        severity="warning",
        where={"kid": kid},
    )


def key_ended(kid: str) -> Problem:
    """The key had been replaced before the letter says it was signed: shown, not proven."""
    return Problem(
        "letter-key-ended",
        "Chưa chứng minh được phiếu do ai ký: khóa ký đã được thay trước ngày ký ghi trên phiếu.",
        "It is not proven who signed the letter: the key had been replaced before the day on which it was signed.",
        "Đối chiếu với giấy tờ và người đưa đến; gọi cho nơi chuyển nếu còn nghi ngờ.",
        "Compare with the papers and the person who brought it; call the sending hospital when in doubt.",
        severity="warning",
        where={"kid": kid},
    )


def key_revoked(kid: str) -> Problem:
    """The key was revoked: anybody may have signed with it, at any time he liked to write."""
    return Problem(
        "letter-key-revoked",
        "Khóa ký của phiếu đã bị thu hồi: người khác có thể đã dùng khóa này.",
        "The key that signed the letter was revoked: others may have used it.",
        "Không mở lượt chuyển từ phiếu này. Gọi cho nơi chuyển; khám người bệnh như bình thường.",
        "Do not open a transfer from this letter. Call the sending hospital; care for the patient as usual.",
        where={"kid": kid},
    )


def old(until: date) -> Problem:
    """The term of the slip is over."""
    day = until.strftime("%d/%m/%Y")
    return Problem(
        "letter-old",
        f"Phiếu đã hết giá trị từ sau ngày {day}.",
        f"The slip was valid until {day}.",
        "Vẫn xem và mở được lượt chuyển; hỏi người bệnh phiếu mới, trừ trường hợp cấp cứu hoặc đang điều trị.",
        "You may still read and open it; ask the patient for a new slip, unless it is an emergency or an ongoing stay.",
        severity="warning",
        where={"until": until.isoformat()},
    )


def future() -> Problem:
    """The letter says it was signed tomorrow or later."""
    return Problem(
        "letter-future",
        "Ngày ký trên phiếu muộn hơn hôm nay: đồng hồ ở một trong hai nơi bị sai.",
        "The letter was signed after today: a clock at one of the two places is wrong.",
        "Kiểm tra ngày giờ của máy tính này; xem ngày in trên phiếu.",
        "Check the date of this computer and the date printed on the letter.",
        severity="warning",
    )


def other_receiver(name: str) -> Problem:
    """The letter is addressed to another hospital."""
    return Problem(
        "letter-other-receiver",
        f"Phiếu này gửi đến {name}, không phải cơ sở của bạn.",
        f"This letter is addressed to {name}, not to your hospital.",
        "Nội dung vẫn xem được để khám, cấp cứu. Gọi cho nơi chuyển để lập phiếu đến cơ sở này.",
        "You may read it to care for the patient. Call the sending hospital for a letter to your hospital.",
        severity="warning",
        where={"receiver": name},
    )


def not_confirmed() -> Problem:
    """A letter that is not proven is opened only when somebody says who brought it."""
    return Problem(
        "letter-not-confirmed",
        "Phiếu chưa được chứng minh nên cần ghi ai đã mang phiếu đến.",
        "The letter is not proven: say who brought it before you open it.",
        "Ghi họ tên và quan hệ, ví dụ: điều dưỡng hộ tống, con của người bệnh.",
        "Give name and relation, e.g. escorting nurse, the patient's daughter.",
    )


def picture_too_large(name: str, most_mb: int) -> Problem:
    """A file has too many bytes."""
    return Problem(
        "letter-picture-too-large",
        f"Tệp lớn hơn {most_mb} MB.",
        f"The file is larger than {most_mb} MB.",
        "Chụp lại ở chế độ thường, hoặc chụp từng hàng mã.",
        "Photograph it with the usual settings, or one row of codes at a time.",
        where={"file": name},
    )


def picture_too_many_pixels(name: str, most_million: int) -> Problem:
    """A picture has too many pixels to be decoded."""
    return Problem(
        "letter-picture-too-many-pixels",
        f"Ảnh có quá {most_million} triệu điểm ảnh.",
        f"The picture has more than {most_million} million pixels.",
        "Chụp lại ở chế độ thường (12 triệu điểm ảnh là đủ), hoặc quét giấy ở 300 dpi.",
        "Photograph it with the usual settings (12 million pixels do), or scan the sheet at 300 dpi.",
        where={"file": name},
    )


def no_picture(name: str) -> Problem:
    """Not a picture that can be read here."""
    return Problem(
        "letter-no-picture",
        "Tệp không phải là ảnh JPEG, PNG hoặc WebP đọc được.",
        "The file is no readable JPEG, PNG or WebP picture.",
        "Gửi ảnh chụp dạng JPEG. Tệp PDF: quét lại thành JPEG. Tệp .lienthong: chọn ở mục “Tệp trên USB”.",
        "Send a photograph as JPEG. A PDF: scan it as JPEG. A .lienthong file: choose it under “File on a USB stick”.",
        where={"file": name},
    )


def too_many_files(most: int) -> Problem:
    """More files at once than are read."""
    return Problem(
        "letter-too-many-files",
        f"Mỗi lần chỉ đọc được {most} ảnh.",
        f"At most {most} pictures are read at a time.",
        "Gửi các ảnh còn lại ở lần sau; những mã đã đọc vẫn được giữ.",
        "Send the rest afterwards; the codes already read are kept.",
    )


def took_long() -> Problem:
    """Reading the pictures took longer than a call may."""
    return Problem(
        "letter-took-long",
        "Đọc các ảnh này mất quá nhiều thời gian nên đã dừng giữa chừng.",
        "Reading these pictures took too long and was stopped on the way.",
        "Gửi từng ảnh một, chụp gần các mã; những mã đã đọc vẫn được giữ.",
        "Send one picture at a time, closer to the codes; what was read is kept.",
        retry=True,
    )


def busy() -> Problem:
    """Other pictures are being read."""
    return Problem(
        "letter-busy",
        "Máy đang đọc ảnh của người khác.",
        "The computer is reading other people's pictures.",
        "Đợi vài giây rồi gửi lại.",
        "Wait some seconds and send it again.",
        retry=True,
    )


def upload_refused(most_mb: int) -> Problem:
    """The upload was cut off."""
    return Problem(
        "letter-upload-too-large",
        f"Các tệp gửi lên lớn hơn {most_mb} MB nên không nhận.",
        f"The files are larger than {most_mb} MB and were not taken.",
        "Gửi ít ảnh hơn mỗi lần.",
        "Send fewer pictures at a time.",
    )


def no_file_of_ours() -> Problem:
    """Not a sealed letter file."""
    return Problem(
        "letter-file-unknown",
        "Tệp không phải là tệp .lienthong do nơi chuyển tạo ra.",
        "The file is no .lienthong file made by a sending hospital.",
        "Chọn tệp có đuôi .lienthong trên USB. Ảnh chụp phiếu: chọn ở mục “Ảnh chụp phiếu”.",
        "Choose the file that ends in .lienthong. Photographs go under “Photographs of the letter”.",
    )


def file_not_for_us() -> Problem:
    """None of this site's keys opens the file, or a byte of it changed."""
    return Problem(
        "letter-file-not-for-us",
        "Không mở được tệp: tệp được mã hóa cho cơ sở khác, hoặc đã hỏng khi sao chép.",
        "The file cannot be opened: it is sealed to another hospital, or was damaged when it was copied.",
        "Quét mã trên phiếu giấy; hoặc nhờ nơi chuyển tạo lại tệp cho cơ sở này.",
        "Scan the codes of the printed letter; or ask the sending hospital for a new file for this hospital.",
    )


def file_altered(why: str) -> Problem:
    """The file's signature, or what it names, does not hold."""
    return Problem(
        "letter-file-altered",
        "Chữ ký hoặc nội dung của tệp không khớp: tệp không nguyên vẹn.",
        "The signature or the content of the file does not fit: the file is not whole.",
        _CALL_VI,
        _CALL_EN,
        where={"reason": why},
    )


def file_without_proof() -> Problem:
    """A file is opened only when its signer is known here: it brings a whole record."""
    return Problem(
        "letter-file-not-proven",
        "Chưa chứng minh được tệp do ai ký nên không nhập hồ sơ vào hệ thống.",
        "It is not proven who signed the file, so its record is not taken in.",
        "Cập nhật danh bạ khi có đường truyền, hoặc quét mã trên phiếu giấy.",
        "Bring the directory up to date when the line is back, or scan the codes of the printed letter.",
    )


def receiver_has_no_key(name: str) -> Problem:
    """No sealed file can be made for a hospital without a node."""
    return Problem(
        "letter-receiver-has-no-key",
        f"{name} chưa kết nối nên không tạo được tệp mã hóa gửi đến đó.",
        f"{name} is not connected, so no sealed file can be made for it.",
        "In phiếu có mã vuông cho người bệnh mang theo.",
        "Print the letter with its codes for the patient.",
    )


def nothing_sent() -> Problem:
    """The file holds what was sent; a draft has nothing yet."""
    return Problem(
        "letter-nothing-sent",
        "Lượt chuyển chưa được gửi nên chưa có hồ sơ để ghi ra USB.",
        "The transfer was not sent yet, so there is no dossier for a file.",
        "Ký và gửi lượt chuyển trước; gửi được cả khi không có đường truyền.",
        "Sign and send the transfer first; that works without a line too.",
    )


def dossier_too_large(most_mb: int) -> Problem:
    """The dossier is larger than a file may be."""
    return Problem(
        "letter-dossier-too-large",
        f"Hồ sơ lớn hơn {most_mb} MB nên không ghi được thành tệp.",
        f"The dossier is larger than {most_mb} MB, which is more than a file may hold.",
        "In phiếu có mã vuông; hồ sơ sẽ đến qua đường truyền.",
        "Print the letter with its codes; the dossier comes by line.",
    )
