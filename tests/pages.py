"""What a page says."""

from __future__ import annotations

import re
from typing import Any


def words_of(answer: Any) -> str:
    """The words of an answer, without tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))
