"""Vietnamese names of the short code lists that a clinician reads (annexes of QD 130, 4750 and 3176)."""

from __future__ import annotations

OUTCOME = {
    "1": "Khỏi",
    "2": "Đỡ",
    "3": "Không thay đổi",
    "4": "Nặng hơn",
    "5": "Tử vong tại cơ sở khám bệnh, chữa bệnh",
    "6": "Tiên lượng nặng, gia đình xin về",
    "7": "Chưa xác định",
    "8": "Tử vong ngoài cơ sở khám bệnh, chữa bệnh",
}
LEAVING = {
    "1": "Ra viện",
    "2": "Chuyển cơ sở theo yêu cầu chuyên môn",
    "3": "Trốn viện",
    "4": "Xin ra viện",
    "5": "Chuyển cơ sở theo yêu cầu của người bệnh",
}
TRANSFER_REASON = {
    "1": "Đủ điều kiện, phù hợp quy định chuyển cấp chuyên môn kỹ thuật",
    "2": "Đủ điều kiện, vượt khả năng đáp ứng của cơ sở",
    "3": "Theo yêu cầu của người bệnh hoặc người đại diện",
}
ACCIDENT = {
    "1": "Tai nạn giao thông",
    "2": "Tai nạn lao động",
    "3": "Tai nạn dưới nước",
    "4": "Bỏng",
    "5": "Bạo lực",
    "6": "Tự tử",
    "7": "Ngộ độc",
    "8": "Khác",
}
ANAESTHESIA = {"1": "Gây mê", "2": "Gây tê", "3": "Châm tê", "4": "Phương pháp khác"}
