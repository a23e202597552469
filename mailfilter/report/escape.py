"""Text from strangers, made fit for a line of a log (bad-input.md row 44)."""

import re

MAX_VALUE_CHARS = 512
"""Characters of one value in a log line; a subject or an address may be megabytes long."""

_PLAIN = re.compile(r"[A-Za-z0-9_@.:+/<>*!$-]+\Z")
"""Values that need neither escape nor quotes: nearly all, so this is asked first."""
_DELIMITER = re.compile(r'[ "=,;\[\]{}()]')


def escape(text: str, limit: int = MAX_VALUE_CHARS) -> str:
    """Keep what is printable, write everything else as an escape, cut at `limit` characters.

    Control characters, line and paragraph separators, bidirectional overrides and lone
    surrogates come out as `\\xNN`, `\\uNNNN` or `\\UNNNNNNNN`, a backslash doubled.
    """
    if len(text) > limit:
        text = text[: limit - 3] + "..."
    if text.isprintable() and "\\" not in text:
        return text
    return "".join(char if char.isprintable() and char != "\\" else _escaped(char) for char in text)


def quote(text: str, limit: int = MAX_VALUE_CHARS) -> str:
    """`escape`, and in double quotes where the value would not end at the next blank."""
    if len(text) <= limit and _PLAIN.match(text):
        return text
    text = escape(text, limit)
    if text and not _DELIMITER.search(text):
        return text
    return '"' + text.replace('"', '\\"') + '"'


def _escaped(char: str) -> str:
    return char.encode("unicode_escape", "surrogatepass").decode("ascii")
