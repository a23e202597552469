"""Servers as people name them: `host`, `host:port`, an address, a path, or a URL.

Sources: lda-client.md 5.1.
"""

import re
import socket
from dataclasses import dataclass
from functools import lru_cache

from ...syntax import NOT_PRINTABLE
from .exchange import Misused

NORMAL_PORT = 11333
CONTROL_PORT = 11334

MAX_PATH = 107
"""Octets of the path of a unix socket (unix(7))."""
MAX_HOST = 253
"""Characters of a DNS name (RFC 1035 2.3.4, as text)."""

_LOCAL = frozenset(("localhost", "127.0.0.1", "::1"))
_HOST = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.?")
_ZONE = re.compile(r"%[A-Za-z0-9._-]+")
_PORT = re.compile(r"0*[0-9]{1,5}")
_PIN = re.compile(r"(?:[0-9a-f]{2}:?){31}[0-9a-f]{2}")
_EXPECTED = "host, host:port, [IPv6 address]:port, /path, http://host or https://host"


@dataclass(frozen=True, slots=True)
class Server:
    """Where to connect: either a path, or a host and port."""

    host: str = ""
    """A name, or an address without brackets."""
    port: int = 0
    path: str = ""
    is_tls: bool = False

    @property
    def host_header(self) -> str:
        """The value of Host (RFC 9112 3.2)."""
        if self.path:
            return "localhost"
        # The zone of an address is of this machine alone (RFC 6874 4).
        host = self.host.partition("%")[0]
        return f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"

    def __str__(self) -> str:
        if self.path:
            return "".join(char if char.isprintable() else "?" for char in self.path)
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https://' if self.is_tls else ''}{host}:{self.port}"


@lru_cache(maxsize=16)
def read_server(text: str, *, is_control: bool, is_tls: bool) -> Server:
    """Take a description apart.

    `is_control` is what the default port depends on, `is_tls` whether TLS is asked for otherwise
    than by the description. Raises Misused.
    """
    if text.startswith(("/", "unix:")):
        return _of_path(text, is_tls)
    scheme, rest = _scheme(text)
    if scheme == "http" and is_tls:
        raise _wrong(text, "http:// is without TLS, and TLS was asked for")
    host, port = _split(text, rest)
    if not is_address(host) and (len(host) > MAX_HOST or not _HOST.fullmatch(host)):
        raise _wrong(text, "the host is neither an address nor a name")
    default = CONTROL_PORT if is_control or host.lower() in _LOCAL else NORMAL_PORT
    return Server(host, _port(text, port) if port else default, is_tls=is_tls or scheme == "https")


def is_address(host: str) -> bool:
    """Whether it is an address of IPv4 or IPv6, which may have a zone."""
    if ":" not in host:
        return _is(socket.AF_INET, host)
    address, mark, zone = host.partition("%")
    return _is(socket.AF_INET6, address) and (not mark or bool(_ZONE.fullmatch(mark + zone)))


def read_bind(text: str) -> str:
    """The address to connect from. Raises Misused."""
    address = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    if not is_address(address):
        shown = NOT_PRINTABLE.sub("?", text)
        raise Misused(f"--bind {shown!r}: expected an address of IPv4 or IPv6 of this machine")
    return address


def read_pin(text: str) -> str:
    """SHA-256 of a certificate or public key, as `Terms` has it; colons may part the octets.

    Raises Misused.
    """
    pin = text.strip().lower()
    if not _PIN.fullmatch(pin):
        shown = NOT_PRINTABLE.sub("?", text[:300])
        raise Misused(f"--pin {shown!r}: expected SHA-256, 64 hexadecimal digits")
    return pin.replace(":", "")


def _of_path(text: str, is_tls: bool) -> Server:
    path = text.removeprefix("unix:")
    if is_tls:
        raise _wrong(text, "TLS needs the name of a host, and a path has none")
    if not path or "\0" in path or len(path.encode("utf-8", "surrogateescape")) > MAX_PATH:
        raise _wrong(text, f"a path of a socket has 1 to {MAX_PATH} octets")
    return Server(path=path)


def _scheme(text: str) -> tuple[str, str]:
    scheme, mark, rest = text.partition("://")
    if not mark:
        return "", text
    if scheme.lower() not in ("http", "https"):
        raise _wrong(text, "it is a URL of another kind")
    return scheme.lower(), rest.removesuffix("/")


def _split(text: str, rest: str) -> tuple[str, str]:
    """Host and port; the port is empty if there is none."""
    if rest.startswith("["):
        host, mark, port = rest[1:].partition("]")
        if not mark or ":" not in host or (port and not port.startswith(":")):
            raise _wrong(text, "what is in brackets is an IPv6 address")
        return host, port.removeprefix(":")
    if rest.count(":") > 1:
        return rest, ""
    host, mark, port = rest.partition(":")
    if mark and not port:
        raise _wrong(text, "there is no port behind the colon")
    return host, port


def _port(text: str, port: str) -> int:
    if not _PORT.fullmatch(port) or not 0 < int(port) < 65536:
        raise _wrong(text, "a port is a number from 1 to 65535")
    return int(port)


def _is(family: int, host: str) -> bool:
    try:
        socket.inet_pton(family, host)
    except (OSError, ValueError):
        return False
    return True


def _wrong(text: str, reason: str) -> Misused:
    shown = NOT_PRINTABLE.sub("?", text[:300])
    return Misused(f"server {shown!r}: {reason}; expected {_EXPECTED}")
