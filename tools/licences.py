"""Licences of what a running node uses: ``licences.py write | check``.

Names come from the locks, licences from what is installed. ``write`` renews the list in ``NOTICE``; ``check``
fails when the list is out of date, or when a licence is unknown or may not be shipped (GPL, AGPL).
"""

from __future__ import annotations

import json
import re
import sys
from email.message import Message
from importlib import metadata
from pathlib import Path
from typing import cast

ROOT = Path(__file__).resolve().parent.parent
NOTICE = ROOT / "NOTICE"
START = "Third-party software that a running node uses, and its licences:\n"

_FORBIDDEN = re.compile(r"(?<!L)(?<!Lesser )\b(?:A?GPL|GNU (?:Affero )?General Public)", re.IGNORECASE)
_SHORT = {
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
    "BSD License": "BSD-3-Clause",
    "MIT License": "MIT",
    "The MIT License (MIT)": "MIT",
    "Apache Software License": "Apache-2.0",
}


def python_packages(lock: Path) -> dict[str, str]:
    """``{name: licence}`` of every package of a pip lock; an empty licence where none is stated."""
    names = re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==", lock.read_text("utf-8"), re.MULTILINE)
    return {name: _licence(cast(Message, metadata.metadata(name))) or _heading(name) for name in names}


def _licence(fields: Message) -> str:
    if expression := fields["License-Expression"]:
        return str(expression)
    classifiers = [c for c in fields.get_all("Classifier") or [] if c.startswith("License ::")]
    stated = [c.rpartition(" :: ")[2] for c in classifiers if not c.endswith("OSI Approved")]
    text = " AND ".join(sorted(stated)) or fields.get("License", "")
    return _SHORT.get(text, text)


def _heading(name: str) -> str:
    """The licence that the package's licence file names in a line of its head; empty when it names none."""
    files = [path for path in metadata.files(name) or [] if "licenses/" in str(path)]
    lines = [line.strip() for path in files for line in path.read_text("utf-8").splitlines()[:3]]
    return next((_SHORT[line] for line in lines if line in _SHORT), "")


def npm_packages(lock: Path) -> dict[str, str]:
    """``{name: licence}`` of the packages of an npm lock that are not for development alone."""
    packages = json.loads(lock.read_text("utf-8"))["packages"]
    return {
        path.removeprefix("node_modules/"): str(entry.get("license", ""))
        for path, entry in packages.items()
        if path and not entry.get("dev")
    }


def wrong(licences: dict[str, str]) -> list[str]:
    """A line for each package that may not be shipped."""
    lines = []
    for name, licence in licences.items():
        if not licence:
            lines.append(f"{name} states no licence")
        elif _FORBIDDEN.search(licence):
            lines.append(f"{name} is under {licence}, which the project may not ship")
    return lines


def listing(licences: dict[str, str]) -> str:
    """The list as it stands in ``NOTICE``."""
    width = max(map(len, licences))
    return "".join(f"  {name:<{width}}  {licences[name]}\n" for name in sorted(licences, key=str.lower))


def main(words: list[str]) -> int:
    licences = python_packages(ROOT / "requirements" / "run.txt") | npm_packages(ROOT / "package-lock.json")
    before = NOTICE.read_text("utf-8")
    head, start, _ = before.partition(START)
    after = head + START + "\n" + listing(licences)
    if words == ["write"]:
        NOTICE.write_text(after, "utf-8")
    elif words != ["check"]:
        print(__doc__, file=sys.stderr)
        return 2
    lines = wrong(licences)
    if words == ["check"] and (not start or before != after):
        lines.append("NOTICE is out of date: run tools/licences.py write")
    print("\n".join(lines), end="\n" if lines else "")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
