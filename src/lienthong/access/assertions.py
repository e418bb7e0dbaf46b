"""Client assertions (``private_key_jwt``, RFC 7523): each counts once, and lives five minutes at most."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from lienthong.foundation import clock

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LONGEST = 300
CLOCKS_DIFFER = 60
_FORGET = "DELETE FROM access_assertion WHERE expires < %s"
_USE = (
    "INSERT INTO access_assertion (jti, expires) VALUES (%s, %s) ON CONFLICT (jti) DO NOTHING RETURNING jti"
)


class NotAccepted(Exception):
    """The assertion does not count; the text says why."""


def use_once(name: str, claims: dict[str, Any]) -> None:
    """Uses an assertion up (``jti`` counts once).

    Args:
        name: of the key or caller, at most 43 characters.

    Raises:
        NotAccepted: it was used before, lives too long, or its ``jti`` has not 1 to 56 characters.
    """
    jti, now = str(claims["jti"]), clock.now()
    if claims["exp"] > now.timestamp() + LONGEST + CLOCKS_DIFFER:
        raise NotAccepted(f"exp is more than {LONGEST} seconds away")
    if not 1 <= len(jti) <= 56 or "\0" in jti:
        raise NotAccepted("jti has not 1 to 56 characters")
    expires = datetime.fromtimestamp(claims["exp"], UTC) + timedelta(seconds=CLOCKS_DIFFER)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_FORGET, (clock.iso(now),))
        cursor.execute(_USE, (f"{name}:{jti}", clock.iso(expires)))
        if cursor.fetchone() is None:
            raise NotAccepted("this assertion was used before")
