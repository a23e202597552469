"""What a PROXY header of version 2 may tell beside addresses, each as type, length and value.

Source: the HAProxy project's proxy-protocol.txt, 2.2. Types of no use to us are passed over.
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

CRC32C = 0x03
SSL = 0x20

_SSL_VERSION = 0x21
_SSL_CN = 0x22
_SSL_CIPHER = 0x23

_ONCE = frozenset((CRC32C, SSL, _SSL_VERSION, _SSL_CN, _SSL_CIPHER))
"""Types that we read: of two values it would not be told which one counts."""

_HEAD = struct.Struct("!BH")
_SSL_HEAD = struct.Struct("!BI")

_IS_TLS = 0x01
_CERTIFICATE = 0x02 | 0x04
"""Shown in this connection, or in the session that it resumes."""


class ProxyProtocolError(Exception):
    """What came is no PROXY header; the text says why, without anything of strangers."""


@dataclass(frozen=True, slots=True)
class ProxiedTls:
    """The TLS that a client speaks with the proxy, as the proxy tells it."""

    version: str = ""
    """Such as `TLSv1.3`; this and the others are empty where it is not told."""
    cipher: str = ""
    common_name: str = ""
    """Of the certificate that the client has shown, whether verified or not."""
    has_certificate: bool = False
    """The client has shown one, in this connection or in the session that it resumes."""
    is_verified: bool = False
    """The proxy has verified it."""

    @property
    def verified_name(self) -> str:
        """The common name by which the client is known for certain; empty if it is not."""
        return self.common_name if self.has_certificate and self.is_verified else ""


@dataclass(frozen=True, slots=True)
class Told:
    """What we read of all that."""

    tls: ProxiedTls | None = None
    """Of a client that speaks TLS with the proxy."""
    tells_tls: bool = False
    """Whether it is told that the client does so, or does not."""


def read_told(header: bytes, start: int) -> Told:
    """Read what stands from `start` on in a whole header, and check its checksum if it has one.

    Raises ProxyProtocolError.
    """
    values = _once(header, start)
    if CRC32C in values:
        _check(header, *values[CRC32C])
    ssl = values.get(SSL)
    return Told(tls=None if ssl is None else _read_tls(ssl[1]), tells_tls=ssl is not None)


def _read_tls(value: bytes) -> ProxiedTls | None:
    if len(value) < _SSL_HEAD.size:
        raise ProxyProtocolError("too little about TLS")
    client, verify = _SSL_HEAD.unpack_from(value)
    values = _once(value, _SSL_HEAD.size)
    if not client & _IS_TLS:
        return None
    return ProxiedTls(
        version=_text(_value(values, _SSL_VERSION)),
        cipher=_text(_value(values, _SSL_CIPHER)),
        common_name=_text(_value(values, _SSL_CN)),
        has_certificate=bool(client & _CERTIFICATE),
        is_verified=verify == 0,
    )


Values = Mapping[int, tuple[int, bytes]]
"""Type -> where the value begins, and the value."""


def _once(octets: bytes, start: int) -> Values:
    """What we know of what is told."""
    found: dict[int, tuple[int, bytes]] = {}
    for kind, at, value in _each(octets, start):
        if kind not in _ONCE:
            continue
        if kind in found:
            raise ProxyProtocolError(f"two values of type 0x{kind:02x}")
        found[kind] = at, value
    return found


def _each(octets: bytes, start: int) -> Iterator[tuple[int, int, bytes]]:
    while start < len(octets):
        if len(octets) - start < _HEAD.size:
            raise ProxyProtocolError("the last value is cut off")
        kind, size = _HEAD.unpack_from(octets, start)
        start += _HEAD.size
        if size > len(octets) - start:
            raise ProxyProtocolError(f"the value of type 0x{kind:02x} is longer than the header")
        yield kind, start, octets[start : start + size]
        start += size


def _value(values: Values, kind: int) -> bytes:
    return values[kind][1] if kind in values else b""


def _text(value: bytes) -> str:
    """A text, where it is one that may be shown: it may come from a stranger's certificate."""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return ""
    return text if text.isprintable() else ""


def _check(header: bytes, at: int, value: bytes) -> None:
    if len(value) != 4:
        raise ProxyProtocolError("a checksum that does not have 4 octets")
    if crc32c(header[:at] + bytes(4) + header[at + 4 :]) != int.from_bytes(value):
        raise ProxyProtocolError("the checksum is wrong")


def _crc_table() -> Iterator[int]:
    for number in range(256):
        for _ in range(8):
            number = number >> 1 ^ (0x82F63B78 if number & 1 else 0)
        yield number


_CRC = tuple(_crc_table())
"""The polynomial of Castagnoli, reflected (RFC 9260, appendix A)."""


def crc32c(octets: bytes) -> int:
    """The checksum CRC-32C."""
    crc = 0xFFFFFFFF
    for octet in octets:
        crc = crc >> 8 ^ _CRC[(crc ^ octet) & 0xFF]
    return crc ^ 0xFFFFFFFF
