"""Invented documents: a fortnightly report with its five annexes, a decision, a plan with a long table."""

from __future__ import annotations

from datetime import date

from lienthong.rollout.papers.paper import (
    Annex,
    Block,
    Bullet,
    Column,
    Heading,
    Letterhead,
    Paper,
    Paragraph,
    Run,
    Signer,
    Table,
)

HEALTH = Letterhead("UBND TỈNH BẮC GIANG", "SỞ Y TẾ", "Bắc Giang", "Sở Y tế tỉnh Bắc Giang")
UNITS = (
    "Bệnh viện Đa khoa tỉnh Bắc Giang",
    "Bệnh viện Ung bướu Bắc Giang",
    "Bệnh viện Y học cổ truyền tỉnh Bắc Giang",
    "Bệnh viện Nội tiết tỉnh Bắc Giang",
    "Bệnh viện Sản - Nhi Bắc Giang",
    "Bệnh viện Phục hồi chức năng Bắc Giang",
    "Bệnh viện Phổi Bắc Giang",
    "Bệnh viện Tâm thần Bắc Giang",
    "Trung tâm Y tế huyện Lục Ngạn",
    "Trung tâm Y tế thị xã Việt Yên",
    "Trung tâm Y tế huyện Sơn Động",
    "Trung tâm Y tế huyện Hiệp Hòa",
    "Trung tâm Y tế huyện Lục Nam",
    "Trung tâm Y tế huyện Lạng Giang",
    "Trung tâm Y tế thành phố Bắc Giang",
    "Trung tâm Y tế huyện Tân Yên",
    "Trung tâm Y tế huyện Yên Thế",
)
COPIES = (
    "Như trên",
    "Phó Chủ tịch Thường trực UBND tỉnh",
    "Công an tỉnh",
    "Sở Thông tin và Truyền thông",
    "Sở Tài chính",
    "UBND các huyện, thị xã, thành phố",
    "Lãnh đạo Sở Y tế",
    "17 đơn vị khám bệnh, chữa bệnh trực thuộc",
)


def report(*, draft: bool = False, number: str = "4/BC-SYT") -> Paper:
    """The first fortnightly report, in the outline of the department."""
    return Paper(
        HEALTH,
        number,
        None if draft else date(2025, 3, 4),
        "BÁO CÁO",
        "Kết quả triển khai bệnh án điện tử, kết nối liên thông dữ liệu với Bệnh viện Bạch Mai\n"
        "(kỳ báo cáo từ ngày 18/02/2025 đến ngày 03/03/2025)",
        ("Chủ tịch Ủy ban nhân dân tỉnh",),
        _body(),
        Signer("KT. GIÁM ĐỐC", "PHÓ GIÁM ĐỐC", "Nguyễn Thị Minh Ánh"),
        COPIES,
        "Lưu: VT, NVY.",
        (_state(), _tasks(), _exchange(), _budget(), _difficulties()),
        draft,
        2025,
    )


