"""Octets of TLS made by hand (RFC 8446 section 5.1 and 4.1.2; RFC 5246 sections 6.2 and 7.4)."""

import os
import struct
from collections.abc import Iterator, Sequence

CCS, ALERT, HANDSHAKE, DATA, HEARTBEAT = 20, 21, 22, 23, 24
"""Types of records."""
TLS12 = 0x0303
GOOD_SUITES = (0x1301, 0x1302, 0x1303, 0xC02B, 0xC02C, 0xCCA9, 0xC02F, 0xC030, 0xCCA8)
"""What the filter takes; of the others none."""


def record(kind: int, content: bytes, version: int = TLS12) -> bytes:
    """A record, whose content may be longer than it should be."""
    return struct.pack(">BHH", kind, version, len(content)) + content


def records(kind: int, content: bytes, size: int) -> Iterator[bytes]:
    """The same in records of that many octets."""
    for at in range(0, len(content), size):
        yield record(kind, content[at : at + size])


def extension(kind: int, content: bytes) -> bytes:
    """An extension of a ClientHello."""
    return struct.pack(">HH", kind, len(content)) + content


def hello(
    version: int = TLS12,
    suites: Sequence[int] = GOOD_SUITES,
    extensions: bytes | None = None,
    versions: Sequence[int] = (),
) -> bytes:
    """A message ClientHello without its record; `versions` is what the extension says."""
    if extensions is None:
        groups = extension(10, struct.pack(">HHH", 4, 0x1D, 0x17))
        signatures = extension(13, struct.pack(">HHHH", 6, 0x0403, 0x0804, 0x0401))
        extensions = groups + signatures
    if versions:
        numbers = b"".join(struct.pack(">H", number) for number in versions)
        extensions += extension(43, bytes([len(numbers)]) + numbers)
    offered = b"".join(struct.pack(">H", suite) for suite in suites)
    body = struct.pack(">H", version) + os.urandom(32) + b"\0"
    body += struct.pack(">H", len(offered)) + offered + b"\1\0"
    body += struct.pack(">H", len(extensions)) + extensions
    return message(1, body)


def message(kind: int, body: bytes) -> bytes:
    """A message of the handshake."""
    return bytes([kind]) + struct.pack(">I", len(body))[1:] + body


def grown(hello_record: bytes, size: int) -> bytes:
    """A ClientHello, taken from its record, with an unknown extension of that size."""
    body = hello_record[9:]
    at = 34 + 1 + body[34]
    at += 2 + int.from_bytes(body[at : at + 2])
    at += 1 + body[at]
    rest = body[at + 2 :] + extension(0xFA00, bytes(size))
    return message(1, body[:at] + struct.pack(">H", len(rest)) + rest)
