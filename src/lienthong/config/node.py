"""One node's own settings: the file ``lienthong.toml`` in its folder, which also holds its data."""

from __future__ import annotations

import json
import re
import secrets
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from lienthong.foundation import files
from lienthong.foundation.daytime import Window

Role = Literal["hub", "site"]
FILE = "lienthong.toml"
DATABASE = "lienthong.sqlite3"
"""The embedded database in the node's folder."""
_TIME = re.compile("(?:[01][0-9]|2[0-3]):[0-5][0-9]")
_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104


@dataclass(frozen=True, slots=True)
class NodeConfig:
    """Settings of a node.

    Attributes:
        home: the node's folder; database, blobs, keys and exports live below it.
        role: ``hub`` (the province) or ``site`` (a hospital).
        facility: MA_CSKCB of the hospital, or ``SYT-24`` for the hub.
        host, port: where its pages and doors listen.
        hub_url: where a site calls its hub, before it joins with a code (then the code's address counts); at the hub
            the address that units are told, when it is not the one officers use.
        database: ``postgresql://…``; empty for the embedded SQLite file.
        export_folder: where the HIS drops its exports.
        his_outbox: where the slip files of transfers (XML13) are laid for the HIS, below the node's folder or absolute;
            empty for none.
        names: host names under which people reach the pages, separated by commas; ``host`` itself is always one.
        tls_certificate, tls_key: PEM files; without them a server in front of this one ends TLS.
        processes: how many web processes share the node's database.
        secure: whether pages are reached over HTTPS only (cookies, HSTS).
        reconcile_at: time of day in Viet Nam (``hh:mm``) from which, within an hour, the nightly check begins.
        demo: whether the sign-in page shows the invented accounts.
        reserve_mb: room on the disk (MiB) that new input must leave; 0: 512, on a small disk a twentieth of it.
        quota_messages, quota_mb: how much may wait to be sent before new input is refused (messages, MiB).
        keep_sealed_days: how long a hub keeps sealed content after the receiver's receipt.
        timestamp_url: time-stamping service (RFC 3161) for the audit trail; empty for none.
        timestamp_ca: PEM file with the certificates that the service's must lead to; without it any is taken.
        timestamp_minutes: how long events wait at most until they are put under a stamp together.
        cap_up_kbit, cap_down_kbit: what a site may use of its line to the hub, in kbit/s; 0 is all of it.
        night_window: hours of Viet Nam in which heavy lanes may use the line, e.g. ``21:00-05:00``; empty is always.
        night_lane: lanes from this one on wait for the night window: 1 documents, 2 key images, 3 full studies.
        smtp_url: the unit's mail server for notices, ``smtp://user:password@host:587`` (STARTTLS, required but on this
            machine) or ``smtps://user:password@host:465``; special characters percent-encoded; empty for no mail.
        mail_from: the address notices are mailed from.
        notices_ca: PEM file of the issuer, when mail server or hooks have certificates that the unit made itself.
        hook_hosts: servers of the unit's own network that hooks may call, names or addresses separated by commas.
        pages_url: where people reach the pages, for links in mails and hooks; empty: made of names, host and port.
    """

    home: Path
    role: Role = "site"
    facility: str = "24011"
    host: str = "127.0.0.1"
    port: int = 8710
    hub_url: str = ""
    database: str = ""
    export_folder: str = "exports"
    his_outbox: str = ""
    names: str = ""
    tls_certificate: str = ""
    tls_key: str = ""
    processes: int = 1
    secure: bool = True
    reconcile_at: str = "01:30"
    demo: bool = False
    reserve_mb: int = 0
    quota_messages: int = 200_000
    quota_mb: int = 20_000
    keep_sealed_days: int = 30
    timestamp_url: str = ""
    timestamp_ca: str = ""
    timestamp_minutes: int = 10
    cap_up_kbit: int = 0
    cap_down_kbit: int = 0
    night_window: str = ""
    night_lane: int = 3
    smtp_url: str = ""
    mail_from: str = ""
    notices_ca: str = ""
    hook_hosts: str = ""
    pages_url: str = ""

    def __post_init__(self) -> None:
        if min(self.cap_up_kbit, self.cap_down_kbit) < 0:
            raise ValueError("cap_up_kbit, cap_down_kbit: kbit/s, or 0 for the whole line")
        if not 1 <= self.night_lane <= 3:
            raise ValueError("night_lane: 1, 2 or 3; summaries never wait")
        if self.night_window:
            Window.read(self.night_window)
        if self.smtp_url:
            url = urlsplit(self.smtp_url)
            if url.scheme not in ("smtp", "smtps") or not url.hostname or "@" not in self.mail_from:
                raise ValueError("smtp_url: smtp://… or smtps://… with a host, and mail_from: an address")

    @property
    def hosts(self) -> list[str]:
        """What the Host header of a request may say; anything, when the node listens everywhere and has no names."""
        names = [name.strip() for name in self.names.split(",") if name.strip()]
        if self.host in _EVERYWHERE and not names:
            return ["*"]
        return [self.host, "127.0.0.1", "localhost", *names]

    @property
    def pages(self) -> str:
        """Where people reach the pages, without a slash at the end."""
        if self.pages_url:
            return self.pages_url.rstrip("/")
        names = [name.strip() for name in self.names.split(",") if name.strip()]
        host = names[0] if names else self.host
        in_front = self.secure and not self.tls_key
        return f"{'https' if self.secure else 'http'}://{host}" + ("" if in_front else f":{self.port}")

    @property
    def own_hook_hosts(self) -> frozenset[str]:
        """Servers of the unit's own network that hooks may call, in small letters."""
        return frozenset(name.strip().lower() for name in self.hook_hosts.split(",") if name.strip())

    @property
    def exports(self) -> Path:
        """The watched folder, absolute."""
        return self.home / self.export_folder

    @property
    def blobs(self) -> Path:
        """Kept source bytes and parts of messages."""
        return self.home / "blobs"

    @property
    def sealed(self) -> Path:
        """Sealed parts of messages that are on their way."""
        return self.home / "sealed"

    @property
    def keys(self) -> Path:
        """Private keys; readable by the owner alone."""
        return self.home / "keys"


