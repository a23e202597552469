"""Makes PROXY headers of version 2, good and bad, for tests."""

import struct
from ipaddress import ip_address

from mailfilter.codec.proxy_protocol import SIGNATURE
from mailfilter.codec.proxy_tlv import crc32c


def addresses(source: str, port: int, destination: str, destination_port: int) -> bytes:
    """The addresses of a header."""
    ends = ip_address(source).packed + ip_address(destination).packed
    return ends + struct.pack("!HH", port, destination_port)


INET = addresses("192.0.2.7", 4711, "198.51.100.1", 11332)
INET6 = addresses("2001:db8::7", 4711, "2001:db8::1", 11332)
UNIX = b"/run/client".ljust(108, b"\0") + b"/run/proxy".ljust(108, b"\0")


def binary(kind: int, rest: bytes, command: int = 0x21) -> bytes:
    """A header: family and transport, what follows them, version and command."""
    return SIGNATURE + struct.pack("!BBH", command, kind, len(rest)) + rest


def tlv(kind: int, value: bytes = b"") -> bytes:
    """Something told, with its type."""
    return struct.pack("!BH", kind, len(value)) + value


def tls(client: int, verify: int, *values: tuple[int, bytes]) -> bytes:
    """What is told of TLS."""
    told = b"".join(tlv(kind, value) for kind, value in values)
    return tlv(0x20, struct.pack("!BI", client, verify) + told)


def checked(kind: int, places: bytes, told: bytes = b"") -> bytes:
    """A header with a checksum."""
    rest = places + tlv(0x03, bytes(4))
    at = len(SIGNATURE) + 4 + len(rest) - 4
    header = binary(kind, rest + told)
    return header[:at] + crc32c(header).to_bytes(4) + header[at + 4 :]
