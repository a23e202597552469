"""The report on a message, for people: what spamc prints, and Exim puts into `X-Spam-Report`.

Plain ASCII, lines end with LF and have at most 78 characters where their words are no longer, and
none is empty: in a header field an empty line would end the header.
"""

from collections.abc import Iterable, Iterator

from ..scan.verdict import SymbolResult, Verdict
from .headers import clean_reply_text
from .reply_json import finite

MAX_REPORT = 16_000
"""Characters: Exim has room for 32,600, in which it adds a blank to each line, however short."""

MAX_TEXT = 400
"""Characters of the description of a symbol, and of its options."""

WIDTH = 78

_INDENT = 9


def report_text(verdict: Verdict) -> str:
    """Score and threshold, the action, what is found most weighty first, and the trace id."""
    lines: list[str] = []
    room = MAX_REPORT - WIDTH
    symbols = sorted(verdict.symbols, key=_weight)
    for line in (*_summary(verdict), *_symbols(symbols)):
        room -= len(line) + 1
        if room < 0:
            lines.append("(and more)")
            break
        lines.append(line)
    return "\n".join(lines) + "\n"


def _summary(verdict: Verdict) -> Iterator[str]:
    score, required = finite(verdict.score), finite(verdict.required_score)
    yield f"Score {score:.2f} of {required:.2f}, action: {verdict.action.value}"
    if verdict.unscanned is not None:
        yield f"Not scanned: {_plain(verdict.unscanned)}"
    elif verdict.is_skipped:
        yield "Not scanned: skipped as configured"
    if verdict.trace_id:
        yield f"Trace {_plain(verdict.trace_id)}"


def _weight(symbol: SymbolResult) -> tuple[float, str]:
    return -abs(finite(symbol.score)), symbol.name


def _symbols(symbols: list[SymbolResult]) -> Iterator[str]:
    for symbol in symbols:
        text = f"{_plain(symbol.name)} {_plain(symbol.description)}".rstrip()
        if symbol.options:
            text += f" [{joined_options(map(_plain, symbol.options), MAX_TEXT)}]"
        yield from _wrapped(f"{finite(symbol.score):{_INDENT - 1}.2f} ", text)


def joined_options(options: Iterable[str], most: int) -> str:
    """The options of a symbol on one line, of at most so many characters."""
    text = ""
    for option in options:
        text += f"{', ' if text else ''}{option[:most]}"
        if len(text) > most:
            return text[: most - 3].rstrip() + "..."
    return text


def _plain(text: str) -> str:
    """Text on one line; it may come from the message."""
    return " ".join(clean_reply_text(text[:MAX_TEXT]))


def _wrapped(start: str, text: str) -> Iterator[str]:
    """Break text at blanks, further lines indented; a word that is too long stays whole."""
    room = WIDTH - _INDENT
    while len(text) > room and (at := _break(text, room)) > 0:
        yield start + text[:at].rstrip()
        text = text[at:].lstrip()
        start = " " * _INDENT
    yield start + text


def _break(text: str, room: int) -> int:
    at = text.rfind(" ", 0, room + 1)
    return at if at > 0 else text.find(" ")
