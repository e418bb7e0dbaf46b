"""Brings a stopped node's exchange tables back: ``python -m lienthong.config.drill.stepping HOME MIGRATION``."""

from __future__ import annotations

import sys
from pathlib import Path

from lienthong.config import setup

if __name__ == "__main__":
    setup.use(Path(sys.argv[1]))
    from django.core.management import call_command

    call_command("migrate", "exchange", sys.argv[2], verbosity=0, interactive=False)