def _body() -> tuple[Block, ...]:
    return (
        Paragraph(
            "Thực hiện Thông báo số 45/TB-UBND ngày 20/02/2025 của Ủy ban nhân dân tỉnh về kết luận của Chủ tịch"
            " Ủy ban nhân dân tỉnh tại Hội nghị triển khai bệnh án điện tử, Sở Y tế báo cáo kết quả thực hiện từ"
            " ngày 18/02/2025 đến ngày 03/03/2025 như sau:"
        ),
        Heading(1, "I. Công tác chỉ đạo, điều hành"),
        Paragraph(
            "Trong kỳ, Sở Y tế đã ban hành 03 văn bản chỉ đạo, tổ chức 02 cuộc họp giao ban trực tuyến với 17 đơn"
            " vị và kiểm tra thực tế tại 04 đơn vị."
        ),
        Bullet("Kế hoạch số 21/KH-SYT ngày 24/02/2025 về triển khai bệnh án điện tử năm 2025;"),
        Bullet("Công văn số 512/SYT-NVY ngày 26/02/2025 đôn đốc rà soát hạ tầng công nghệ thông tin;"),
        Bullet("Công văn số 538/SYT-NVY ngày 28/02/2025 về bảo đảm an toàn thông tin theo cấp độ."),
        Heading(1, "II. Kết quả thực hiện"),
        Heading(2, "1. Hạ tầng công nghệ thông tin"),
        Paragraph(
            "Toàn ngành có 25 máy chủ, 2.416 máy tính, 1.658 máy in; 05 đơn vị có phòng máy chủ, 12 đơn vị thuê"
            " máy chủ của nhà cung cấp phần mềm. So với kỳ trước, số máy tính tăng 36 bộ."
        ),
        Table(
            (
                Column("Chỉ số", 60),
                Column("Kỳ này", 25, "right"),
                Column("Kỳ trước", 25, "right"),
                Column("Chênh lệch", 27, "right"),
                Column("Chỉ tiêu", 28, "right"),
            ),
            (
                ("Máy chủ (bộ)", "25", "25", "không đổi", "34"),
                ("Máy tính (bộ)", "2.416", "2.380", "tăng 36", "2.600"),
                ("Máy in (chiếc)", "1.658", "1.658", "không đổi", "1.700"),
                ("Máy quét (chiếc)", "chưa có số liệu", "chưa có số liệu", "chưa có số liệu", "170"),
            ),
            caption="Bảng 1. Trang thiết bị công nghệ thông tin",
            note="Ghi chú: Trung tâm Y tế huyện Yên Thế chưa có số liệu về máy quét.",
        ),
        Heading(2, "2. Phần mềm HIS, LIS, RIS-PACS"),
        Paragraph(
            "17/17 đơn vị đã triển khai HIS: 01 đơn vị mức 7, 04 đơn vị mức 6, 03 đơn vị mức 5, 04 đơn vị mức 4,"
            " 03 đơn vị mức 3 và 02 đơn vị mức 2. LIS và RIS-PACS đạt mức nâng cao tại 17/17 đơn vị theo kê khai;"
            " số liệu này chưa được xác nhận bằng dữ liệu truyền nhận."
        ),
        Heading(2, "3. Bệnh án điện tử"),
        Heading(3, "a) Tình trạng triển khai"),
        Paragraph(
            "03 đơn vị có phần mềm bệnh án điện tử mức nâng cao, 01 đơn vị mức cơ bản và 13 đơn vị chưa có phần"
            " mềm. Chưa có đơn vị nào công bố ngừng sử dụng bệnh án giấy."
        ),
        Heading(3, "b) Chữ ký số"),
        Paragraph(
            (
                Run("Đã cấp 1.204 chữ ký số trên tổng số 2.950 chữ ký cần cấp, "),
                Run("đạt 40,8%", bold=True),
                Run(" (kỳ trước 36,2%)."),
            )
        ),
        Heading(2, "4. Kết nối, liên thông với Bệnh viện Bạch Mai"),
        Paragraph(
            "01 đơn vị đã kết nối. Lũy kế từ ngày 12/01/2025 đến ngày 16/02/2025 đã thử nghiệm 304 lượt chuyển"
            " người bệnh; trong kỳ gửi 118 gói tin, Bệnh viện Bạch Mai xác nhận tiếp nhận 116, từ chối 02."
        ),
        Heading(2, "5. An toàn, an ninh hệ thống"),
        Paragraph(
            "Công an tỉnh đã kiểm tra 02 đơn vị; 01 đơn vị đạt yêu cầu, 01 đơn vị phải bổ sung hồ sơ đề xuất cấp"
            " độ. Trong kỳ không ghi nhận sự cố an toàn thông tin."
        ),
        Heading(2, "6. Kinh phí, đấu thầu"),
        Paragraph(
            "Tổng nhu cầu 42,35 tỷ đồng, đã được giao 12,8 tỷ đồng, đã giải ngân 850 triệu đồng. 03 gói thầu đang"
            " lập hồ sơ mời thầu, 01 gói thầu đã ký hợp đồng."
        ),
        Heading(2, "7. Đào tạo, nhân lực"),
        Paragraph("Tổ chức 04 lớp tập huấn cho 312 lượt người; 17 đơn vị có 29 cán bộ công nghệ thông tin."),
        Heading(1, "III. Đánh giá chung"),
        Heading(2, "1. Ưu điểm"),
        Paragraph(
            "Các đơn vị đã chủ động xây dựng kế hoạch, bố trí nhân lực và phối hợp chặt chẽ với nhà cung cấp phần"
            " mềm; việc gửi, nhận hồ sơ với Bệnh viện Bạch Mai diễn ra ổn định, không thất lạc."
        ),
        Heading(2, "2. Tồn tại, hạn chế"),
        Paragraph(
            "Tiến độ mua sắm phần mềm bệnh án điện tử còn chậm; hạ tầng mạng tại một số đơn vị vùng cao chưa đáp"
            " ứng yêu cầu truyền hình ảnh."
        ),
        Heading(2, "3. Khó khăn, vướng mắc và nguyên nhân"),
        Paragraph("Chi tiết theo từng đơn vị tại Phụ lục V."),
        Heading(1, "IV. Nhiệm vụ trọng tâm kỳ tới"),
        Bullet("Bệnh viện Đa khoa tỉnh hoàn thành kiểm thử chiều nhận kết quả trước ngày 15/03/2025;"),
        Bullet("06 đơn vị thí điểm hoàn thiện hồ sơ đề xuất cấp độ an toàn hệ thống thông tin trước ngày 14/03/2025;"),
        Bullet("Phòng Nghiệp vụ Y tham mưu quyết định thành lập hội đồng thẩm định bệnh án điện tử."),
        Heading(1, "V. Đề xuất, kiến nghị"),
        Bullet("Đề nghị Chủ tịch Ủy ban nhân dân tỉnh xem xét, bố trí bổ sung 29,55 tỷ đồng năm 2025;"),
        Bullet("Đề nghị Sở Tài chính hướng dẫn các đơn vị thực hiện thủ tục thuê dịch vụ công nghệ thông tin."),
        Paragraph(
            "Trên đây là kết quả triển khai bệnh án điện tử và kết nối, liên thông dữ liệu với Bệnh viện Bạch Mai,"
            " Sở Y tế kính báo cáo Chủ tịch Ủy ban nhân dân tỉnh."
        ),
    )  # fmt: skip


