"""Pieces of structured header fields that tell what others wrote: quoted strings, comments, folds.

All of it is printable ASCII (RFC 5322 3.2), whatever comes in.
"""

import re
from collections.abc import Iterable

MAX_PROPERTY = 320
"""Characters of a value: addresses have up to 254, some a few more. Longer ones are left out, for
a part of an address is another address."""

MAX_REMARK = 200
"""Characters of a reason or a comment."""

LINE = 78
"""Characters of a line, unless one item is longer (RFC 5322 2.1.1)."""

FOLD = "\n\t"

MAX_TEXT = 30_000
"""Octets of a value, which goes into one milter frame with others' text."""

_FIELD_TEXT = re.compile(r"[!-~][ -~]{0,989}(?:\n\t[!-~][ -~]{0,989})*+")
_UNSAFE = re.compile(r"[^ -~]|;")
_TO_ESCAPE = re.compile(r'["\\]')
_TO_ESCAPE_IN_COMMENT = re.compile(r"[()\\]")


def wrapped(items: Iterable[str]) -> str:
    """Items between blanks, folded so that lines are short."""
    lines: list[str] = []
    for item in items:
        if lines and len(f"\t{lines[-1]} {item};") <= LINE:
            lines[-1] += f" {item}"
        else:
            lines.append(item)
    return FOLD.join(lines)


def is_field_text(text: str) -> bool:
    """Whether a value can be written as it is: folded printable ASCII, in lines that may be."""
    return len(text) <= MAX_TEXT and _FIELD_TEXT.fullmatch(text) is not None


def as_value(value: str, plain: re.Pattern[str]) -> str:
    """A value as it is, if all of it is `plain`, or as a quoted string.

    Domains that are not ASCII are encoded.
    """
    if not value.isascii():
        local, at, domain = value.rpartition("@")
        if at or "." in domain:
            value = f"{local}{at}{_ascii_domain(domain)}"
    return value if plain.fullmatch(value) else quoted(value)


def quoted(text: str) -> str:
    """A quoted string."""
    return f'"{_TO_ESCAPE.sub(_escape, _safe(text))}"'


def comment(text: str) -> str:
    """A comment, cut if it is long."""
    return f"({_TO_ESCAPE_IN_COMMENT.sub(_escape, _safe(text[:MAX_REMARK]))})"


def _ascii_domain(domain: str) -> str:
    """A domain by IDNA, unless that would make another one of it."""
    try:
        encoded = domain.encode("idna")
        return encoded.decode("ascii") if encoded.decode("idna") == domain.lower() else domain
    except UnicodeError:
        return domain


def _safe(text: str) -> str:
    """Printable ASCII without semicolons: many a reader cuts at each, also in quotes."""
    return _UNSAFE.sub("?", text)


def _escape(match: re.Match[str]) -> str:
    return f"\\{match[0]}"
