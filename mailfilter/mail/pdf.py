"""What the octets of a PDF file show without reading it: a bounded, linear search.

Most of a PDF is packed in streams, and what is within is not seen: nothing found means nothing.
Names may be written with escapes (ISO 32000-1 7.3.5), which no honest program does to letters.
"""

import re
from typing import NamedTuple

MAX_OCTETS = 1024 * 1024
"""Octets from the beginning that are searched, in some 20 ms at worst."""

MAX_BEHIND = 64 * 1024
"""Octets behind the end that are looked at."""

MAX_STREAMS = 10_000
"""Streams that are left out; what is behind is not searched."""

MAX_NAMES = 10_000
"""Names that are looked at."""

MAX_OBJECTS = 10_000
"""Objects that a file without intent has room in."""

MAX_TRAILER = 1024
"""Octets behind the end that programs which make PDF files leave there."""

_STREAM = re.compile(rb">>[\0\t\n\f\r ]{0,32}+stream(?=[\r\n])")
# An object that ends in a stream began before it: that was none.
_END_STREAM = re.compile(rb"end(?:stream|obj)")
_NAME = re.compile(rb"/((?:[EJLO]|W(?!idth|inAnsi)|#4[5aAcCfF]|#57)[A-Za-z0-9#]{1,40}+)")
_ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")
_OBJECT = re.compile(rb"\d obj\b")
_INTERESTING = frozenset((b"JS", b"JavaScript", b"Encrypt", b"Launch", b"OpenAction", b"Win"))


class PdfTraits(NamedTuple):
    """What was seen of a PDF file."""

    is_encrypted: bool
    has_javascript: bool
    launches: bool
    """It asks to start a program with parameters (ISO 32000-1 12.6.4.5). Without them it is how
    office programs link to a file beside the document."""
    has_escaped_names: bool
    """Letters of the names that matter are written so that a search does not find them."""
    objects: int
    """How many, at most one more than `MAX_OBJECTS`."""
    trailing: int
    """Octets behind the last end, `MAX_BEHIND` at most; 0 if there is no end."""


def read_pdf(data: bytes) -> PdfTraits:
    """Search a PDF file. Never raises."""
    names: set[bytes] = set()
    escaped = False
    objects = looked_at = 0
    for piece in _outside_of_streams(data[:MAX_OCTETS]):
        objects += len(_OBJECT.findall(piece))
        for match in _NAME.finditer(piece):
            looked_at += 1
            if looked_at > MAX_NAMES:
                break
            name = match[1]
            if b"#" in name:
                name = _ESCAPE.sub(lambda found: bytes((int(found[1], 16),)), name)
                escaped |= name in _INTERESTING
            names.add(name)
    end = data.rfind(b"%%EOF")
    behind = data[end + 5 : end + 5 + MAX_BEHIND] if end >= 0 else b""
    return PdfTraits(
        is_encrypted=b"Encrypt" in names,
        has_javascript=bool(names & {b"JS", b"JavaScript"}),
        launches=names >= {b"Launch", b"Win"},
        has_escaped_names=escaped,
        objects=min(objects, MAX_OBJECTS + 1),
        trailing=len(behind.strip(b"\0 \t\r\n")),
    )


def _outside_of_streams(data: bytes) -> list[bytes]:
    pieces: list[bytes] = []
    at = 0
    while len(pieces) <= MAX_STREAMS:
        stream = _STREAM.search(data, at)
        if stream is None:
            pieces.append(data[at:])
            break
        pieces.append(data[at : stream.end()])
        if _is_in_comment(data, at, stream.start()):
            at = stream.end()
            continue
        end = _END_STREAM.search(data, stream.end())
        if end is None:
            break
        if end[0] != b"endstream":
            pieces.append(data[stream.end() : end.start()])
        at = end.end()
    return pieces


def _is_in_comment(data: bytes, start: int, at: int) -> bool:
    """A sign of percent may be in a string, too: then some octets more are searched."""
    line = max(data.rfind(b"\n", start, at), data.rfind(b"\r", start, at), start)
    return data.find(b"%", line, at) >= 0
