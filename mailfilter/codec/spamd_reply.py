"""Replies of the line protocols as octets, for clients of every version (spamd-line.md 3.3, 3.5).

Whatever is in them, it cannot end a line: what is not printable ASCII becomes a question mark.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import NamedTuple

from ..syntax import NOT_PRINTABLE

MAX_REPLY = 32_500
"""Octets of a reply of RSPAMC: Exim reads 32,600 and cuts the rest off."""

MAX_NUMBER = 999_999.9
"""Greatest number told: Exim reads tenths into 32 bits."""

MAX_ERROR = 500
"""Characters of the text of an error."""

PONG = b"SPAMD/1.5 0 PONG\r\n"

_OK = b"SPAMD/1.1 0 EX_OK\r\n"
_OLD_OK = b"SPAMD/1.0 0 EX_OK\r\n"

_WITH_LENGTH = (1, 3)
"""Since this version clients are told the length of what follows."""
_WITH_HEADERS = (1, 2)
"""Since this version clients read header lines in front of a message."""


@dataclass(frozen=True, slots=True)
class Result:
    """What SPAMC is told of a message beside its text."""

    is_spam: bool
    score: float
    threshold: float


class Line(NamedTuple):
    """A line of an RSPAMC reply. Of those that do not fit the higher `rank` is left out."""

    name: str
    value: str
    rank: int = 0


def one_line(text: str) -> str:
    """Text with nothing in it that could end a line, or is not printable ASCII."""
    if text.isascii() and text.isprintable():
        return text
    return NOT_PRINTABLE.sub("?", text)


def number(value: float, digits: int) -> str:
    """A plain decimal, whatever the value is."""
    if not -MAX_NUMBER <= value <= MAX_NUMBER:
        value = max(-MAX_NUMBER, min(MAX_NUMBER, value)) if isfinite(value) else 0.0
    text = f"{value:.{digits}f}"
    return text if value > 0.0 or text.strip("-0.") else text.removeprefix("-")


def rspamc_error(text: str, code: int = 76) -> bytes:
    """What is said to a client of RSPAMC whose request cannot be read."""
    return f"RSPAMD/1.3 {code} {one_line(text[:MAX_ERROR])}\r\n".encode("ascii")


def bad_request(text: str) -> bytes:
    """What is said to a client of SPAMC, or of nothing known, whose request cannot be read."""
    return _error(76, "Bad header line", text)


def unavailable(text: str) -> bytes:
    """What is said if there is no answer."""
    return _error(69, "Service Unavailable", text)


def timeout(text: str) -> bytes:
    """What is said if something took too long."""
    return _error(79, "Timeout", text)


def _error(code: int, name: str, text: str) -> bytes:
    return f"SPAMD/1.0 {code} {name}: {one_line(text[:MAX_ERROR])}\r\n".encode("ascii")


def rspamc_reply(is_spam: bool, score: float, required: float, lines: Sequence[Line]) -> bytes:
    """Answer RSPAMC; the first line must be the action, since Exim needs something to follow.

    A line that would make the reply too long is left out as a whole.
    """
    first = (
        "RSPAMD/1.3 0 EX_OK\r\n"
        f"Metric: default; {is_spam}; {number(score, 2)} / {number(required, 2)} / 0.0\r\n"
    )
    told = [f"{name}: {one_line(value)}\r\n" for name, value, _ in lines]
    room = MAX_REPLY - len(first)
    if sum(map(len, told)) <= room:
        return "".join((first, *told)).encode("ascii")
    fitting: set[int] = set()
    for at in sorted(range(len(told)), key=lambda at: lines[at].rank):
        if len(told[at]) <= room:
            room -= len(told[at])
            fitting.add(at)
    return (first + "".join(told[at] for at in sorted(fitting))).encode("ascii")


def tell_reply(*, did_set: bool = False, did_remove: bool = False) -> bytes:
    """Answer TELL: whether the message was learned, or forgotten, or nothing has changed."""
    done = b"DidSet: local\r\n" if did_set else b""
    if did_remove:
        done += b"DidRemove: local\r\n"
    return _OK + done + b"\r\n\r\n"


def check_reply(result: Result) -> bytes:
    """Answer CHECK."""
    return _OK + _spam(result) + b"\r\n"


def symbols_reply(version: tuple[int, int], result: Result, names: Iterable[str]) -> bytes:
    """Answer SYMBOLS."""
    text = ",".join(one_line(name).replace(",", "?") for name in names)
    end = "" if version >= _WITH_LENGTH else "\r\n"
    return _with_text(version, result, (text + end).encode("ascii"))


def report_reply(version: tuple[int, int], result: Result, report: str) -> bytes:
    """Answer REPORT. The report is ASCII, its line ends are LF."""
    return _with_text(version, result, report.encode("ascii", "replace"))


def report_ifspam_reply(version: tuple[int, int], result: Result, report: str) -> bytes:
    """Answer REPORT_IFSPAM: there is no report on what is no spam."""
    text = report.encode("ascii", "replace") if result.is_spam else b""
    return _with_text(version, result, text, "Yes" if result.is_spam else "No")


def message_reply(version: tuple[int, int], result: Result, length: int) -> bytes:
    """Begin an answer to PROCESS or HEADERS: as many octets of the message follow."""
    if version < _WITH_HEADERS:
        return _OLD_OK
    spam = _spam(result) if version >= _WITH_LENGTH else b""
    return _OK + _length(length) + spam + b"\r\n"


def _with_text(
    version: tuple[int, int], result: Result, text: bytes, word: str | None = None
) -> bytes:
    length = _length(len(text)) if version >= _WITH_LENGTH else b""
    return _OK + length + _spam(result, word) + b"\r\n" + text


def _length(length: int) -> bytes:
    # With a capital L neither spamc nor Exim reads it.
    return b"Content-length: %d\r\n" % length


def _spam(result: Result, word: str | None = None) -> bytes:
    # Without the blank before the semicolon neither spamc nor Exim reads it.
    word = word or str(result.is_spam)
    numbers = f"{number(result.score, 1)} / {number(result.threshold, 1)}"
    return f"Spam: {word} ; {numbers}\r\n".encode("ascii")
