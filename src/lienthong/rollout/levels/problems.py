"""What can be wrong with criteria and assessments."""

from __future__ import annotations

from typing import Any

from lienthong.foundation.errors import LienThongError, Problem


def _error(code: str, vi: str, en: str, hint_vi: str = "", hint_en: str = "", **where: Any) -> LienThongError:
    return LienThongError(Problem(code, vi, en, hint_vi, hint_en, where=where))


def version_fixed(number: int) -> LienThongError:
    """A published version is not changed."""
    return _error(
        "criteria-version-fixed",
        f"Phiên bản {number} của bộ tiêu chí đã ban hành nên không sửa được nữa.",
        f"Version {number} of the criteria is published and is not changed any more.",
        "Sửa trên bản nháp rồi ban hành thành phiên bản mới.",
        "Correct the draft and publish it as a new version.",
    )


def no_draft() -> LienThongError:
    """There is no draft to publish or throw away."""
    return _error(
        "criteria-no-draft",
        "Bộ tiêu chí này không có bản nháp nào.",
        "This set of criteria has no draft.",
        "Sửa một tiêu chí hoặc nhập tệp để tạo bản nháp.",
        "Correct a criterion or take in a file to begin one.",
    )


def draft_same() -> LienThongError:
    """The draft says what the version in use says."""
    return _error(
        "criteria-draft-same",
        "Bản nháp không khác gì phiên bản đang dùng.",
        "The draft says just what the version in use says.",
    )


def criterion_wrong(vi: str, en: str, **where: Any) -> LienThongError:
    """A criterion cannot be taken as it was typed."""
    return _error("criterion-not-valid", vi, en, **where)


def day_too_early(day: str) -> LienThongError:
    """A new version cannot begin before the one in use."""
    return _error(
        "criteria-day-too-early",
        f"Ngày áp dụng phải sau ngày áp dụng của phiên bản trước ({day}).",
        f"The first day must be later than that of the version before ({day}).",
    )


def assessment_closed() -> LienThongError:
    """Nothing of it can be changed now."""
    return _error(
        "assessment-closed",
        "Bản đánh giá đang ở bước khác nên không ghi được thay đổi này.",
        "The assessment is at another step, so this cannot be entered.",
        "Mở lại trang để xem bước hiện tại.",
        "Open the page again to see the present step.",
    )


def criterion_closed() -> LienThongError:
    """After a return only what was asked again can be changed."""
    return _error(
        "criterion-closed",
        "Sở Y tế không yêu cầu làm lại tiêu chí này nên câu trả lời giữ nguyên.",
        "The department did not ask again about this criterion, so the answer stays.",
    )


def set_not_in_force(day: str) -> LienThongError:
    """No assessment by a set that is not in force."""
    return _error(
        "criteria-not-in-force",
        f"Bộ tiêu chí này không còn hiệu lực hoặc chưa ban hành vào ngày {day}.",
        f"This set of criteria is not in force on {day}.",
    )


def already_open() -> LienThongError:
    """One assessment at a time."""
    return _error(
        "assessment-under-way",
        "Đơn vị đang có một bản đánh giá chưa xong theo bộ tiêu chí này.",
        "The unit has an unfinished assessment by this set.",
        "Làm tiếp bản đánh giá đó.",
        "Go on with that one.",
    )


def unknown_criterion(key: str) -> LienThongError:
    """The version has no such criterion, or units do not answer it."""
    return _error(
        "criterion-unknown",
        f"Phiên bản này không có tiêu chí {key}.",
        f"This version has no criterion {key}.",
        "Mở lại trang.",
        "Open the page again.",
        criterion=key,
    )


def reason_missing(key: str) -> LienThongError:
    """Words are needed with this answer."""
    return _error(
        "reason-missing",
        f"Tiêu chí {key}: cần ghi rõ lý do.",
        f"Criterion {key}: a reason is needed.",
        criterion=key,
    )


def too_long(most: int) -> LienThongError:
    """A text has too many characters."""
    return _error(
        "text-too-long",
        f"Nội dung quá dài; tối đa {most} ký tự.",
        f"The text is too long; at most {most} characters.",
    )


def nothing_answered() -> LienThongError:
    """An assessment without answers is not sent."""
    return _error(
        "assessment-empty",
        "Chưa có tiêu chí nào được trả lời.",
        "No criterion has been answered.",
    )


def answers_left(keys: list[str]) -> LienThongError:
    """Criteria of groups in force have no answer that counts."""
    some = ", ".join(keys[:8]) + (" …" if len(keys) > 8 else "")
    return _error(
        "answers-left",
        f"Còn {len(keys)} tiêu chí chưa trả lời hoặc cần trả lời lại: {some}.",
        f"{len(keys)} criteria have no answer or need a new one: {some}.",
        "Trả lời hết rồi gửi; chưa đạt thì chọn “Chưa đạt”.",
        "Answer all of them, then send; choose “Not met” for what is not there.",
    )


def verdicts_left(keys: list[str]) -> LienThongError:
    """Answers that count have no opinion of the department."""
    some = ", ".join(keys[:8]) + (" …" if len(keys) > 8 else "")
    return _error(
        "verdicts-left",
        f"Còn {len(keys)} tiêu chí chưa thẩm định xong: {some}.",
        f"{len(keys)} criteria are not reviewed yet: {some}.",
        "Đồng ý hoặc không đồng ý với từng tiêu chí, hoặc trả lại đơn vị.",
        "Agree or disagree with each of them, or return the assessment to the unit.",
    )


def nothing_asked() -> LienThongError:
    """Returning needs a criterion that was asked again."""
    return _error(
        "nothing-asked-again",
        "Chưa có tiêu chí nào được yêu cầu làm lại.",
        "No criterion was asked again.",
        "Chọn “Yêu cầu làm lại” ở tiêu chí cần bổ sung rồi mới trả lại.",
        "Choose “Ask again” at the criteria in question, then return it.",
    )


def document_missing() -> LienThongError:
    """A decision has a number and a day, not of days to come."""
    return _error(
        "document-missing",
        "Cần số văn bản và ngày ban hành (không sau hôm nay).",
        "The number of the document and its day (not after today) are needed.",
    )


def sheet_refused(vi: str, en: str) -> LienThongError:
    """A file of criteria that cannot be read at all."""
    return _error(
        "criteria-sheet-refused",
        vi,
        en,
        "Tải bộ tiêu chí về dạng Excel, sửa trên tệp đó rồi nhập lại.",
        "Take the criteria out as Excel, correct that file, take it in again.",
    )


def answer_first(key: str) -> LienThongError:
    """A note alone is no answer."""
    return _error(
        "answer-first",
        f"Tiêu chí {key}: hãy chọn “Đạt”, “Chưa đạt” hoặc “Không áp dụng”.",
        f"Criterion {key}: choose “Met”, “Not met” or “Not applicable”.",
        criterion=key,
    )


def publish_needs() -> LienThongError:
    """A version has a first day and a source."""
    return _error(
        "criteria-publish-needs",
        "Cần ngày áp dụng và nguồn chính thức của phiên bản.",
        "The first day and the official source of the version are needed.",
    )