def _state() -> Annex:
    columns = (
        Column("TT", 9, "center"),
        Column("Đơn vị", 55),
        Column("Mức hạ tầng", 16, "center"),
        Column("Mức HIS", 14, "center"),
        Column("LIS", 18, "center"),
        Column("RIS-PACS", 18, "center"),
        Column("Phần mềm BAĐT", 18, "center"),
        Column("Tình trạng BAĐT", 24),
        Column("Máy chủ", 22),
        Column("Chữ ký số đã cấp/ cần cấp", 22, "right"),
        Column("Ngày dự kiến", 22, "center"),
        Column("Thay đổi trong kỳ", 24),
    )
    rows = tuple(
        (
            str(n),
            unit,
            str(2 + n % 4),
            str(2 + n % 6),
            "nâng cao",
            "nâng cao",
            ("không", "cơ bản", "nâng cao")[n % 3],
            ("đang chuẩn bị", "chạy thử", "đã thẩm định")[n % 3],
            "phòng máy riêng" if n % 3 else "thuê",
            f"{41 * n}/{90 * n}" if n != 17 else "chưa có số liệu",
            "30/09/2025",
            "không đổi" if n % 4 else "Đã ký hợp đồng phần mềm",
        )
        for n, unit in enumerate(UNITS, 1)
    )
    totals = ("", "Tổng cộng (16/17 đơn vị có số liệu)", *[""] * 7, "5.576/12.240", "", "")
    return Annex(
        "I",
        "Tình trạng triển khai bệnh án điện tử tại các đơn vị",
        (Table(columns, rows, note="BAĐT: bệnh án điện tử. Số liệu đến ngày 03/03/2025.", totals=totals),),
    )


