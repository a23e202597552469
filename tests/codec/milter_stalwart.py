"""What Stalwart sends a milter, and what it does with the answer (specs: milter-mapping.md 4.6).

Written from what its source does (crates/smtp/src/inbound/milter, and the header iterator of
mail-auth). It reads replies more strictly than other MTAs do.
"""

from dataclasses import dataclass
from struct import pack

from .milter_mta import frame

EDITS = 0xFF
"""All but lists of macros."""
STEPS = 0x42
"""The usual setting: the filter may do without HELO and the end of headers."""
CHUNK = 65535

_BLANKS = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)
"""What Rust trims of a text."""

STRINGS = {"h": 2, "i": 2, "m": 2, "+": 1, "2": 2, "-": 1, "e": 2, "q": 1}
"""Strings that a change must have; with fewer it is no frame."""


class BadFrameError(Exception):
    """Stalwart gives up the milter: the message passes as it is, or has a temporary failure."""


def offer(version: int = 6) -> bytes:
    """The negotiation."""
    return frame("O", pack(">III", version, EDITS, STEPS))


def macros(stage: str, **values: str) -> bytes:
    """Macros of a stage; names that are not single letters are in braces."""
    names = {name: name if len(name) == 1 else f"{{{name}}}" for name in values}
    pairs = "".join(f"{names[name]}\0{value}\0" for name, value in values.items())
    return frame("D", stage.encode() + pairs.encode())


def header_fields(raw: bytes) -> list[tuple[bytes, bytes]]:
    """The fields of a message, untrimmed, as Stalwart takes it apart.

    A line without a colon ends the header if it ends with CRLF, and is a field if with LF.
    """
    found: list[tuple[bytes, bytes]] = []
    start = 0
    while True:
        field = _field(raw, start)
        if field is None:
            return found
        name, value, start = field
        found.append((name, value))


def _field(raw: bytes, start: int) -> tuple[bytes, bytes, int] | None:
    colon = -1
    for at in range(start, len(raw)):
        octet = raw[at : at + 1]
        if octet == b":" and colon < 0:
            colon = at
        if octet != b"\n":
            continue
        if colon < 0 and (at == start or raw[at - 1 : at] == b"\r"):
            return None
        if raw[at + 1 : at + 2] in (b" ", b"\t"):
            continue
        if colon < 0:
            return raw[start : at + 1], b"", at + 1
        return raw[start:colon], raw[colon + 1 : at + 1], at + 1
    return None


def _trimmed(octets: bytes) -> bytes:
    """A text without white space around; what is not UTF-8 becomes nothing at all."""
    try:
        return octets.decode().strip(_BLANKS).encode()
    except UnicodeDecodeError:
        return b""


def header_frames(raw: bytes) -> list[bytes]:
    """The header events of a message."""
    return [
        frame("L", _trimmed(name) + b"\0" + _trimmed(value) + b"\0")
        for name, value in header_fields(raw)
    ]


def body_frames(raw: bytes) -> list[bytes]:
    """The body events: the whole message, header and all."""
    return [frame("B", raw[at : at + CHUNK]) for at in range(0, len(raw), CHUNK)]


@dataclass(frozen=True, slots=True)
class Change:
    """One change to a message: index (0 without one), strings, or octets of a body."""

    code: str
    strings: tuple[str, ...] = ()
    index: int = 0
    body: bytes = b""


def read_change(code: str, payload: bytes) -> Change:
    """Read a change.

    Raises BadFrameError: it does not have all its strings, or they are no UTF-8.
    """
    if code == "b":
        return Change(code, body=payload)
    if code not in STRINGS:
        raise BadFrameError(code, payload)
    index = 0
    if code in "im":
        index, payload = int.from_bytes(payload[:4], "big"), payload[4:]
    *strings, _ = payload.split(b"\0")
    wanted = strings[: STRINGS[code]]
    if len(wanted) < STRINGS[code]:
        raise BadFrameError(code, payload)
    try:
        return Change(code, tuple(text.decode() for text in wanted), index)
    except UnicodeDecodeError as error:
        raise BadFrameError(code, payload) from error


def apply(raw: bytes, changes: list[Change]) -> bytes:
    """The message with changes to its header and body."""
    fields = header_fields(raw)
    body = b"".join(change.body for change in changes if change.code == "b")
    named = [change for change in changes if change.code in "himq"]
    if any(_moves(fields, change) for change in named):
        for change in named:
            _apply_field(fields, change)
    else:
        fields = [_named(change) for change in named] + fields
    head = b"".join(_line(name, value) for name, value in fields)
    return head + b"\r\n" + (body or _body(raw))


def _named(change: Change) -> tuple[bytes, bytes]:
    name, value = ("X-Quarantine", *change.strings) if change.code == "q" else change.strings
    return name.encode(), value.encode()


def _moves(fields: list[tuple[bytes, bytes]], change: Change) -> bool:
    """The change is more than a field on top; then Stalwart writes the whole header anew."""
    name, value = _named(change)
    is_known = any(field[0].lower() == name.lower() for field in fields)
    return change.code == "i" or (change.code == "m" and (is_known or not value))


def _apply_field(fields: list[tuple[bytes, bytes]], change: Change) -> None:
    name, value = _named(change)
    same = [at for at, field in enumerate(fields) if field[0].lower() == name.lower()]
    found = same[change.index - 1] if 1 <= change.index <= len(same) else None
    if change.code == "m" and (same or not value):
        if found is not None and value:
            fields[found] = (fields[found][0], value)
        elif found is not None:
            del fields[found]
        return
    # An index counts the fields of that name, and means the place before; without one the top.
    is_inserted = change.code == "i" and change.index > 0 and same
    fields.insert(same[min(change.index, len(same)) - 1] if is_inserted else 0, (name, value))


def _line(name: bytes, value: bytes) -> bytes:
    separator = b":" if value[:1].isspace() else b": "
    return name + separator + value + (b"" if value.endswith(b"\n") else b"\r\n")


def _body(raw: bytes) -> bytes:
    head_size = sum(len(name) + 1 + len(value) for name, value in header_fields(raw))
    return raw[head_size:].partition(b"\n")[2]
