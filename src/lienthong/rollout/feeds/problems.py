"""What can go wrong when a site tells its counts."""

from __future__ import annotations

from lienthong.foundation.errors import Problem

FAULTS = ("feeds-not-understood", "feeds-hour-to-come")
"""What somebody at the site must see to."""


def not_understood(why: str) -> Problem:
    """The body is not of its shape; ``why`` names the member."""
    return Problem(
        "feeds-not-understood",
        "Số liệu luồng dữ liệu gửi lên không đúng cấu trúc.",
        "The counts of the feeds are not well formed.",
        f"Cập nhật phần mềm Liên Thông tại đơn vị rồi gửi lại. Chi tiết: {why}",
        f"Update the program at the unit, then send them again. Detail: {why}",
        where={"reason": why},
    )


def too_new(hour: str) -> Problem:
    """An hour that has not come yet by the hub's clock."""
    return Problem(
        "feeds-hour-to-come",
        f"Số liệu ghi giờ {hour} (UTC), muộn hơn giờ của Sở Y tế.",
        f"The counts name the hour {hour} (UTC), which has not come yet by the hub's clock.",
        "Kiểm tra đồng hồ và múi giờ của máy chủ tại đơn vị. Số liệu được giữ lại và sẽ tự gửi lại.",
        "Check clock and time zone of the unit's server. The counts are kept and sent again by themselves.",
        where={"hour": hour},
    )


def no_door() -> Problem:
    """Nothing is served at that address."""
    return Problem(
        "feeds-no-door",
        "Không có dịch vụ tại địa chỉ này.",
        "Nothing is served at this address.",
        "Kiểm tra địa chỉ của Sở Y tế và phiên bản phần mềm.",
        "Check the address of the hub and the version of the program.",
    )


def busy() -> Problem:
    """The hub's database cannot take it now."""
    return Problem(
        "feeds-busy",
        "Máy chủ của Sở Y tế tạm thời chưa ghi được số liệu.",
        "The hub cannot write the counts at the moment.",
        "Số liệu được giữ tại đơn vị và sẽ tự gửi lại.",
        "The counts are kept at the unit and sent again by themselves.",
        retry=True,
    )