def _tasks() -> Annex:
    columns = (
        Column("TT", 9, "center"),
        Column("Nhiệm vụ", 62),
        Column("Văn bản giao", 32),
        Column("Chủ trì", 30),
        Column("Phối hợp", 32),
        Column("Thời hạn", 21, "center"),
        Column("Trạng thái", 24),
        Column("Kết quả", 30),
        Column("Lý do chậm", 26),
    )
    rows = tuple(
        (
            str(n),
            "Hoàn thành kết nối, liên thông dữ liệu chuyển cơ sở khám bệnh, chữa bệnh với Bệnh viện Bạch Mai",
            "Thông báo số 45/TB-UBND ngày 20/02/2025",
            UNITS[n],
            "Nhà cung cấp phần mềm; Công an tỉnh",
            "15/03/2025",
            ("Đang thực hiện, trong hạn", "Hoàn thành đúng hạn", "Đang thực hiện, quá hạn")[n % 3],
            "Đã thử nghiệm 304 lượt",
            "" if n % 3 != 2 else "Chờ đường truyền dự phòng",
        )
        for n in range(1, 13)
    )
    return Annex("II", "Tình hình thực hiện nhiệm vụ được giao", (Table(columns, rows),))


def _exchange() -> Annex:
    columns = (
        Column("TT", 9, "center"),
        Column("Đơn vị", 70),
        Column("Kết nối từ ngày", 26, "center"),
        Column("Gói tin trong kỳ", 24, "right"),
        Column("Tiếp nhận", 22, "right"),
        Column("Từ chối", 20, "right"),
        Column("Lỗi nhiều nhất", 56),
        Column("Lũy kế", 25, "right"),
    )
    rows = tuple(
        (str(n), unit, "12/01/2025", "118", "116", "2", "Thiếu mã định danh người bệnh", "304")
        if n == 1
        else (str(n), unit, "chưa kết nối", "0", "0", "0", "", "0")
        for n, unit in enumerate(UNITS, 1)
    )
    totals = ("", "Tổng cộng", "01/17 đơn vị", "118", "116", "2", "", "304")
    return Annex("III", "Kết quả kết nối, liên thông dữ liệu", (Table(columns, rows, totals=totals),))


def _budget() -> Annex:
    columns = (
        Column("TT", 9, "center"),
        Column("Đơn vị", 50),
        Column("Hạng mục", 48),
        Column("Dự toán (triệu đồng)", 24, "right"),
        Column("Nguồn vốn", 26),
        Column("Giai đoạn", 28),
        Column("Nhà thầu", 34),
        Column("Hết hạn hợp đồng", 23, "center"),
        Column("Lỗi chưa xử lý", 16, "right"),
    )
    rows = tuple(
        (
            str(n),
            unit,
            "Thuê phần mềm bệnh án điện tử 36 tháng",
            "1.850,5",
            "Quỹ phát triển hoạt động sự nghiệp",
            "Lập hồ sơ mời thầu",
            "Công ty Cổ phần Giải pháp Y tế số Sông Thương",
            "31/12/2027",
            str(n % 4),
        )
        for n, unit in enumerate(UNITS, 1)
    )
    totals = ("", "Tổng cộng", "", "31.458,5", "", "", "", "", "25")
    return Annex("IV", "Kinh phí và đấu thầu", (Table(columns, rows, totals=totals),))


