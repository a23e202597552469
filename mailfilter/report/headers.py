"""Text that came from checks and mail, made safe for header fields and SMTP replies.

Every protocol that puts text into a header or a reply uses these functions, so that a name, URL or
subject taken from a message can never add a line of its own (bad-input.md 15).
"""

import re
from base64 import b64encode
from collections.abc import Iterator

from ..syntax import FIELD_NAME, MAX_REPLY_LINE, NOT_PRINTABLE, REPLY_CODES

MAX_TEXT = 8000
"""Characters of text to encode: 7 octets each at most, so it fits a milter frame of 64 KiB."""

MAX_VALUE = 60000
"""Octets of a field value: with name and NULs it still fits a milter frame of 64 KiB."""

MAX_LINE = 76
"""Octets of a line that holds encoded words (RFC 2047 2)."""

MAX_PLAIN_LINE = 900
"""Characters of a line of plain text; with the field's name it fits 998 (RFC 5322 2.1.1)."""

MAX_WORD = 75
"""Octets of one encoded word (RFC 2047 2)."""

MAX_REPLY_LINES = 32
"""Lines of one SMTP reply that libmilter allows."""

_Q_OPEN = "=?utf-8?q?"
_B_OPEN = "=?utf-8?b?"
_CLOSE = "?="
_ROOM = MAX_WORD - len(_Q_OPEN) - len(_CLOSE)
_LEAST_ROOM = 16
"""Room below which an encoded word starts a line of its own: one character may need 12 octets."""

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_CONTROLS_BUT_TAB = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")
# Of `%s` a client of the scan API would make the old subject once more.
_DIRTY = re.compile(r"[^ -~]|=\?|%s|[^ ]{800}")
_LINE_BREAKS = re.compile(r"[\r\n]+")
# What other values mostly are: text with folds, and no line of blanks alone.
_CLEAN = re.compile(r"[\t ]*+[!-~][\t -~]*+(?:\n[\t ]++[!-~][\t -~]*+)*")
# What stands for itself in the Q encoding everywhere, even in a phrase (RFC 2047 5).
_Q_PLAIN = re.compile(rb"[A-Za-z0-9!*+/ -]")


def encode_header_text(text: str, column: int = len("Subject: ")) -> str:
    """Encode Unicode text as the value of an unstructured header field.

    Printable ASCII stays as it is, from the first word that is something else (or looks like an
    encoded word, or is too long for a line) the rest becomes RFC 2047 encoded words in UTF-8,
    folded by LF and a space. Control characters become spaces. `column` is how many octets stand
    before it on its line.
    """
    text = _CONTROLS.sub(" ", text[:MAX_TEXT])
    dirty = _DIRTY.search(text)
    if dirty is None:
        return _folded(text)
    head = text[: text.rfind(" ", 0, dirty.start()) + 1].rstrip(" ")
    # One space between the head and the first encoded word is their separator.
    start = len(head) + 1 if head else 0
    room = min(MAX_LINE - column - start, MAX_WORD) - len(_Q_OPEN) - len(_CLOSE)
    words = list(_encoded_words(text[start:], room if room >= _LEAST_ROOM else _ROOM))
    encoded = "\n ".join(words)
    if not head:
        return encoded
    return _folded(head) + (" " if room >= _LEAST_ROOM else "\n ") + encoded


def _folded(text: str) -> str:
    """Fold text at blanks so that no line is too long; its words are short."""
    lines: list[str] = []
    while len(text) > MAX_PLAIN_LINE and (at := text.rfind(" ", 1, MAX_PLAIN_LINE)) > 0:
        lines.append(text[:at])
        text = text[at:]
    return "\n".join((*lines, text))


