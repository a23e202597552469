"""The header by which a proxy says whose connection it passes on: PROXY protocol, 1 and 2.

Source: the HAProxy project's proxy-protocol.txt. Version 1 is a line of text, version 2 binary.
"""

import re
import struct
from dataclasses import dataclass, replace
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Literal, NamedTuple

from .proxy_tlv import ProxiedTls, ProxyProtocolError, Told, read_told

LINE_START = b"PROXY "
SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
"""How version 2 begins."""

MAX_LINE = 107
"""Octets of version 1, with CRLF."""

MAX_HEADER = 4096
"""Octets of version 2 that are taken: with all about TLS a header has some hundred."""

_HEAD = struct.Struct("!12sBBH")
_INET = struct.Struct("!4s4xH2x")
_INET6 = struct.Struct("!16s16xH2x")
"""Address and port of the client; those that it has connected to are not looked at."""
_UNIX_SIZE = 216

_LOCAL, _PROXY = 0, 1
_VERSION = 2
_KINDS = frozenset((0x00, 0x11, 0x12, 0x21, 0x22, 0x31, 0x32))
"""Family and transport, as far as they have a meaning."""

NOTHING = Told()

_PORT = re.compile(r"0|[1-9][0-9]{0,4}", re.ASCII)


class NoHeaderError(ProxyProtocolError):
    """What came does not even begin as one."""


class Place(NamedTuple):
    """One end of a connection."""

    address: IPv4Address | IPv6Address
    port: int


@dataclass(frozen=True, slots=True)
class Proxied:
    """What a header says."""

    version: Literal[1, 2]
    source: Place | None = None
    """Where the client is; `None` if the proxy does not say, or it is at a unix socket.

    Of `LOCAL` as well. That is for the proxy's own connections, but HAProxy says it of clients,
    too: of all whose connections do not have IP at both ends.
    """
    told: Told = NOTHING

    @property
    def tls(self) -> ProxiedTls | None:
        """The TLS of client and proxy."""
        return self.told.tls


def is_header(start: bytes) -> bool:
    """Whether a connection that begins so begins with such a header."""
    return start.startswith((LINE_START, SIGNATURE))


class ProxyReader:
    """Reads one header at the beginning of a connection."""

    def __init__(self) -> None:
        self._held = b""

    @property
    def is_begun(self) -> bool:
        """Whether anything has come."""
        return bool(self._held)

    def receive(self, data: bytes) -> tuple[Proxied, bytes] | None:
        """Take what has come: the header, once it is whole, and what follows it.

        Raises ProxyProtocolError as soon as it is certain that there is none, or a wrong one.
        """
        held = self._held = self._held + data
        if SIGNATURE.startswith(held[: len(SIGNATURE)]):
            return _read_binary(held)
        if LINE_START.startswith(held[: len(LINE_START)]):
            return _read_line(held)
        raise NoHeaderError("no PROXY header")


def _read_binary(held: bytes) -> tuple[Proxied, bytes] | None:
    if len(held) < _HEAD.size:
        return None
    _, command, kind, length = _HEAD.unpack_from(held)
    if command >> 4 != _VERSION or command & 0x0F not in (_LOCAL, _PROXY):
        raise ProxyProtocolError(f"version and command 0x{command:02x} are not known")
    size = _HEAD.size + length
    if size > MAX_HEADER:
        raise ProxyProtocolError(f"a header of {size} octets, more than {MAX_HEADER}")
    if len(held) < size:
        return None
    header, rest = held[:size], held[size:]
    if command & 0x0F == _LOCAL:
        return _read_local(header, kind), rest
    return _read_proxied(header, kind), rest


def _read_local(header: bytes, kind: int) -> Proxied:
    """What is told of TLS counts. Addresses do not, nor a kind that has no meaning."""
    return replace(_read_proxied(header, kind), source=None) if kind in _KINDS else Proxied(2)


def _read_proxied(header: bytes, kind: int) -> Proxied:
    if kind not in _KINDS:
        raise ProxyProtocolError(f"family and transport 0x{kind:02x} are not known")
    source = None
    family, start = kind >> 4, _HEAD.size
    size = (0, _INET.size, _INET6.size, _UNIX_SIZE)[family]
    if len(header) - start < size:
        raise ProxyProtocolError("the addresses are cut off")
    if family in (1, 2):
        layout, make = ((_INET, IPv4Address), (_INET6, IPv6Address))[family - 1]
        address, port = layout.unpack_from(header, start)
        source = Place(make(address), port)
    return Proxied(2, source=source, told=read_told(header, start + size))


def _read_line(held: bytes) -> tuple[Proxied, bytes] | None:
    line, ending, rest = held[:MAX_LINE].partition(b"\r\n")
    if ending:
        return _read_words(line), rest + held[MAX_LINE:]
    if b"\n" in line:
        raise ProxyProtocolError("a line that does not end with CRLF")
    if len(held) >= MAX_LINE:
        raise ProxyProtocolError(f"a line of more than {MAX_LINE} octets")
    return None


def _read_words(line: bytes) -> Proxied:
    words = line.decode("ascii", "replace").split(" ")
    if words[1] == "UNKNOWN":
        return Proxied(1)
    if len(words) != 6 or words[1] not in ("TCP4", "TCP6"):
        raise ProxyProtocolError("not the words of a PROXY line")
    _, kind, source, destination, source_port, destination_port = words
    place = Place(_address(kind, source), _port(source_port))
    # What the client has connected to is not looked at, but the line must be one.
    _address(kind, destination)
    _port(destination_port)
    return Proxied(1, source=place)


def _address(kind: str, text: str) -> IPv4Address | IPv6Address:
    try:
        if kind == "TCP4":
            return IPv4Address(text)
        address = IPv6Address(text)
    except AddressValueError:
        raise ProxyProtocolError("an address that is none of its kind") from None
    if address.scope_id is not None:
        raise ProxyProtocolError("an address with a zone")
    return address


def _port(text: str) -> int:
    port = int(text) if _PORT.fullmatch(text) else 65536
    if port > 65535:
        raise ProxyProtocolError("a port that is none")
    return port
