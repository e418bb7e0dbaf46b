"""What a check finds, and where its rule stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["error", "warning", "ask"]
LEVELS: tuple[Level, ...] = ("error", "warning", "ask")
"""``error`` stops a planned transfer, ``warning`` wants a look, ``ask`` a thought; the gravest first."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a rule stands, in both languages, and how far that was read at its source (high, medium, low)."""

    vi: str
    en: str
    confidence: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing noticed before sending.

    Attributes:
        code: stable, lower-case words joined by ``-``.
        field: name in the form (``person.birth``), or ``receiver``.
        vi, en: what is wrong and what to do, for a doctor.
    """

    code: str
    level: Level
    field: str
    vi: str
    en: str
    source: Source


ANNEX_VI = Source("Thông tư 01/2025/TT-BYT, Phụ lục VI", "Circular 01/2025/TT-BYT, annex VI", "high")
TEN_DAYS = Source(
    "Thông tư 01/2025/TT-BYT (Điều 12 theo một nguồn)",
    "Circular 01/2025/TT-BYT (article 12 by one source)",
    "high",
)
ANNEX_III = Source(
    "Thông tư 01/2025/TT-BYT, Phụ lục III (đọc máy từ bản quét)",
    "Circular 01/2025/TT-BYT, annex III (read by machine from a scan)",
    "medium",
)
ARTICLE_5 = Source(
    "Thông tư 01/2025/TT-BYT, Điều 5, Phụ lục I và II (đọc máy từ bản quét)",
    "Circular 01/2025/TT-BYT, article 5, annexes I and II (read by machine from a scan)",
    "medium",
)
ARTICLE_10 = Source(
    "Thông tư 01/2025/TT-BYT, Điều 10, Phụ lục IV (đọc máy từ bản quét)",
    "Circular 01/2025/TT-BYT, article 10, annex IV (read by machine from a scan)",
    "medium",
)
XML13 = Source(
    "Quyết định 3176/QĐ-BYT, bảng 1 và bảng 13",
    "Decision 3176/QD-BYT, tables 1 and 13",
    "high",
)
ICD10 = Source(
    "Quyết định 4469/QĐ-BYT; từ 01/7/2026 Thông tư 06/2026/TT-BYT",
    "Decision 4469/QD-BYT; from 2026-07-01 Circular 06/2026/TT-BYT",
    "medium",
)
CITIZEN = Source(
    "Cấu trúc số định danh cá nhân (Luật Căn cước)",
    "Structure of the citizen number (law on identity)",
    "high",
)
CARD = Source("Cấu trúc mã thẻ bảo hiểm y tế", "Structure of the insurance card number", "high")
PLAUSIBLE = Source(
    "Giới hạn sinh lý, không phải quy định",
    "Limits of physiology, not a regulation",
    "medium",
)
DIRECTORY = Source("Danh bạ của trục liên thông", "The directory of the hub", "high")
DISCLOSURE = Source(
    "Luật 91/2025/QH15, Điều 19 và Điều 26",
    "Law 91/2025/QH15, articles 19 and 26",
    "medium",
)
