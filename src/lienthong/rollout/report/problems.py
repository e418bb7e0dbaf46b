"""What can go wrong with a report, in words."""

from __future__ import annotations

from collections.abc import Sequence

from lienthong.foundation.errors import LienThongError, Problem
from lienthong.rollout.report.sums import Check


class Blocked(LienThongError):
    """Sums do not add up; ``checks`` are the broken ones."""

    def __init__(self, checks: Sequence[Check]) -> None:
        self.checks = tuple(checks)
        super().__init__(
            Problem(
                "report-sums-broken",
                f"Chưa lập được báo cáo: có {len(self.checks)} phép cộng, đối chiếu không khớp.",
                f"The report cannot be drafted: {len(self.checks)} sums or comparisons do not hold.",
                "Sửa số liệu ở các trang được nêu, rồi lập lại.",
                "Mend the data on the pages named, then draft it again.",
            )
        )


def period() -> LienThongError:
    """The period cannot be meant."""
    return LienThongError(
        Problem(
            "report-period",
            "Kỳ báo cáo không hợp lệ: ngày đầu phải trước ngày cuối, dài nhất 370 ngày, và kỳ phải đã"
            " kết thúc.",
            "The period cannot be taken: it begins before it ends, is at most 370 days long and is over.",
            "Chọn lại ngày đầu và ngày cuối.",
            "Choose the first and the last day again.",
        )
    )


def no_issuer(day: str) -> LienThongError:
    """Nobody is known who issues reports on that day."""
    return LienThongError(
        Problem(
            "report-no-issuer",
            f"Chưa có dữ liệu về cơ quan ban hành tại ngày {day}.",
            f"It is not known who issues reports on {day}.",
        )
    )


def damaged() -> LienThongError:
    """What is kept of a report is not what was frozen."""
    return LienThongError(
        Problem(
            "report-damaged",
            "Bản chốt số liệu đã bị thay đổi so với mã băm lưu kèm; không dùng được.",
            "The frozen data differ from the hash kept with them and cannot be used.",
            "Khôi phục cơ sở dữ liệu từ bản sao lưu.",
            "Restore the database from a backup.",
        )
    )


def not_now(vi: str, en: str, hint_vi: str = "", hint_en: str = "") -> LienThongError:
    """A step that is not open now, or not to this person."""
    return LienThongError(Problem("report-step", vi, en, hint_vi, hint_en))


def changed() -> LienThongError:
    """The draft is not the one the person had before him."""
    return LienThongError(
        Problem(
            "report-changed",
            "Dự thảo đã thay đổi sau khi bạn mở trang này; chưa ghi nhận gì.",
            "The draft changed after you opened this page; nothing was recorded.",
            "Xem lại dự thảo rồi thực hiện lại.",
            "Read the draft again, then take the step again.",
        )
    )


def personal(what_vi: str, what_en: str) -> LienThongError:
    """A text names a person."""
    return LienThongError(
        Problem(
            "report-personal-data",
            f"Không lưu: văn bản có {what_vi}. Báo cáo chỉ chứa số lượng, không chứa dữ liệu người bệnh.",
            f"Not kept: the text holds {what_en}. Reports carry counts only, no patient data.",
            "Bỏ phần nhận ra một người, chỉ nêu số lượng.",
            "Leave out what names a person, give counts only.",
        )
    )


def too_long(most: int) -> LienThongError:
    """A text is longer than a part may be."""
    return LienThongError(
        Problem(
            "report-text-long",
            f"Văn bản của một phần không quá {most} ký tự.",
            f"The text of a part has no more than {most} characters.",
        )
    )