def _encoded_words(text: str, room: int) -> Iterator[str]:
    """Cut text into encoded words, between characters; `room` is for the first one's payload."""
    octets = text.encode("utf-8", "replace")
    escaped = len(octets) - len(_Q_PLAIN.findall(octets))
    is_q = len(octets) + 2 * escaped <= (len(octets) + 2) // 3 * 4
    pending: list[bytes] = []
    used = 0
    for character in text:
        raw = character.encode("utf-8", "replace")
        size = _q_size(raw) if is_q else len(raw)
        if used + size > (room if is_q else room // 4 * 3):
            yield _encoded_word(b"".join(pending), is_q)
            pending, used, room = [], 0, _ROOM
        pending.append(raw)
        used += size
    yield _encoded_word(b"".join(pending), is_q)


def _q_size(raw: bytes) -> int:
    return 1 if _Q_PLAIN.match(raw) else 3 * len(raw)


def _encoded_word(raw: bytes, is_q: bool) -> str:
    if not is_q:
        return _B_OPEN + b64encode(raw).decode("ascii") + _CLOSE
    payload = "".join(
        chr(octet) if _Q_PLAIN.match(bytes((octet,))) else f"={octet:02X}" for octet in raw
    )
    return _Q_OPEN + payload.replace(" ", "_") + _CLOSE


def clean_header_name(name: str) -> str | None:
    """Return the name if it may be a field name (RFC 5322 3.6.8), else `None`."""
    return name if FIELD_NAME.fullmatch(name) else None


def clean_header_value(value: str) -> str:
    """Make a header value safe to send: ASCII, no CR or NUL, LF only before a blank.

    Folds (line break and blank) stay, as LF; other line breaks and control characters become
    spaces; blank lines vanish; lines that are not ASCII become encoded words. The value is cut
    at `MAX_VALUE` octets.
    """
    value = value[:MAX_VALUE]
    if (value.isascii() and value.isprintable()) or _CLEAN.fullmatch(value):
        return value
    lines: list[str] = []
    size = 0
    for line in _folded_lines(value):
        if not line.isascii():
            bare = line.lstrip(" \t")
            lead = line[: len(line) - len(bare)]
            line = lead + encode_header_text(bare)
        room = MAX_VALUE - size
        if len(line) > room:
            lines.append(_cut(line, room))
            break
        lines.append(line)
        size += len(line) + 1
    return "\n".join(filter(None, lines))


def _cut(line: str, room: int) -> str:
    """Cut a line, at its last fold if it has any: encoded words are folded and stay whole."""
    line = line[: max(room, 0)]
    fold = line.rfind("\n")
    return (line if fold < 0 else line[:fold]).rstrip()


def _folded_lines(value: str) -> Iterator[str]:
    """Yield the lines of a value; all but the first begin with a blank, none is empty."""
    pending = ""
    for line in _LINE_BREAKS.split(value):
        line = _CONTROLS_BUT_TAB.sub(" ", line)
        if not line.strip(" \t"):
            continue
        if not pending:
            pending = line
        elif line[0] in " \t":
            yield pending
            pending = line
        else:
            pending += " " + line
    if pending:
        yield pending


def clean_reply_text(text: str) -> list[str]:
    """Make text safe for an SMTP reply: lines of printable ASCII, none empty, at most 32.

    What is not ASCII becomes `?`; percent signs are left to the protocol (milter.md 2.4).
    The list is empty if nothing is left.
    """
    lines: list[str] = []
    for line in _LINE_BREAKS.split(text[: MAX_REPLY_LINE * MAX_REPLY_LINES]):
        line = (
            NOT_PRINTABLE.sub("?", line.replace("\t", " ")).strip(" ")[:MAX_REPLY_LINE].rstrip(" ")
        )
        if line:
            lines.append(line)
        if len(lines) == MAX_REPLY_LINES:
            break
    return lines


def clean_refusal(text: str, digit: str) -> tuple[str, list[str]]:
    """Make text for a refusal safe: its own codes, as `450 4.7.1`, and its lines without them.

    The codes are empty unless both are of the class meant, `digit` (4 or 5, empty for none):
    whether a message is refused for good is the action's to say.
    """
    lines = clean_reply_text(text)
    codes = REPLY_CODES.match(lines[0]) if lines else None
    if codes is None:
        return "", lines
    lines[0] = lines[0][codes.end() :]
    is_meant = codes[1] == codes[2] == digit
    return codes[0].rstrip(" ") if is_meant else "", [line for line in lines if line]
