"""The unit's own mail server: SMTP (RFC 5321) under TLS, always, except on this very machine."""

from __future__ import annotations

import base64
import contextlib
import ipaddress
import smtplib
import ssl
from dataclasses import dataclass
from email.message import Message
from email.utils import parseaddr
from enum import StrEnum
from typing import Protocol
from urllib.parse import unquote, urlsplit

SECONDS = 30.0


class Fault(StrEnum):
    """What kept a mail from going."""

    UNREACHABLE = "unreachable"
    TLS = "tls"
    SIGN_IN = "sign-in"
    SENDER = "sender"
    ADDRESS = "address"
    LATER = "later"
    REFUSED = "refused"
    BROKEN = "broken"


class Settings(Protocol):
    """The settings of a node that concern mail."""

    @property
    def smtp_url(self) -> str: ...
    @property
    def mail_from(self) -> str: ...
    @property
    def notices_ca(self) -> str: ...


@dataclass
class _Stopped(Exception):
    fault: Fault
    said: str


class Server:
    """One mail server; keeps its connection from one mail to the next until :meth:`close`.

    A server that cannot be reached is tried once for each :class:`Server`, not once for each mail.
    """

    def __init__(self, url: str, mail_from: str, ca: str = "", seconds: float = SECONDS) -> None:
        parts = urlsplit(url)
        self._tls_first = parts.scheme == "smtps"
        self._host = parts.hostname or ""
        self._port = parts.port or (465 if self._tls_first else 587)
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        self._from, self._ca, self._seconds = parseaddr(mail_from)[1], ca, seconds
        self._connection: smtplib.SMTP | None = None
        self._away: _Stopped | None = None

    @classmethod
    def of(cls, settings: Settings) -> Server:
        """The server that ``lienthong.toml`` names."""
        return cls(settings.smtp_url, settings.mail_from, settings.notices_ca)

    def send(self, message: Message, to: str) -> tuple[Fault | None, str]:
        """Sends a mail; returns what was wrong, if anything, and what the server said about it."""
        if self._away is not None:
            return self._away.fault, self._away.said
        try:
            connection = self._connection or self._open()
        except _Stopped as error:
            self._away = error
            return error.fault, error.said
        try:
            connection.send_message(message, self._from, [to])
        except smtplib.SMTPSenderRefused as error:
            return self._answered(Fault.SENDER, error.smtp_code, error.smtp_error)
        except smtplib.SMTPRecipientsRefused as error:
            code, said = next(iter(error.recipients.values()))
            return self._answered(Fault.ADDRESS, code, said)
        except smtplib.SMTPResponseException as error:
            return self._answered(Fault.REFUSED, error.smtp_code, error.smtp_error)
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            return Fault.BROKEN, type(error).__name__
        return None, ""

    def close(self) -> None:
        """Ends the connection."""
        if self._connection is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                self._connection.quit()
        self._connection = None

    def _answered(self, fault: Fault, code: int, said: bytes | str) -> tuple[Fault, str]:
        text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
        if code == 421:
            self.close()
        return (Fault.LATER if code < 500 else fault), f"{code} {' '.join(text.split())}"[:300]

    def _open(self) -> smtplib.SMTP:
        try:
            context = ssl.create_default_context(cafile=self._ca or None)
        except OSError as error:
            raise _Stopped(Fault.TLS, f"notices_ca: {type(error).__name__}") from None
        connection: smtplib.SMTP | None = None
        try:
            if self._tls_first:
                connection = smtplib.SMTP_SSL(self._host, self._port, timeout=self._seconds, context=context)
            else:
                connection = smtplib.SMTP(self._host, self._port, timeout=self._seconds)
                connection.ehlo()
                if not _on_this_machine(self._host) or connection.has_extn("starttls"):
                    connection.starttls(context=context)
            self._sign_in(connection)
        except (ssl.SSLError, smtplib.SMTPNotSupportedError) as error:
            raise _stopped(connection, Fault.TLS, type(error).__name__) from None
        except smtplib.SMTPResponseException as error:
            raise _stopped(connection, Fault.UNREACHABLE, str(error.smtp_code)) from None
        except (OSError, smtplib.SMTPException) as error:
            raise _stopped(connection, Fault.UNREACHABLE, type(error).__name__) from None
        except _Stopped as error:
            raise _stopped(connection, error.fault, error.said) from None
        self._connection = connection
        return connection

    def _sign_in(self, connection: smtplib.SMTP) -> None:
        """Name and password, when there are; what the server says about them is not kept, it might repeat them.

        PLAIN takes UTF-8 (RFC 4616), which ``smtplib`` does not write.
        """
        if not self._user:
            return
        connection.ehlo_or_helo_if_needed()
        if "PLAIN" in connection.esmtp_features.get("auth", "").upper().split():
            secret = base64.b64encode(f"\0{self._user}\0{self._password}".encode()).decode()
            code, _ = connection.docmd("AUTH", f"PLAIN {secret}")
            if code != 235:
                raise _Stopped(Fault.SIGN_IN, str(code))
            return
        try:
            connection.login(self._user, self._password)
        except (smtplib.SMTPNotSupportedError, UnicodeError):
            raise _Stopped(Fault.SIGN_IN, "AUTH") from None
        except smtplib.SMTPAuthenticationError as error:
            raise _Stopped(Fault.SIGN_IN, str(error.smtp_code)) from None


def _stopped(connection: smtplib.SMTP | None, fault: Fault, said: str) -> _Stopped:
    if connection is not None:
        connection.close()
    return _Stopped(fault, said)


def _on_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
