"""A node's own settings file, and the command line that writes it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lienthong.config import node

words = st.text(
    st.characters(min_codepoint=33, max_codepoint=0x1EF9, blacklist_characters='"\\\x7f'), max_size=20
)


@given(st.sampled_from(["hub", "site"]), words, st.integers(1, 65535), st.booleans())
def test_what_is_saved_is_read_back(role: node.Role, facility: str, port: int, secure: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        config = node.NodeConfig(home=Path(folder), role=role, facility=facility, port=port, secure=secure)
        node.save(config)
        assert node.load(Path(folder)) == config


def test_an_unknown_setting_is_named(tmp_path: Path) -> None:
    (tmp_path / node.FILE).write_text('rolle = "hub"\n', "utf-8")
    with pytest.raises(ValueError, match="unknown settings rolle; known are"):
        node.load(tmp_path)


def test_only_postgresql_addresses_are_taken(tmp_path: Path) -> None:
    config = replace(node.load(tmp_path), database="mysql://x")
    with pytest.raises(ValueError, match="postgresql://"):
        node.database_settings(config)


def test_sqlite_loses_nothing_that_was_committed(tmp_path: Path) -> None:
    options = node.database_settings(node.load(tmp_path))["OPTIONS"]
    assert "synchronous=FULL" in options["init_command"]
    assert options["transaction_mode"] == "IMMEDIATE"


@pytest.mark.parametrize(
    ("host", "names", "hosts"),
    [
        ("0.0.0.0", "", ["*"]),
        ("0.0.0.0", "bv.example", ["0.0.0.0", "127.0.0.1", "localhost", "bv.example"]),
        ("10.0.0.5", "", ["10.0.0.5", "127.0.0.1", "localhost"]),
    ],
)
def test_which_host_names_are_answered(tmp_path: Path, host: str, names: str, hosts: list[str]) -> None:
    assert replace(node.load(tmp_path), host=host, names=names).hosts == hosts


def test_secrets_are_made_once_and_are_the_owners_alone(tmp_path: Path) -> None:
    config = node.load(tmp_path)
    first = node.secret(config, "web-secret")
    assert node.secret(config, "web-secret") == first
    assert (tmp_path / "keys" / "web-secret").stat().st_mode & 0o077 == 0


def test_init_makes_a_node_that_has_its_key_and_its_facilities(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "lienthong.config.cli"]
    home = tmp_path / "site"
    made = subprocess.run(
        [*command, "init", "--home", str(home), "--role", "site", "--facility", "24004", "--plain-http"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "site 24004, kid " in made.stdout
    assert (home / "keys" / "signing.pem").stat().st_mode & 0o077 == 0
    again = subprocess.run(
        [*command, "audit", "--home", str(home)], capture_output=True, text=True, check=True
    )
    assert "nguyên vẹn" in again.stdout
