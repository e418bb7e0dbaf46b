"""Where a hook may go: public servers by HTTPS; others only when ``hook_hosts`` in ``lienthong.toml`` names them.

Whoever may enter a hook on a page must not be able to make this node call the servers around it.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

from lienthong.foundation.errors import LienThongError
from lienthong.transfers.notices import problems

LONGEST = 500
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_EMBEDDING = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")))
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Target:
    """Where to connect: checked network addresses, not the name, which could lead elsewhere a moment later."""

    host: str
    port: int
    tls: bool
    path: str
    addresses: tuple[str, ...]

    @property
    def name(self) -> str:
        """The server as the header ``Host`` names it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.tls else 80) else f"{host}:{self.port}"


def check(url: str) -> Target:
    """Where a hook's address leads now.

    Raises:
        LienThongError: ``notices-hook-address``; it may not be called, or there is no such server.
    """
    tls, host, port, path = _parts(url)
    named = host in settings.NODE.own_hook_hosts
    if not tls and not named:
        raise _no("cần bắt đầu bằng https://", "it must begin with https://")
    addresses = _resolved(host, port)
    if not addresses:
        raise _no("không tìm thấy máy chủ này", "there is no such server")
    if not all(_may(address, named) for address in addresses):
        raise _no(
            "máy chủ nằm trong mạng nội bộ, chưa được phép gọi",
            "the server is in a private network",
        )
    return Target(host, port, tls, path, tuple(dict.fromkeys(map(str, addresses))))


def _parts(url: str) -> tuple[bool, str, int, str]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise _no("viết sai", "it is not well written") from error
    host = (parts.hostname or "").rstrip(".")
    plain = url.isascii() and url.isprintable() and " " not in url and len(url) <= LONGEST
    if not plain or parts.scheme not in ("https", "http") or parts.username is not None or parts.fragment:
        raise _no("viết sai", "it is not well written")
    if not _HOST.fullmatch(host) and not _is_v6(host):
        raise _no("tên máy chủ viết sai", "the name of the server is not well written")
    tls = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return tls, host, port or (443 if tls else 80), path


def _is_v6(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).version == 6 and "%" not in host
    except ValueError:
        return False


def _resolved(host: str, port: int) -> list[Address]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        return []
    return [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]


def _may(address: Address, named: bool) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        if any(address in network for network in _EMBEDDING):
            return False
        if address.ipv4_mapped is not None:
            address = address.ipv4_mapped
    if address.is_multicast or address.is_unspecified or address.is_link_local:
        return False
    return named or address.is_global


def _no(vi: str, en: str) -> LienThongError:
    return LienThongError(problems.bad_target(vi, en))
