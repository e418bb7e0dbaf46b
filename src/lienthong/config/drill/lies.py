"""A hub that lies: it hands a sender receipts that the receiver never signed. None may turn a message green."""

from __future__ import annotations

import contextlib
import random
import sqlite3
from collections.abc import Iterator
from typing import Any, Protocol

from lienthong.config import setup
from lienthong.config.drill.province import SITES, Node, Province
from lienthong.config.node import DATABASE
from lienthong.exchange import manifest
from lienthong.foundation import clock

_MOST = 5
_WAITING = (
    "SELECT message, manifest, sender FROM exchange_message WHERE direction = 'relay' AND state = 'accepted'"
    " AND receipt = '' AND receiver = %s ORDER BY number DESC LIMIT %s"
)
_LIE = (
    "UPDATE exchange_message SET receipt = %s, receipt_at = %s, receipt_state = 'sent', state = 'stored'"
    " WHERE direction = 'relay' AND message = %s AND receipt = ''"
)
_NUMBER = (
    "INSERT INTO exchange_mailbox (facility, last) VALUES (%s, 1)"
    " ON CONFLICT (facility) DO UPDATE SET last = exchange_mailbox.last + 1 RETURNING last"
)
_ITEM = (
    "INSERT INTO exchange_mailboxitem (facility, number, kind, message, at, handed_at, done_at)"
    " VALUES (%s, %s, 'receipt', %s, %s, '', '')"
)
_TRUTH = (
    "UPDATE exchange_message SET receipt = '', receipt_at = '', receipt_state = '', state = 'accepted'"
    " WHERE direction = 'relay' AND message = %s AND receipt = %s"
)


class _Cursor(Protocol):
    def execute(self, statement: str, values: tuple[Any, ...], /) -> Any: ...
    def fetchall(self) -> list[Any]: ...


class Forger:
    """Puts false receipts for messages to one site into the senders' mailboxes, and takes them back."""

    def __init__(self, province: Province, receiver: Node, chance: random.Random) -> None:
        self._hub, self._facility = province.hub, SITES[receiver.name]
        liar = next(node for node in province.sites if node is not receiver)
        self._liar = setup.signing_key(liar.home)
        self._true = setup.signing_key(receiver.home)
        self._chance = chance
        self._told: list[tuple[str, str]] = []

    def lie(self) -> int:
        """Tells the lies; the receiver's line must be cut meanwhile. Returns how many."""
        now = clock.iso(clock.now())
        with self._writing() as cursor:
            cursor.execute(_WAITING, (self._facility, _MOST))
            for message, digest, sender in cursor.fetchall():
                jws = self._forged(message, digest, now)
                cursor.execute(_LIE, (jws, now, message))
                cursor.execute(_NUMBER, (sender,))
                number = cursor.fetchall()[0][0]
                cursor.execute(_ITEM, (sender, number, message, now))
                self._told.append((message, jws))
        return len(self._told)

    def _forged(self, message: str, digest: str, now: str) -> str:
        """A receipt signed by another site, in its own name or in the receiver's."""
        named, false = self._chance.choice((self._true, self._liar)), "f" * 64
        jws = manifest.sign_receipt(
            named, self._facility, message=message, manifest=digest, stored=false, at=now
        )
        if named is self._true:
            head, payload, signature = jws.split(".")
            return f"{head}.{payload}.{signature[:-8]}AAAAAAAA"
        return jws

    def unsay(self) -> None:
        """Takes the lies back, so that the true receipts can come."""
        with self._writing() as cursor:
            for message, jws in self._told:
                cursor.execute(_TRUTH, (message, jws))

    @contextlib.contextmanager
    def _writing(self) -> Iterator[_Cursor]:
        if self._hub.database:
            import psycopg

            with psycopg.connect(self._hub.database) as connection:
                yield connection.cursor()
            return
        path = self._hub.home / DATABASE
        with contextlib.closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as database:
            database.execute("BEGIN IMMEDIATE")
            yield _Marks(database.cursor())
            database.execute("COMMIT")


class _Marks:
    """SQLite's placeholders for the same SQL."""

    def __init__(self, cursor: sqlite3.Cursor) -> None:
        self._cursor = cursor

    def execute(self, statement: str, values: tuple[Any, ...], /) -> Any:
        return self._cursor.execute(statement.replace("%s", "?"), values)

    def fetchall(self) -> list[Any]:
        return self._cursor.fetchall()
