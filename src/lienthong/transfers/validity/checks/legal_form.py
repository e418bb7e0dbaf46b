"""Every line of the form of annex VI: what must stand there before a doctor signs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lienthong.transfers.validity.checks.finding import ANNEX_VI, DISCLOSURE, Finding, Level
from lienthong.transfers.validity.checks.reading import Facts, Form

REASONS = ("1", "2", "3")
PATIENT_ASKS = "3"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the form: name, level when empty, its words and what to write."""

    field: str
    level: Level
    vi: str
    en: str
    do_vi: str = ""
    do_en: str = ""


LINES = (
    Line("person.name", "error", "họ và tên", "the name"),
    Line("person.gender", "error", "giới tính", "the sex"),
    Line("person.birth", "error", "ngày hoặc năm sinh", "the date or year of birth"),
    Line("person.address", "warning", "địa chỉ", "the address"),
    Line("person.ethnic_group", "warning", "dân tộc", "the ethnic group"),
    Line("person.nationality", "warning", "quốc tịch", "the nationality"),
    Line("person.occupation", "warning", "nghề nghiệp", "the occupation"),
    Line(
        "person.workplace",
        "ask",
        "nơi làm việc",
        "the place of work",
        "Nếu người bệnh không đi làm, để trống.",
        "Leave it empty when the patient does not work.",
    ),
    Line(
        "person.card",
        "ask",
        "số thẻ bảo hiểm y tế",
        "the insurance card",
        "Nếu người bệnh không có thẻ, để trống.",
        "Leave it empty when the patient has none.",
    ),
    Line(
        "slip",
        "warning",
        "số phiếu chuyển (.../PCCSKBCB)",
        "the slip number (.../PCCSKBCB)",
        "Lấy số từ sổ hoặc HIS trước khi ký.",
        "Take it from the register or the HIS before signing.",
    ),
    Line(
        "register",
        "warning",
        "số vào sổ chuyển",
        "the number in the transfer register",
        "Ghi sổ chuyển người bệnh rồi nhập số.",
        "Enter the transfer in the register, then its number here.",
    ),
    Line("signs", "error", "dấu hiệu lâm sàng", "the clinical signs"),
    Line(
        "results",
        "warning",
        "kết quả cận lâm sàng chính",
        "the main results",
        "Nếu không làm xét nghiệm, ghi “không làm”.",
        "Write “none done” when none was done.",
    ),
    Line("diagnosis", "error", "chẩn đoán", "the diagnosis"),
    Line("diagnosis_code", "error", "mã bệnh chính (ICD-10)", "the main disease's ICD-10 code"),
    Line("treatment", "error", "phương pháp, thủ thuật, kỹ thuật đã thực hiện", "the treatment given"),
    Line(
        "medicines",
        "ask",
        "thuốc chính đã dùng",
        "the main medicines given",
        "Ghi “không” nếu chưa dùng thuốc.",
        "Write “none” when none was given.",
    ),
    Line("condition", "error", "tình trạng người bệnh lúc chuyển", "the patient's condition at transfer"),
    Line("direction", "error", "hướng điều trị tiếp", "the further treatment"),
    Line(
        "departs_at",
        "warning",
        "thời gian chuyển",
        "the time of transfer",
        "Nếu chưa hẹn được giờ, ghi khi người bệnh đi.",
        "Enter it when the patient leaves, if no hour is agreed yet.",
    ),
    Line(
        "transport",
        "warning",
        "phương tiện vận chuyển",
        "the transport",
        "Ghi “tự túc” nếu người bệnh tự đi.",
        "Write “own means” when the patient travels alone.",
    ),
    Line(
        "escort_name",
        "ask",
        "người hộ tống",
        "the escort",
        "Để trống nếu người bệnh tự đi được.",
        "Leave it empty when nobody needs to go along.",
    ),
)


def look(form: Form, facts: Facts) -> Iterator[Finding]:
    """Empty lines, the reason, and what the lines need of each other."""
    for line in LINES:
        if not form.text(line.field) and not form.entries(line.field):
            code = f"form-{line.field.rpartition('.')[2].replace('_', '-')}"
            vi = f"Chưa có {line.vi}. {line.do_vi or 'Điền trước khi ký.'}"
            en = f"Missing: {line.en}. {line.do_en or 'Fill it in before signing.'}"
            yield Finding(code, line.level, line.field, vi, en, ANNEX_VI)
    yield from _reason(form)
    yield from _pairs(form)


def _reason(form: Form) -> Iterator[Finding]:
    reason, basis = form.text("reason"), form.text("basis")
    if reason not in REASONS:
        yield Finding(
            "form-reason",
            "error",
            "reason",
            "Chưa chọn lý do chuyển. Chọn một trong ba lý do của phiếu (1a, 1b hoặc 2).",
            "No reason is chosen. Choose one of the form's three (1a, 1b or 2).",
            ANNEX_VI,
        )
    if reason == PATIENT_ASKS and basis not in ("", "written-request"):
        yield Finding(
            "reason-without-request",
            "ask",
            "basis",
            "Chuyển theo yêu cầu của người bệnh: nên có đơn hoặc ý kiến bằng văn bản. "
            "Chọn căn cứ “yêu cầu bằng văn bản” và ghi rõ.",
            "The patient asks for the transfer: a written request should be there. "
            "Choose the basis “written request” and say which.",
            DISCLOSURE,
        )
    if basis == "written-request" and not form.text("basis_detail"):
        yield Finding(
            "basis-detail",
            "warning",
            "basis_detail",
            "Căn cứ là yêu cầu bằng văn bản nhưng chưa ghi văn bản nào. Ghi ngày và người viết.",
            "The basis is a written request, but not which. Write its date and who wrote it.",
            DISCLOSURE,
        )


def _pairs(form: Form) -> Iterator[Finding]:
    if form.text("escort_name") and not form.text("escort_title"):
        yield Finding(
            "form-escort-title",
            "warning",
            "escort_title",
            "Có người hộ tống nhưng chưa ghi chức danh. Ghi bác sĩ, điều dưỡng hoặc người nhà.",
            "There is an escort without a title. Write doctor, nurse or relative.",
            ANNEX_VI,
        )
    if form.text("person.card") and not form.text("person.card_until"):
        yield Finding(
            "form-card-until",
            "warning",
            "person.card_until",
            "Chưa có hạn thẻ bảo hiểm y tế. Tra cứu trên cổng giám định, hoặc ghi “không rõ thời hạn”.",
            "The card's last day is missing. Look it up on the insurance portal, or write “term unknown”.",
            ANNEX_VI,
        )
