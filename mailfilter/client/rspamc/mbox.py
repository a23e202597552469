"""The messages of an mbox file (RFC 4155), one after the other and never all in memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

MAX_MESSAGE = 128 << 20
"""Octets of one message: more than any server takes, and few enough to hold a handful."""

_MAX_LINE = 64 << 10
"""Octets that are read at once: a line may go on for the whole message."""
_MAX_SEPARATOR = 1000
"""Octets of a line that are looked at to tell whether a message begins."""

_DAYS = frozenset(b"mon tue wed thu fri sat sun".split())
_MONTHS = frozenset(b"jan feb mar apr may jun jul aug sep oct nov dec".split())


class Readable(Protocol):
    """A file of octets."""

    def read(self, size: int, /) -> bytes:
        """That many octets, fewer at the end."""

    def readline(self, size: int, /) -> bytes:
        """The next line with its end, or the first octets of a longer one."""


@dataclass(frozen=True, slots=True)
class Part:
    """One message of a file."""

    octets: bytes | None
    """None if it is longer than `MAX_MESSAGE`."""
    number: int
    """From 1."""
    is_last: bool


def read_parts(file: Readable) -> Iterator[Part]:
    """The messages of an mbox, without the lines that part them; any other file is one message.

    A line that begins with `From ` and has a date as the C library writes it begins a message,
    whether or not an empty line is before it. One `>` goes from lines that were quoted for that
    (`>From `, `>>From `). `Content-Length` says nothing here: anybody can write it. Raises
    OSError.
    """
    line = file.readline(_MAX_LINE)
    if not is_separator(line):
        yield Part(_within(line + file.read(MAX_MESSAGE + 1 - len(line))), 1, is_last=True)
        return
    number = 1
    message = bytearray()
    begins = line.endswith(b"\n")
    while line := file.readline(_MAX_LINE):
        if begins and is_separator(line):
            yield Part(_finished(message), number, is_last=False)
            number += 1
            message = bytearray()
        elif len(message) <= MAX_MESSAGE:
            message += _unquoted(line) if begins else line
        begins = line.endswith(b"\n")
    yield Part(_finished(message), number, is_last=True)


def count_parts(file: Readable) -> int:
    """How many messages `read_parts` would find. Raises OSError."""
    if not is_separator(file.readline(_MAX_LINE)):
        return 1
    number, begins = 1, True
    while line := file.readline(_MAX_LINE):
        number += begins and is_separator(line)
        begins = line.endswith(b"\n")
    return number


def is_separator(line: bytes) -> bool:
    """Whether a message of an mbox begins at this line: `From sender Mon Jan  1 00:00:00 2024`.

    Senders may have blanks in them, and a time zone may be before or after the year.
    """
    if not line.startswith(b"From "):
        return False
    words = line[:_MAX_SEPARATOR].lower().split()
    return any(_is_date(words[at : at + 7]) for at in range(1, len(words) - 4))


def _is_date(words: list[bytes]) -> bool:
    day, month, number, time, *rest = words
    return (
        day in _DAYS
        and month in _MONTHS
        and number.isdigit()
        and b":" in time
        and time.replace(b":", b"").isdigit()
        and any(len(word) == 4 and word.isdigit() for word in rest)
    )


def _unquoted(line: bytes) -> bytes:
    if line.startswith(b">") and line.lstrip(b">").startswith(b"From "):
        return line[1:]
    return line


def _finished(message: bytearray) -> bytes | None:
    """Without the empty line that ends each message of an mbox."""
    for end in (b"\n\r\n", b"\n\n"):
        if message.endswith(end):
            del message[1 - len(end) :]
            break
    return _within(message)


def _within(message: bytes | bytearray) -> bytes | None:
    return bytes(message) if len(message) <= MAX_MESSAGE else None
