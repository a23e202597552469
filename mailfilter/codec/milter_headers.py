"""Header blocks as a milter builds them: one line per field, folds kept, CRLF line ends."""

import re

MAX_HEAD = 2**20
"""Octets of a header block that are compared with a repeated one: real ones are far smaller."""

_FIELD_END = re.compile(rb"\r\n(?![ \t])")


def count_fields(head: bytes, name: str) -> int:
    """How many fields of that name (in any case) the block has."""
    pattern = rb"^%b:" % re.escape(name.encode("ascii", "replace"))
    return len(re.findall(pattern, head, re.MULTILINE | re.IGNORECASE))


def repeats_head(raw: bytes, head_size: int) -> bool:
    """The body begins with the message's own header block.

    Stalwart sends the whole message as the body (milter-mapping.md 4.6). Values are compared
    without regard to white space, since it trims those of the header events, and what is not UTF-8
    is empty there.
    """
    body_at = head_size + 2
    name_size = raw.find(b":", 0, head_size) + 1
    if not name_size or not raw.startswith(raw[:name_size], body_at):
        return False
    repeated_size = raw.find(b"\r\n\r\n", body_at, body_at + MAX_HEAD)
    if repeated_size < 0 or head_size > MAX_HEAD:
        return False
    shown = _values(raw[:head_size])
    repeated = _values(raw[body_at : repeated_size + 2])
    if shown == repeated:
        return True
    return len(shown) == len(repeated) and all(map(_is_same, shown, repeated))


def _is_same(shown: tuple[bytes, list[bytes]], repeated: tuple[bytes, list[bytes]]) -> bool:
    name, value = repeated
    return shown[0] in (name, _told(name)) and shown[1] in (value, _told(b" ".join(value)).split())


def _told(octets: bytes) -> bytes:
    try:
        octets.decode()
    except UnicodeDecodeError:
        return b""
    return octets


def _values(head: bytes) -> list[tuple[bytes, list[bytes]]]:
    fields = (line.partition(b":") for line in _FIELD_END.split(head))
    return [(name.strip(), value.split()) for name, _, value in fields]