def load(home: Path) -> NodeConfig:
    """Reads ``home/lienthong.toml``; without the file, the defaults of a site."""
    path = home / FILE
    values: dict[str, Any] = tomllib.loads(path.read_text("utf-8")) if path.exists() else {}
    known = {name for name in NodeConfig.__dataclass_fields__ if name != "home"}
    unknown = sorted(set(values) - known)
    if unknown:
        raise ValueError(
            f"{path.name}: unknown settings {', '.join(unknown)}; known are {', '.join(sorted(known))}"
        )
    found = NodeConfig(home=home, **values)
    if not _TIME.fullmatch(found.reconcile_at):
        raise ValueError(f'{path.name}: reconcile_at is a time of day such as "01:30"')
    return found


def save(config: NodeConfig) -> None:
    """Writes ``lienthong.toml``; the folder is made readable by the owner alone."""
    config.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    values = {name: getattr(config, name) for name in NodeConfig.__dataclass_fields__ if name != "home"}
    lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in values.items()]
    (config.home / FILE).write_text("\n".join(lines) + "\n", "utf-8")


def secret(config: NodeConfig, name: str) -> str:
    """A random text kept in ``keys/name``, made at the first call."""
    path = config.keys / name
    if not path.exists():
        files.write(path, secrets.token_urlsafe(48).encode(), new=True)
    return path.read_text("utf-8")


def database_settings(config: NodeConfig) -> dict[str, Any]:
    """Django's settings for the node's database: SQLite that loses nothing, or PostgreSQL."""
    if not config.database:
        return {
            "ENGINE": "lienthong.config.sqlite",
            "NAME": config.home / DATABASE,
            "CONN_MAX_AGE": None,
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 30,
                "init_command": (
                    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
                    "PRAGMA cache_size=-32768; PRAGMA temp_store=MEMORY;"
                ),
            },
        }
    url = urlsplit(config.database)
    if url.scheme not in ("postgresql", "postgres"):
        raise ValueError("database: a postgresql:// address, or nothing for the embedded database")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": url.path.lstrip("/"),
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": unquote(url.hostname or ""),
        "PORT": str(url.port or ""),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
    }
