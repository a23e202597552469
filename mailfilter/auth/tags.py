"""Lists of tags: `v=1; a=rsa-sha256; d=example.com` (RFC 6376 3.2)."""

import re

MAX_LENGTH = 16384
"""Octets of a list. The longest of use is a signature of 8192 bits over some hundred fields."""
MAX_TAGS = 64

_SPACE = b" \t"
_NAME = re.compile(rb"[A-Za-z][A-Za-z0-9_]*+")
_TEXT = b"\t" + bytes(range(0x20, 0x7F)) + bytes(range(0x80, 0x100))
"""What may be in values. Octets above 127 are text (RFC 8616 4)."""

_KNOWN = {
    name.encode("ascii"): name
    for name in ("a", "b", "bh", "c", "cv", "d", "h", "i", "k", "l", "p", "q", "s", "t", "v", "x")
}
"""The names of signatures and their keys, which need no look at their characters."""


class TagError(ValueError):
    """This is no list of tags; the message says why, printable and bounded."""


def parse_tags(value: bytes) -> dict[str, bytes]:
    """The tags of a list by their names, which differ by case.

    Values are unfolded and stripped, with the white space that is within them; they may be empty.

    Raises TagError.
    """
    if len(value) > MAX_LENGTH:
        raise TagError(f"more than {MAX_LENGTH} octets of tags")
    text = value.replace(b"\r\n", b"\n").removesuffix(b"\n")
    text = text.replace(b"\n ", b" ").replace(b"\n\t", b"\t")
    if text.translate(None, _TEXT):
        raise TagError("control characters")
    pieces = text.split(b";")
    if not pieces[-1].strip(_SPACE):
        # One semicolon may stand at the end.
        pieces.pop()
    if len(pieces) > MAX_TAGS:
        raise TagError(f"{len(pieces)} tags, expected at most {MAX_TAGS}")
    tags: dict[str, bytes] = {}
    for piece in pieces:
        name, equals, rest = piece.partition(b"=")
        name = name.strip(_SPACE)
        if not equals:
            raise TagError(f"{shown(name)} instead of a tag and its value")
        key = _KNOWN.get(name)
        if key is None:
            if not _NAME.fullmatch(name):
                raise TagError(f"a tag named {shown(name)}")
            key = name.decode("ascii")
        if key in tags:
            raise TagError(f"{shown(name)} twice")
        tags[key] = rest.strip(_SPACE)
    return tags


def shown(octets: bytes, most: int = 40) -> str:
    """Octets of others in a message: in quotes, printable and bounded."""
    text = octets[: most + 1].decode("ascii", "backslashreplace")
    text = "".join(character if character.isprintable() else "?" for character in text)
    return f'"{text[:most]}..."' if len(octets) > most else f'"{text}"'
