"""What can be wrong with what is typed into the plan, in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from lienthong.foundation.errors import LienThongError, Problem


def circle(chain: Sequence[str]) -> LienThongError:
    """``chain``: numbers of tasks, each waiting for the next, the last the same as the first."""
    shown = " → ".join(chain)
    return LienThongError(
        Problem(
            "plan-circle",
            f"Không ghi được: các nhiệm vụ sẽ chờ nhau thành vòng {shown} "
            "(mỗi nhiệm vụ chờ nhiệm vụ đứng sau mũi tên).",
            f"Not written: the tasks would wait for each other in a circle, {shown} (each waits for the one after"
            " the arrow).",
            "Bỏ một ràng buộc trong vòng này trước, hoặc chọn nhiệm vụ khác.",
            "Remove one dependency of this circle first, or choose another task.",
            where={"chain": shown},
        )
    )


def reason_missing(due: date, late: int) -> LienThongError:
    """A task that was done late needs a reason."""
    return LienThongError(
        Problem(
            "plan-reason-missing",
            f"Nhiệm vụ hoàn thành sau hạn {due:%d/%m/%Y} {late} ngày nhưng chưa có lý do chậm.",
            f"The task was done {late} days after {due:%d/%m/%Y}, but there is no reason.",
            "Ghi lý do chậm; lý do này được đưa vào phụ lục II của báo cáo.",
            "Write down why; the reason goes into annex II of the report.",
        )
    )


def day_ahead() -> LienThongError:
    """Something cannot be done on a day to come."""
    return LienThongError(
        Problem(
            "plan-day-ahead",
            "Ngày bắt đầu hoặc hoàn thành không thể ở tương lai.",
            "The day of beginning or finishing cannot be in the future.",
            "Nhập ngày hôm nay hoặc ngày trước đó.",
            "Enter today or an earlier day.",
        )
    )


def done_before_begun() -> LienThongError:
    """The days are the wrong way round."""
    return LienThongError(
        Problem(
            "plan-done-before-begun",
            "Ngày hoàn thành đứng trước ngày bắt đầu.",
            "The task was done before it was begun.",
            "Kiểm tra lại hai ngày.",
            "Check the two days.",
        )
    )


def applied(template: str, unit: str) -> LienThongError:
    """The template was laid on the unit before and tasks of it are open."""
    return LienThongError(
        Problem(
            "plan-template-applied",
            f"Mẫu “{template}” đã được áp dụng cho {unit} và còn nhiệm vụ chưa xong.",
            f"The template “{template}” was applied to {unit} before, and tasks of it are open.",
            "Sửa các nhiệm vụ đang có, hoặc hoàn tác lần áp dụng trước ở trang lịch sử thay đổi.",
            "Change the tasks that are there, or undo the earlier application on the page of changes.",
        )
    )


def decided() -> LienThongError:
    """A proposal was decided before."""
    return LienThongError(
        Problem(
            "plan-decided",
            "Đề nghị điều chỉnh thời hạn này đã có quyết định.",
            "This proposal for another due date was decided before.",
            "Mở lại trang nhiệm vụ để xem.",
            "Open the page of the task again.",
        )
    )


def proposal_waits() -> LienThongError:
    """One proposal at a time."""
    return LienThongError(
        Problem(
            "plan-proposal-waits",
            "Nhiệm vụ đang có một đề nghị điều chỉnh thời hạn chờ quyết định.",
            "Another proposal for the due date of this task waits for a decision.",
            "Chờ Sở Y tế quyết định đề nghị trước.",
            "Wait until the Department has decided on it.",
        )
    )


def needed(tasks: Sequence[str]) -> LienThongError:
    """Rows that others hang on stay."""
    shown = ", ".join(tasks)
    return LienThongError(
        Problem(
            "plan-needed",
            f"Không xóa được vì còn nội dung gắn với mục này: {shown}.",
            f"Not removed, since other entries hang on it: {shown}.",
            "Gỡ các nội dung đó trước.",
            "Remove those first.",
        )
    )
