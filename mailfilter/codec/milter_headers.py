"""Header blocks as a milter builds them: one line per field, folds kept, CRLF line ends."""

import re

MAX_HEAD = 2**20
"""Octets of a header that are compared with a repeated one: real ones are far smaller."""

_FIELD = re.compile(rb"[^\n]*+(?:\n[ \t][^\n]*+)*+\n")


def count_fields(head: bytes, name: str) -> int:
    """How many fields of that name (in any case) the block has."""
    pattern = rb"^%b[ \t]*:" % re.escape(name.encode("ascii", "replace"))
    return len(re.findall(pattern, head, re.MULTILINE | re.IGNORECASE))


def repeats_head(raw: bytes, head_size: int) -> bool:
    """The body begins with the message's own header, which takes `head_size` octets.

    Stalwart sends the whole message as the body (milter-mapping.md 4.6). Words are compared, since
    it trims names and values of the header events, and what is not UTF-8 is empty there. Its line
    ends may be LF, it may have no blank line, and a line without a colon is a name to it.
    """
    at = body_at = head_size + 2
    if not 0 < head_size <= MAX_HEAD:
        return False
    end = body_at + MAX_HEAD
    for shown in _FIELD.finditer(raw, 0, head_size):
        repeated = _FIELD.match(raw, at, end)
        if repeated is None or not _is_same(shown[0], repeated[0]):
            return False
        at = repeated.end()
    return True


def _is_same(shown: bytes, repeated: bytes) -> bool:
    name, _, value = shown.partition(b":")
    own_name, _, own_value = repeated.partition(b":")
    # A NUL ends a string of the event: of a name with one, the rest of it is the value.
    told = f"{_told(own_name)}\0{_told(own_value)}\0".split("\0")
    return [_told(name).split(), _told(value).split()] == [told[0].split(), told[1].split()]


def _told(octets: bytes) -> str:
    """A text as Stalwart tells it: what is not UTF-8 as a whole is nothing."""
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return ""
