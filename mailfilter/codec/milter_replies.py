"""The milter wire protocol, writing side: whole frames for the MTA (milter.md 2.2, 2.4, 3).

Names and values are expected clean (`mailfilter.report.headers`); what still cannot stand in a
frame, NUL and CR, is taken out here as well.
"""

from collections.abc import Mapping, Sequence
from struct import Struct

from ..syntax import MAX_REPLY_LINE, NOT_PRINTABLE

MAX_BODY_CHUNK = 65535
"""Octets of one body frame (the classic limit of libmilter)."""

_HEAD = Struct(">IB")
_INDEX = Struct(">I")
_OFFER = Struct(">III")


def _frame(code: bytes, payload: bytes = b"") -> bytes:
    return _HEAD.pack(len(payload) + 1, code[0]) + payload


def _string(text: str) -> bytes:
    return text.encode("utf-8", "replace").translate(None, b"\0\r") + b"\0"


def _value(text: str, is_verbatim: bool) -> bytes:
    """A header value; folds are LF on the wire (milter.md 5), but to those who pass it on as is."""
    value = _string(text)
    return value.replace(b"\n", b"\r\n") if is_verbatim else value


CONTINUE = _frame(b"c")
ACCEPT = _frame(b"a")
REJECT = _frame(b"r")
TEMPFAIL = _frame(b"t")
DISCARD = _frame(b"d")
SKIP = _frame(b"s")
PROGRESS = _frame(b"p")


def negotiated(
    version: int, actions: int, steps: int, macros: Mapping[int, str] | None = None
) -> bytes:
    """Answer the MTA's offer; `macros` are the names wanted by stage number (milter.md 3.3)."""
    lists = b"".join(_INDEX.pack(stage) + _string(names) for stage, names in (macros or {}).items())
    return _frame(b"O", _OFFER.pack(version, actions, steps) + lists)


def reply_code(
    code: int, enhanced: str, lines: Sequence[str], *, is_verbatim: bool = False
) -> bytes:
    """Refuse with an SMTP reply: `code` 4yz or 5yz, `enhanced` of the same class, text lines.

    Without a line the text is empty but for a full stop: an empty one is malformed to the MTAs.
    To an MTA that passes it on as it is, the lines are one: it would give the others no hyphen.
    """
    head = f"{enhanced} " if enhanced else ""
    if is_verbatim:
        text = NOT_PRINTABLE.sub("?", " ".join(lines))[:MAX_REPLY_LINE] or "."
        return _frame(b"y", f"{code} {head}{text}".encode("ascii") + b"\0")
    texts = [_reply_text(line) for line in lines] or ["."]
    formatted = [f"{code}-{head}{text}" for text in texts[:-1]]
    formatted.append(f"{code} {head}{texts[-1]}")
    return _frame(b"y", "\r\n".join(formatted).encode("ascii") + b"\0")


def _reply_text(line: str) -> str:
    """Printable ASCII, percent signs doubled (Sendmail reads it as a format), not too long."""
    text = NOT_PRINTABLE.sub("?", line).replace("%", "%%")
    if len(text) <= MAX_REPLY_LINE:
        return text
    text = text[:MAX_REPLY_LINE]
    unpaired = (len(text) - len(text.rstrip("%"))) % 2
    return text[: len(text) - unpaired]


def add_header(name: str, value: str, *, is_verbatim: bool = False) -> bytes:
    """Append a header field."""
    return _frame(b"h", _string(name) + _value(value, is_verbatim))


def insert_header(index: int, name: str, value: str) -> bytes:
    """Insert a header field; 0 is the very top, 1 below the MTA's own Received."""
    return _frame(b"i", _INDEX.pack(index) + _string(name) + _string(value))


def change_header(index: int, name: str, value: str, *, is_verbatim: bool = False) -> bytes:
    """Change the n-th field of that name (1-based); an empty value deletes it."""
    return _frame(b"m", _INDEX.pack(index) + _string(name) + _value(value, is_verbatim))


def replace_body(body: bytes) -> bytes:
    """Replace the body: consecutive frames, as Postfix needs them; an empty one clears it."""
    chunks = range(0, len(body), MAX_BODY_CHUNK) or (0,)
    return b"".join(_frame(b"b", body[at : at + MAX_BODY_CHUNK]) for at in chunks)


def add_recipient(address: str) -> bytes:
    """Add an envelope recipient (with angle brackets)."""
    return _frame(b"+", _string(address))


def remove_recipient(address: str) -> bytes:
    """Remove an envelope recipient (with angle brackets)."""
    return _frame(b"-", _string(address))


def change_sender(address: str, args: str = "", *, is_verbatim: bool = False) -> bytes:
    """Change the envelope sender (with angle brackets) and its ESMTP arguments."""
    has_args = bool(args) or is_verbatim
    return _frame(b"e", _string(address) + (_string(args) if has_args else b""))


def quarantine(reason: str) -> bytes:
    """Hold the message in the MTA's queue."""
    return _frame(b"q", _string(reason))
