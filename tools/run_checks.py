"""``make check``: what can be told without running the program. One line a check; all run in every case."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from urllib.parse import unquote

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
HEADINGS = ("role", "data", "messages", "doors", "persist")

_MACHINE_PATH = re.compile(r"(?<![\w.~])/(?:work|root|home|Users)/[A-Za-z0-9._]")
_PACKAGE_HOST = re.compile(r"pypi\.org|pythonhosted\.org|npmjs\.(?:org|com)/|registry\.npm|deb\.debian\.org")
_HOST_WORDS = re.compile(r"://|--index-url|--extra-index-url|--find-links|--trusted-host")
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
_SQL_TABLE = re.compile(r"\b(?:FROM|JOIN|INTO|UPDATE|TABLE)\s+([a-z0-9]+(?:_[a-z0-9]+)*)_[a-z]+\b")


def main() -> int:
    checks: list[tuple[str, Callable[[], Iterable[str]]]] = [
        ("types", lambda: run("mypy")),
        ("format", lambda: run("ruff", "format", "--check", ".")),
        ("lint", lambda: run("ruff", "check", ".")),
        ("imports", lambda: run("lint-imports")),
        ("migrations", migrations),
        ("translations", lambda: run("python", "tools/translations.py", "check")),
        ("licences", lambda: run("python", "tools/licences.py", "check")),
        ("folders", lambda: folders(ROOT / "src" / "lienthong")),
        ("tables", lambda: tables(ROOT / "src" / "lienthong")),
        ("locks", lambda: locks(ROOT)),
        ("text", lambda: text(tracked())),
        ("links", lambda: links(tracked(".md"))),
    ]
    failed = []
    with ThreadPoolExecutor(2) as pool:
        running = {pool.submit(timed, check): name for name, check in checks}
        for done in as_completed(running):
            lines, seconds = done.result()
            print(f"{running[done]:<13} {'FAILED' if lines else 'ok':<7} {seconds:5.1f} s", flush=True)
            for line in lines:
                print(f"    {line}", flush=True)
            if lines:
                failed.append(running[done])
    print(
        f"{len(checks) - len(failed)} checks right, {len(failed)} wrong"
        + "".join(f" {name}" for name in failed)
    )
    return 1 if failed else 0


def timed(check: Callable[[], Iterable[str]]) -> tuple[list[str], float]:
    """The check's lines (none when all is right) and its seconds; a check that breaks is a fault too."""
    started = time.monotonic()
    try:
        lines = list(check())
    except Exception as error:
        lines = [f"{type(error).__name__}: {error}"]
    return lines, time.monotonic() - started


def run(program: str, *words: str, **environment: str) -> list[str]:
    """Runs a program of the environment; its output when it failed."""
    done = subprocess.run(
        [str(BIN / program), *words],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        return []
    return [*(done.stdout + done.stderr).splitlines(), f"{program} ended with {done.returncode}"]


def migrations() -> list[str]:
    """Whether the migrations make the tables that the models declare."""
    with tempfile.TemporaryDirectory(prefix="lienthong-check-") as home:
        words = ("-m", "django", "makemigrations", "--check", "--dry-run")
        settings = "lienthong.config.settings"
        return run(
            "python", *words, LIENTHONG_HOME=home, LIENTHONG_DATABASE="", DJANGO_SETTINGS_MODULE=settings
        )


def tracked(suffix: str = "") -> list[Path]:
    """The repository's files, also those that are new and not ignored."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    paths = (ROOT / name for name in listed if name.endswith(suffix) and name)
    return [path for path in paths if path.is_file()]


def folders(source: Path) -> Iterator[str]:
    """Every part and every connector has a README.md under the five headings."""
    parts = [
        path.parent for pattern in ("*", "connectors/*") for path in source.glob(f"{pattern}/__init__.py")
    ]
    for part in sorted(parts):
        name, readme = part.relative_to(source), part / "README.md"
        if not readme.exists():
            yield f"{name} has no README.md"
            continue
        headings = re.findall(r"^## +(.*)$", readme.read_text("utf-8"), re.MULTILINE)
        right = len(headings) == len(HEADINGS)
        if not right or any(
            word not in found.lower() for word, found in zip(HEADINGS, headings, strict=True)
        ):
            yield f"{name}/README.md: its headings are {headings}, they should be about {', '.join(HEADINGS)}"


def tables(source: Path) -> Iterator[str]:
    """Plain SQL names tables of its own folder alone; other folders are asked at their front desk.

    ``config`` knows every part and may count in any table.
    """
    labels = {path.parent.name: path.parent for path in source.rglob("migrations")}
    for path in sorted(source.rglob("*.py")):
        inner = path.relative_to(source).parts
        if inner[0] == "config" or {"migrations", "tests"} & set(inner):
            continue
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            for table in _SQL_TABLE.finditer(line):
                owner = next(
                    (labels[name] for name in labels if table[0].split()[1].startswith(f"{name}_")), None
                )
                if owner is not None and owner not in path.parents:
                    yield f"{path.relative_to(source)}:{number}: {table[0]} is a table of {owner.name}"


def locks(root: Path) -> Iterator[str]:
    """Locks carry a hash for every package, name no host, and hold what the ``.in`` files ask for."""
    for lock in sorted((root / "requirements").glob("*.txt")):
        content = lock.read_text("utf-8")
        if found := _HOST_WORDS.search(content):
            yield f"{lock.name} names a host: {found[0]}"
        entries = re.split(r"\n(?=\S)", content.strip())
        yield from (f"{lock.name}: {e.split()[0]} has no hash" for e in entries if "--hash=sha256:" not in e)
        locked = {re.split(r"[\[=]", entry)[0].lower().replace("_", "-") for entry in entries}
        for wanted in re.findall(
            r"^([A-Za-z][\w.-]*)", lock.with_suffix(".in").read_text("utf-8"), re.MULTILINE
        ):
            if wanted.lower().replace("_", "-") not in locked:
                yield f"{lock.name} lacks {wanted}: run make lock"
    packages = json.loads((root / "package-lock.json").read_text("utf-8"))["packages"]
    for name, entry in packages.items():
        if name and "integrity" not in entry:
            yield f"package-lock.json: {name} has no hash"
        if "resolved" in entry:
            yield f"package-lock.json: {name} names a host"


def text(paths: Iterable[Path]) -> Iterator[str]:
    """No file names a folder of somebody's machine or a host of packages."""
    for path in paths:
        try:
            content = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(content.splitlines(), 1):
            if found := _MACHINE_PATH.search(line) or _PACKAGE_HOST.search(line):
                yield f"{path.relative_to(ROOT)}:{number}: {found[0]}"


def links(documents: Iterable[Path]) -> Iterator[str]:
    """Every relative link of a Markdown file leads to a file, and to a heading where it names one."""
    for document in documents:
        name_here = document.relative_to(ROOT)
        content = re.sub(r"```.*?```", "", document.read_text("utf-8"), flags=re.DOTALL)
        for match in _LINK.finditer(content):
            target = match[1] or match[2]
            if re.match(r"[a-z]+:", target):
                continue
            name, _, anchor = unquote(target).partition("#")
            aim = (document.parent / name).resolve() if name else document
            if not aim.exists():
                yield f"{name_here}: {target} leads nowhere"
            elif anchor and aim.suffix == ".md" and anchor not in anchors(aim):
                yield f"{name_here}: {target} names no heading"


def anchors(document: Path) -> set[str]:
    """The anchors that a forge gives to a document's headings."""
    headings = re.findall(r"^#+ +(.*?) *$", document.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


if __name__ == "__main__":
    sys.exit(main())
