"""What can be wrong with what is typed about money."""

from __future__ import annotations

from datetime import date

from lienthong.foundation.errors import LienThongError, Problem


def stage_ended(stage: str) -> LienThongError:
    """Nothing comes after the last stage."""
    return LienThongError(
        Problem(
            "procurement-ended",
            f"Gói này đã kết thúc ở bước “{stage}”, không ghi thêm bước được.",
            f"This procurement has ended with “{stage}”; no stage can follow.",
            "Nếu làm lại, lập một gói mới. Nếu ghi nhầm, hoàn tác trong trang Thay đổi.",
            "For another try begin a new procurement. If it was a mistake, undo it on the page of changes.",
            where={"field": "stage"},
        )
    )


def stage_unknown() -> LienThongError:
    """No such stage by the law of that day."""
    return LienThongError(
        Problem(
            "stage-unknown",
            "Không có bước này theo quy định tại ngày đã nhập.",
            "There is no such stage by the rules of that day.",
            "Chọn bước trong danh sách.",
            "Choose a stage of the list.",
            where={"field": "stage"},
        )
    )


def before_last(last: date) -> LienThongError:
    """A stage cannot be of an earlier day than the one before it."""
    shown = f"{last:%d/%m/%Y}"
    return LienThongError(
        Problem(
            "stage-too-early",
            f"Ngày của bước mới không thể trước bước gần nhất ({shown}).",
            f"The day of a stage cannot be before the last one ({shown}).",
            "Kiểm tra lại ngày; nếu bước trước ghi sai ngày, hoàn tác rồi ghi lại.",
            "Check the day; if the stage before has a wrong day, undo it and enter it again.",
            where={"field": "day"},
        )
    )
