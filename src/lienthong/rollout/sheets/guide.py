"""The sheet that tells an officer how to fill the workbook in."""

from __future__ import annotations

from openpyxl.styles import Alignment, Font
from openpyxl.worksheet.worksheet import Worksheet

from lienthong.rollout.sheets import columns

PROVINCE = "Toàn tỉnh (số đã công bố)"
SHORT = "Chỉ sửa ô cần thay đổi. Ô để trống giữ nguyên số cũ; ghi “xóa” để bỏ số liệu. Xem trang Hướng dẫn."
_TEXT = (
    ("Cách điền", ""),
    ("Sửa số liệu", "Chỉ sửa những ô có thay đổi. Ô không sửa sẽ được giữ nguyên trong hệ thống."),
    ("Ô để trống", "Không thay đổi gì. Hệ thống không bao giờ hiểu ô trống là số 0."),
    ("Ghi “xóa”", "Bỏ số liệu: kể từ ngày áp dụng, mục này là “chưa có số liệu”."),
    (columns.ALL_SINCE, "Ô C2: số liệu mới có hiệu lực từ ngày này, nếu dòng không ghi ngày riêng ở cột C."),
    (columns.SINCE, "Cột C: ngày riêng của một đơn vị. Số liệu cũ vẫn được giữ cho thời gian trước ngày đó."),
    (columns.SOURCE, "Cột D (hoặc ô E2 cho cả bảng): văn bản, biên bản kiểm kê, người cung cấp."),
    ("Số", "Viết 2416 hoặc 2.416; số thập phân viết 12,5. Tốc độ đường truyền tính bằng Mbps."),
    ("Ngày", "Viết 18/02/2025."),
    ("Danh sách", "Ô có mũi tên: chọn trong danh sách."),
    (
        "Nền vàng, chữ nghiêng",
        "Số liệu chưa được xác nhận. Gõ giá trị mới hoặc xác nhận trên trang của đơn vị.",
    ),
    ("Dòng cuối", f"“{PROVINCE}”: số đã công bố, chỉ Sở Y tế sửa; không phải công thức cộng."),
    ("Mã đơn vị", "Không sửa mã. Có thể bỏ bớt dòng, đổi thứ tự dòng và cột, chép bảng sang tệp khác."),
    ("", ""),
    ("Khi nộp tệp", ""),
    (
        "Xem trước",
        "Hệ thống đọc tệp và cho xem từng ô sẽ đổi từ giá trị nào sang giá trị nào; chưa ghi gì cả.",
    ),
    ("Ô sai", "Dòng có ô sai không được ghi; tải tệp trả lại, sửa ô màu đỏ theo ghi chú rồi nộp tiếp."),
    ("Hoàn tác", "Mỗi lần nộp có thể hoàn tác ở trang Lịch sử thay đổi."),
    ("Không nhận", "Tệp có macro, mật khẩu, liên kết ngoài; chữ phông TCVN3 hoặc VNI; tệp trên 5 MB."),
    ("", ""),
    ("Mẫu", f"Liên Thông, số liệu đơn vị, phiên bản {columns.EDITION}"),
)


def write(sheet: Worksheet) -> None:
    """Fills the sheet ``Hướng dẫn``."""
    for row, (head, text) in enumerate(_TEXT, 1):
        title = bool(head) and not text
        sheet.cell(row, 1, head).font = Font(name="Times New Roman", bold=True, size=13 if title else 11)
        sheet.cell(row, 2, text).font = Font(name="Times New Roman")
        for column in (1, 2):
            sheet.cell(row, column).alignment = Alignment(wrap_text=True, vertical="top")
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 26, 90
    sheet.protection.sheet = True
