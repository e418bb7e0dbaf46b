"""Vietnamese names by frequency: surnames as published, middle and given names by sex and generation.

Shares of surnames: Lê Trung Hoa, *Họ và tên người Việt Nam* (2005), as quoted by the Vietnamese and English
Wikipedia; the rest of 100 % are surnames met in the north-east (Giáp, Thân, Nông, Vi, Lục …). No frequencies
of given names are published; the order of the lists is ours, and weights fall with rank.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

SURNAMES: Final[Mapping[str, float]] = {
    **{"Nguyễn": 38.4, "Trần": 11.0, "Lê": 9.5, "Phạm": 7.1, "Hoàng": 4.6, "Huỳnh": 0.5, "Phan": 4.5},
    **{
        "Vũ": 3.4,
        "Võ": 0.5,
        "Đặng": 2.1,
        "Bùi": 2.0,
        "Đỗ": 1.4,
        "Hồ": 1.3,
        "Ngô": 1.3,
        "Dương": 1.0,
        "Lý": 0.5,
    },
    **{
        "Giáp": 1.6,
        "Thân": 1.4,
        "Nông": 1.0,
        "Vi": 0.9,
        "Trương": 0.7,
        "Đinh": 0.6,
        "Đào": 0.5,
        "Lương": 0.5,
    },
    **{
        "Hà": 0.5,
        "Chu": 0.4,
        "Lục": 0.3,
        "Ninh": 0.3,
        "Đồng": 0.3,
        "Tạ": 0.3,
        "Mai": 0.3,
        "Cao": 0.3,
        "Tô": 0.2,
    },
    **{
        "Lưu": 0.2,
        "Phùng": 0.2,
        "Trịnh": 0.3,
        "Đoàn": 0.3,
        "Lâm": 0.2,
        "Nghiêm": 0.1,
        "Khổng": 0.1,
        "Triệu": 0.1,
    },
}

_MIDDLE_MEN: Final = (
    "Văn:62 Đức:6 Đình:5 Xuân:4 Hữu:4 Quang:4 Ngọc:3 Công:2 Trọng:2 Bá:2 Thế:2 Minh:2 Thanh:2 Duy:1 :3",
    "Văn:44 Đức:7 Đình:4 Xuân:4 Hữu:4 Quang:5 Ngọc:4 Công:3 Trọng:2 Thế:3 Minh:4 Thanh:4 Duy:4 Mạnh:3 Quốc:2 Anh:2 :3",
    "Văn:17 Đức:9 Minh:9 Gia:7 Quang:7 Tuấn:6 Duy:6 Hoàng:5 Bảo:5 Thành:4 Anh:4 Ngọc:4 Quốc:4 Đình:3 Hải:3 Mạnh:3"
    " Trung:2 Nhật:2 Thanh:2 Việt:2 :2",
)
_MIDDLE_WOMEN: Final = (
    "Thị:93 Ngọc:1 Kim:1 Thanh:1 Hồng:1 :2",
    "Thị:72 Ngọc:4 Thu:4 Thanh:4 Hồng:3 Minh:3 Kim:2 Bích:2 Thúy:2 Phương:2 :2",
    "Thị:29 Ngọc:12 Bảo:6 Khánh:6 Minh:7 Phương:6 Hà:5 Thu:5 Thanh:4 Thảo:4 Hoàng:3 Quỳnh:3 Mai:3 Thùy:3 Kim:2 Diệu:2",
)
_SECOND_MEN: Final = "Đức Minh Anh Quang Tiến Thanh Hoàng Ngọc Tuấn Xuân Bảo Gia Duy Trung"
_SECOND_WOMEN: Final = (
    "Thu Thanh Ngọc Hồng Phương Minh Kim Thùy Mai Lan Bích Quỳnh Khánh Hà Thảo Kiều Như Diệu"
)
_GIVEN_MEN: Final = (
    "Hùng Dũng Thắng Hải Sơn Thành Bình Minh Hà Long Tuấn Cường Chiến Đông Quang Hòa Tiến Thanh Toàn Lợi Đức Phúc"
    " Vinh Khánh Xuân Tân Lâm Thuận Thọ Chung Quý Tư Năm Hiền Mạnh Nam Nghĩa Sáng Sinh Tài Tâm Thịnh Thông Tình Trọng"
    " Trung Tùng Viết Việt Bảy Cảnh Chính Cương Đạt Định Độ Giang Hợp Huấn Huy Kiên Lực Lương Ngọc Nhân Ninh Phong"
    " Quyền",
    "Tuấn Hùng Cường Dũng Hải Thắng Nam Tùng Sơn Thành Hưng Quân Long Đức Huy Trung Mạnh Hiếu Tiến Linh Hoàng Anh Kiên"
    " Toàn Việt Thanh Minh Giang Hà Phương Duy Công Khánh Quang Đạt Chung Hậu Nghĩa Phúc Quyết Thịnh Tú Trường Vinh Lâm"
    " Bình Chiến Cương Dương Điệp Đoàn Đông Hiệp Hoan Hòa Huấn Khoa Lượng Luân Nguyên Nhất Phong Quý Sáng Tâm Thái Thế",
    "Anh Minh Huy Khang Khôi Đức Nam Phúc Bảo Quân Hiếu Phong Kiên Đạt Khánh Hoàng Long Dũng Tùng An Việt Thành Hưng"
    " Sơn Lâm Trung Nguyên Tuấn Vũ Quang Tú Đăng Duy Thịnh Bách Nhật Dương Tiến Hải Cường Mạnh Nghĩa Trí Kiệt Thắng"
    " Toàn Linh Vinh Khoa Thiện Tài Trường Hùng Thái Phát Lộc Gia Hào Giang Phú Hiển Quyết Công Luân Khải Tâm Huấn",
)
_GIVEN_WOMEN: Final = (
    "Hoa Lan Hương Mai Hồng Liên Hà Nga Thanh Bình Hòa Thủy Nhung Loan Oanh Tâm Hạnh Xuân Thu Minh Yến Phượng Tuyết"
    " Vân Dung Hiền Lý Nhàn Thơm Mùi Sáu Bảy Năm Tư Hai Lành Thảo Hằng Cúc Đào Bích Chắt Dậu Dần Gái Huệ Khánh Là Luyến"
    " Lương Miên Mơ Ngà Ngát Ngọc Nhiên Phương Quế Sen Sinh Thái Thêu Thìn Thoa Thoan Tỵ Vinh Vui Hợi Tý Sửu Mão",
    "Hương Huyền Hà Thủy Hoa Hằng Nga Thảo Linh Trang Lan Phương Hạnh Nhung Hiền Dung Vân Thu Mai Yến Ngọc Oanh Thúy"
    " Hường Hòa Loan Liên Hồng Anh Bích Chi Duyên Diệp Giang Hảo Hậu Huệ Lệ Ly Lý Minh My Nguyệt Nhàn Như Phượng Quyên"
    " Quỳnh Sen Tâm Thắm Thanh Thoa Thơm Tình Tuyết Tươi Uyên Xuân Xuyến Ánh Bắc Chinh Hợp Luyến Mến Ngân Ngoan Nhâm",
    "Anh Linh Trang Hà Ngọc Phương Thảo Chi Nhi Vy Hân My Ngân Châu Hương Mai Quỳnh Trâm An Yến Giang Huyền Thư Uyên"
    " Nguyên Khánh Minh Tú Như Ly Lan Hiền Nhung Vân Dương Hằng Duyên Diệp Tâm Ánh Hoa Thủy Thương Thanh Trà Tuệ Lâm"
    " Diệu Đan Hạnh Nga Ngà Phúc San Thu Thúy Trinh Trúc Tường Vi Xuân Băng Bình Cúc Di Hòa Hồng Kiều Lam Loan Lệ",
)
_SURNAMES_ABROAD: Final = "Wang Li Zhang Liu Chen Yang Huang Zhao Wu Zhou Kim Lee Park Choi Jung Kang Lin Hsu"
_GIVEN_ABROAD: Final = (
    "Wei Fang Jun Lei Ming Yong Tao Qiang Xin Yan Hao Minjun Jihoon Seojun Youngho Jiwon Sungmin Hui"
)
FOREIGN_SURNAMES: Final = _SURNAMES_ABROAD.split()
FOREIGN_GIVEN: Final = _GIVEN_ABROAD.split()
Draw = Callable[[float], str]
_SIZE: Final = 1 << 13


def draw(weights: Mapping[str, float]) -> Draw:
    """A function from a number in [0, 1) to a word, each as often as its weight says (to 1 in 8192)."""
    total, table, reached = sum(weights.values()), list[str](), 0.0
    for word, weight in weights.items():
        reached += weight
        table += [word] * (round(_SIZE * reached / total) - len(table))
    return lambda number: table[int(number * _SIZE)]


def _by_rank(words: str, fall: float = 0.75) -> Draw:
    distinct = list(dict.fromkeys(words.split()))
    return draw({word: (rank + 3) ** -fall for rank, word in enumerate(distinct)})


def _stated(words: str) -> Draw:
    pairs = [item.rpartition(":") for item in words.split()]
    return draw({word: float(weight) for word, _, weight in pairs})


surname: Final = draw(SURNAMES)
_middle: Final = ([_stated(words) for words in _MIDDLE_MEN], [_stated(words) for words in _MIDDLE_WOMEN])
_second: Final = (_by_rank(_SECOND_MEN), _by_rank(_SECOND_WOMEN))
_given: Final = ([_by_rank(words) for words in _GIVEN_MEN], [_by_rank(words) for words in _GIVEN_WOMEN])
_FOUR_WORDS: Final = ((0.02, 0.06, 0.22), (0.04, 0.18, 0.38))


def words(family: str, female: bool, birth_year: int, chance: Callable[[], float]) -> list[str]:
    """The words of a name: surname, one or two middle names (or none), given name."""
    generation = 0 if birth_year < 1965 else 1 if birth_year < 1998 else 2
    name = [family, _middle[female][generation](chance())]
    if chance() < _FOUR_WORDS[female][generation]:
        second = _second[female](chance())
        name += [second] if second != name[1] else []
    given = _given[female][generation](chance())
    while given in name:
        given = _given[female][generation](chance())
    return [word for word in [*name, given] if word]


def alike(word: str, among: Sequence[str]) -> list[str]:
    """Those of ``among`` that differ from the word in marks or in one letter."""
    from lienthong.foundation.text import fold

    plain = fold(word)
    return [w for w in among if w != word and (fold(w) == plain or _one_apart(fold(w), plain))]


def _one_apart(a: str, b: str) -> bool:
    if abs(len(a) - len(b)) > 1 or min(len(a), len(b)) < 3:
        return False
    start = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    return a[start + (len(a) >= len(b)) :] == b[start + (len(b) >= len(a)) :]


GIVEN: Final = tuple(tuple(dict.fromkeys(" ".join(lists).split())) for lists in (_GIVEN_MEN, _GIVEN_WOMEN))
"""All given names of men and of women."""
