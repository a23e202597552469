"""Servers that we connect to: `host:port`, `[address]:port`, or the path of a unix socket."""

import re
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

from .endpoint import MAX_UNIX_PATH

MAX_HOST = 253
_HOST = re.compile("[A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Peer:
    """Where to connect; either a path, or a host and port."""

    host: str = ""
    port: int = 0
    path: str = ""

    @property
    def is_local(self) -> bool:
        """Whether what is said to it stays on this machine."""
        return bool(self.path) or self.host == "localhost" or _is_loopback(self.host)

    def __str__(self) -> str:
        if self.path:
            return self.path
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def parse_peer(text: str) -> Peer:
    """Take a description apart. Raises ValueError that says what is wrong with it."""
    if text.startswith("/"):
        if "\0" in text or len(text.encode()) > MAX_UNIX_PATH:
            raise ValueError(f"a path has at most {MAX_UNIX_PATH} octets")
        return Peer(path=text)
    if "://" in text:
        raise ValueError("it is no URL")
    host, colon, port = text.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or not 0 < int(port[:6]) < 65536:
        raise ValueError("there is no port from 1 to 65535")
    if host.startswith("[") and host.endswith("]"):
        return Peer(str(IPv6Address(host[1:-1])), int(port))
    if not host:
        raise ValueError("there is no host")
    if ":" in host:
        raise ValueError("an IPv6 address stands in brackets")
    if len(host) > MAX_HOST or not _HOST.fullmatch(host):
        raise ValueError("a host is an address, or a name of letters, digits and hyphens")
    return Peer(host, int(port))


def parse_address(text: str, port: int) -> Peer:
    """The same where there must be an IP address, which has this port if it is alone, in brackets
    or not. Raises ValueError.
    """
    try:
        return Peer(str(ip_address(text.strip("[]"))), port)
    except ValueError:
        peer = parse_peer(text)
        return Peer(str(ip_address(peer.host)), peer.port)
