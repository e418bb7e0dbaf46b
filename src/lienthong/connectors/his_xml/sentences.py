"""What the checks say, in both languages."""

from __future__ import annotations

from typing import Final

from lienthong.connectors.his_xml.findings import Sentence as S

_KEPT_VI = "Giá trị được giữ nguyên dạng chữ; sửa trong HIS rồi xuất lại hồ sơ."
_KEPT_EN = "The value is kept as text; correct it in the HIS and export the dossier again."
_REFUSED_VI = "Bổ sung trong HIS rồi xuất lại hồ sơ này."
_REFUSED_EN = "Complete it in the HIS and export this dossier again."


def _kept(vi: str, en: str) -> S:
    return S(vi, en, _KEPT_VI, _KEPT_EN)


def _refused(vi: str, en: str) -> S:
    return S(vi, en, _REFUSED_VI, _REFUSED_EN, "error")


NO_XML1: Final = _refused(
    "Hồ sơ không có bảng XML1 nên không biết người bệnh và lượt khám.",
    "The dossier has no XML1: patient and visit cannot be told.",
)
NO_EPISODE: Final = _refused(
    "Thiếu MA_LK nên không biết lượt khám nào.", "MA_LK is missing: the visit cannot be told."
)
LONG_EPISODE: Final = _refused(
    "MA_LK dài quá 100 ký tự (“{value}”) nên không dùng để nhận biết lượt khám được.",
    "MA_LK has more than 100 characters (“{value}”): the visit cannot be told by it.",
)
NO_PATIENT: Final = _refused(
    "Không có HO_TEN, MA_BN, SO_CCCD hay MA_THE_BHYT nên không biết người bệnh là ai.",
    "No HO_TEN, MA_BN, SO_CCCD or MA_THE_BHYT: the patient cannot be told.",
)
NO_FACILITY: Final = _refused(
    "Không có mã cơ sở (MA_CSKCB trong XML1 hoặc MACSKCB của tệp).",
    "There is no facility code (MA_CSKCB of XML1 or MACSKCB of the file).",
)
NO_FACILITY_XML12: Final = _kept(
    "Biên bản giám định không ghi mã cơ sở.", "The assessment does not name a facility."
)
UNKNOWN_FIELD: Final = S(
    "Trường {field} không có trong bảng {table} theo quyết định; giá trị vẫn được giữ.",
    "Field {field} is not in table {table} of the decisions; its value is kept.",
    "Kiểm tra tên trường trong cấu hình xuất của HIS.",
    "Check the field's name in the export settings of the HIS.",
)
REQUIRED: Final = S(
    "Thiếu trường bắt buộc {field} ở {rows} dòng của bảng {table}.",
    "Required field {field} is missing in {rows} row(s) of table {table}.",
    "Bổ sung trong HIS nếu có; hồ sơ vẫn được nhận.",
    "Fill it in the HIS if it is known; the dossier is taken all the same.",
)
ROWS: Final = S(
    "Bảng {table} có {rows} dòng; chỉ được có 1 dòng.",
    "Table {table} has {rows} rows; only 1 is allowed.",
    "Báo nhà cung cấp HIS.",
    "Tell the HIS vendor.",
)
UNLIKE_XML1: Final = S(
    "{field} của bảng {table} khác với XML1 (XML1 ghi “{expected}”).",
    "{field} of table {table} differs from XML1 (which says “{expected}”).",
    "Kiểm tra xem hai bảng có cùng một người bệnh và một lượt khám không.",
    "Check that both tables are about the same patient and visit.",
)
ORDER: Final = _kept(
    "{field} ({value}) sớm hơn {other} ({before}).", "{field} ({value}) is before {other} ({before})."
)
CITIZEN_SEX: Final = S(
    "Số CCCD {value} không khớp với giới tính đã ghi.",
    "Citizen number {value} does not agree with the sex.",
    "Đối chiếu với thẻ căn cước; giới tính có thể đã được cải chính sau khi cấp số.",
    "Compare with the identity card; the sex may have been corrected after issue.",
)
CITIZEN_BIRTH: Final = S(
    "Số CCCD {value} không khớp với năm sinh {year}.",
    "Citizen number {value} does not agree with the year of birth {year}.",
    "Đối chiếu với thẻ căn cước; ngày sinh có thể đã được cải chính sau khi cấp số.",
    "Compare with the identity card; the birth date may have been corrected after issue.",
)
CITIZEN_ZERO: Final = S(
    "SO_CCCD {value} có 11 chữ số, có lẽ mất số 0 ở đầu (do Excel hoặc cột kiểu số).",
    "SO_CCCD {value} has 11 digits; a leading zero was probably lost (Excel or a numeric column).",
    "Sửa số trong HIS theo thẻ căn cước; hệ thống không tự thêm số 0.",
    "Correct it in the HIS from the identity card; the zero is not added by itself.",
)
CARD_LISTS: Final = _kept(
    "{field} có {count} giá trị nhưng MA_THE_BHYT có {cards}.",
    "{field} has {count} values, but MA_THE_BHYT has {cards}.",
)
CARD_ENDED: Final = S(
    "Thẻ BHYT hết hạn ngày {day}, trước ngày ra viện.",
    "The insurance card ended on {day}, before the discharge.",
    "Tra cứu thẻ trên cổng giám định BHYT.",
    "Look the card up on the insurance portal.",
)
CARD_ENDS: Final = S(
    "Thẻ BHYT hết hạn ngày {day}, trong thời hạn 10 ngày làm việc của phiếu chuyển.",
    "The insurance card ends on {day}, within the 10 working days of the transfer slip.",
    "Nhắc người bệnh gia hạn thẻ trước khi đến cơ sở tiếp nhận.",
    "Remind the patient to renew it before going to the receiving hospital.",
)
MAIN_FORBIDDEN: Final = S(
    "Mã {value} không được dùng làm bệnh chính ({edition}).",
    "{value} is not allowed as main diagnosis ({edition}).",
    "Chọn mã bệnh chính khác; mã có dấu sao (*) phải đi kèm mã nguyên nhân (†).",
    "Choose another main code; a code with an asterisk goes with its cause (†).",
)
MAIN_SEVERAL: Final = S(
    "MA_BENH_CHINH chỉ được ghi một mã: “{value}”.",
    "MA_BENH_CHINH may hold one code only: “{value}”.",
    "Giữ một mã bệnh chính, chuyển các mã còn lại sang MA_BENH_KT.",
    "Keep one main code and move the others to MA_BENH_KT.",
)
MANY_DISEASES: Final = S(
    "MA_BENH_KT có {count} mã; theo quy định tối đa 12 mã.",
    "MA_BENH_KT holds {count} codes; 12 are allowed.",
    "Chỉ giữ các bệnh kèm theo đã xác định.",
    "Keep the confirmed comorbidities only.",
)
WEIGHT: Final = S(
    "Cân nặng {value} kg không hợp lý.",
    "A weight of {value} kg is not plausible.",
    "Nhập cân nặng theo kg; để trống nếu không cân được.",
    "Enter the weight in kg; leave it empty when it was not taken.",
)
GARBLED: Final = S(
    "{field} bị lỗi phông chữ: “{value}”.",
    "{field} is garbled: “{value}”.",
    "Dữ liệu có lẽ dùng bảng mã TCVN3 hoặc bị chuyển mã hai lần; cấu hình HIS để xuất Unicode (UTF-8).",
    "It was probably TCVN3 or converted twice; set the HIS to export Unicode (UTF-8).",
)
SLIP_MISSING: Final = S(
    "MA_LOAI_RV là {value} (chuyển cơ sở) nhưng hồ sơ không có XML13.",
    "MA_LOAI_RV is {value} (transferred), but there is no XML13.",
    "Lập phiếu chuyển cơ sở trong HIS rồi xuất lại hồ sơ.",
    "Write the transfer slip in the HIS and export the dossier again.",
)
SLIP_UNEXPECTED: Final = S(
    "Có XML13 nhưng MA_LOAI_RV là “{value}”, không phải 2 hoặc 5.",
    "There is an XML13, but MA_LOAI_RV is “{value}”, not 2 or 5.",
    "Kiểm tra loại ra viện của lượt khám.",
    "Check the manner of leaving of the visit.",
)
NO_DESTINATION: Final = S(
    "Phiếu chuyển không ghi cơ sở chuyển đến (MA_CSKCB_DEN hoặc XML1.MA_NOI_DEN).",
    "The transfer names no receiving facility (MA_CSKCB_DEN or XML1.MA_NOI_DEN).",
    "Chọn cơ sở chuyển đến trong HIS; khi chưa có mã, phiếu không tự gửi đi được.",
    "Choose the receiving facility in the HIS; without it the transfer cannot go by itself.",
)
SAME_DESTINATION: Final = _kept(
    "Cơ sở chuyển đến {value} trùng với cơ sở chuyển đi.",
    "The receiving facility {value} is the sending one.",
)
UNKNOWN_FACILITY: Final = S(
    "Cơ sở chuyển đến {value} không có trong danh mục của chương trình (danh mục chưa đầy đủ).",
    "The receiving facility {value} is not in the program's list (which is incomplete).",
    "Không cần sửa nếu mã đúng.",
    "Nothing to do if the code is right.",
)
REASON: Final = _kept(
    "MA_LYDO_CT là {value} không phù hợp với MA_LOAI_RV là {other}.",
    "MA_LYDO_CT {value} does not fit MA_LOAI_RV {other}.",
)
DATE_SHORT: Final = _kept(
    "{field} có 8 ký tự ({value}); theo quy định phải có 12 ký tự, gồm cả giờ và phút.",
    "{field} has 8 characters ({value}); 12 with hour and minute are asked.",
)
DECIMAL_COMMA: Final = S(
    "{field} dùng dấu phẩy thập phân ({value}); được hiểu là dấu chấm.",
    "{field} has a decimal comma ({value}); it is read as a point.",
    "Đặt dấu chấm thập phân trong cấu hình xuất của HIS.",
    "Set the decimal point in the export settings of the HIS.",
)
SHAPES: Final[dict[str, tuple[str, S]]] = {
    "date": (
        "date-shape",
        _kept("{field} không phải ngày giờ hợp lệ: “{value}”.", "{field} is not a valid date: “{value}”."),
    ),
    "number": (
        "number-shape",
        _kept("{field} không phải số hợp lệ: “{value}”.", "{field} is not a valid number: “{value}”."),
    ),
    "code": (
        "code-unknown",
        _kept(
            "{field}: mã “{value}” không có trong danh mục có hiệu lực vào ngày khám.",
            "{field}: “{value}” is not in the list valid on the day of the visit.",
        ),
    ),
    "occupation": (
        "code-unknown",
        _kept(
            "{field}: mã nghề nghiệp “{value}” không có trong danh mục.",
            "{field}: occupation “{value}” is not in the list.",
        ),
    ),
    "icd10": (
        "icd10-unknown",
        _kept(
            "{field}: mã bệnh “{value}” không có trong ICD-10 có hiệu lực vào ngày ra viện.",
            "{field}: “{value}” is not in the ICD-10 valid on the day of discharge.",
        ),
    ),
    "admin": (
        "admin-unit-unknown",
        _kept(
            "{field}: mã đơn vị hành chính “{value}” không có trong danh mục cũ và mới.",
            "{field}: “{value}” is in neither the old nor the new list of administrative units.",
        ),
    ),
    "facility": (
        "facility-shape",
        _kept(
            "{field}: mã cơ sở khám bệnh, chữa bệnh phải có 5 ký tự: “{value}”.",
            "{field}: a facility code has 5 characters: “{value}”.",
        ),
    ),
    "practitioner": (
        "practitioner-shape",
        _kept(
            "{field} không giống số giấy phép hành nghề: “{value}”.",
            "{field} does not look like a licence number: “{value}”.",
        ),
    ),
    "department": (
        "department-shape",
        _kept(
            "{field}: mã khoa phải có dạng K và 2 chữ số: “{value}”.",
            "{field}: a department is K and 2 digits: “{value}”.",
        ),
    ),
    "bed": (
        "bed-shape",
        _kept(
            "{field}: mã giường phải là H, T, C hoặc K và 3 chữ số: “{value}”.",
            "{field}: a bed is H, T, C or K and 3 digits: “{value}”.",
        ),
    ),
    "package": (
        "package-shape",
        _kept(
            "{field}: mã gói phải là G và số: “{value}”.", "{field}: a package is G and a number: “{value}”."
        ),
    ),
    "citizen": (
        "citizen-number-shape",
        _kept(
            "{field} không đúng dạng số định danh, CMND hoặc hộ chiếu: “{value}”.",
            "{field} is no citizen number, old identity card or passport: “{value}”.",
        ),
    ),
    "card": (
        "card-shape",
        _kept(
            "{field}: mã thẻ BHYT phải có 15 ký tự (2 chữ, mức hưởng 1–5, 12 chữ số): “{value}”.",
            "{field}: a card has 15 characters (2 letters, level 1–5, 12 digits): “{value}”.",
        ),
    ),
    "social": (
        "social-number-shape",
        _kept(
            "{field}: mã số BHXH phải có 10 chữ số: “{value}”.",
            "{field}: a social insurance number has 10 digits: “{value}”.",
        ),
    ),
    "length": (
        "too-long",
        _kept("{field} dài hơn quy định: “{value}”.", "{field} is longer than allowed: “{value}”."),
    ),
}