def _difficulties() -> Annex:
    columns = (
        Column("TT", 9, "center"),
        Column("Đơn vị", 42),
        Column("Nội dung", 60),
        Column("Nguyên nhân", 48),
        Column("Đề xuất", 48),
        Column("Gửi đến", 22),
        Column("Trả lời", 23),
    )
    rows = tuple(
        (
            str(n),
            unit,
            "Đường truyền chính thường gián đoạn vào giờ cao điểm, hình ảnh cắt lớp vi tính gửi đi chậm",
            "Chưa có đường truyền dự phòng; băng thông thực đo 18,5 Mbps",
            "Cho phép thuê thêm một đường truyền của nhà cung cấp khác",
            "Sở Tài chính",
            "Đang xem xét",
        )
        for n, unit in enumerate(UNITS[:9], 1)
    )
    return Annex("V", "Khó khăn, vướng mắc của các đơn vị", (Table(columns, rows),))


def decision() -> Paper:
    """A short one of another kind: no addressee, no annex, signed by the head."""
    return Paper(
        HEALTH,
        "127/QĐ-SYT",
        date(2025, 1, 9),
        "QUYẾT ĐỊNH",
        "Về việc thành lập Tổ giúp việc triển khai bệnh án điện tử",
        (),
        (
            Paragraph((Run("GIÁM ĐỐC SỞ Y TẾ", bold=True),), centred=True),
            Paragraph((Run("Căn cứ Luật Khám bệnh, chữa bệnh ngày 09 tháng 01 năm 2023;", italic=True),)),
            Paragraph((Run("Theo đề nghị của Trưởng phòng Nghiệp vụ Y.", italic=True),)),
            Paragraph((Run("QUYẾT ĐỊNH:", bold=True),), centred=True),
            Paragraph(
                (
                    Run("Điều 1.", bold=True),
                    Run(" Thành lập Tổ giúp việc triển khai bệnh án điện tử gồm 07 thành viên."),
                )
            ),
            Paragraph((Run("Điều 2.", bold=True), Run(" Quyết định này có hiệu lực kể từ ngày ký."))),
        ),
        Signer("", "GIÁM ĐỐC", "Trần Văn Bình"),
        ("Như Điều 2", "Lãnh đạo Sở", "Các đơn vị trực thuộc"),
        "Lưu: VT, TCCB.",
    )


def plan(rows: int = 30) -> Paper:
    """A plan for several addressees with one table over pages, and words longer than their columns."""
    columns = (
        Column("TT", 12, "center"),
        Column("Nội dung công việc", 78),
        Column("Số lượng", 20, "right"),
        Column("Thành tiền (đồng)", 35, "right"),
        Column("Ghi chú", 20),
    )
    lines = tuple(
        (
            str(n),
            f"Kiểm tra, nghiệm thu đường truyền tại {UNITS[n % 17]}, đợt {n}",
            str(3 * n),
            "1.250.000",
            "maytramso0001.bacgiang.gov.vn" if n == 7 else "",
        )
        for n in range(1, rows + 1)
    )
    return Paper(
        HEALTH,
        "21/KH-SYT",
        date(2025, 2, 24),
        "KẾ HOẠCH",
        "Triển khai bệnh án điện tử năm 2025 tại các đơn vị khám bệnh, chữa bệnh trên địa bàn tỉnh Bắc Giang",
        ("Ủy ban nhân dân các huyện, thị xã, thành phố", "Các đơn vị khám bệnh, chữa bệnh trực thuộc"),
        (
            Heading(2, "1. Khối lượng"),
            Table(
                columns,
                lines,
                caption="Bảng 1. Công việc",
                totals=("", "Tổng cộng", "1.395", "37.500.000", ""),
            ),
            Paragraph("Yêu cầu các đơn vị nghiêm túc triển khai thực hiện."),
        ),
        Signer("TL. GIÁM ĐỐC", "TRƯỞNG PHÒNG NGHIỆP VỤ Y", "Lê Hoàng Nam"),
        ("Như trên", "Giám đốc Sở"),
        "Lưu: VT, NVY.",
    )
