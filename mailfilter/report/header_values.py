"""Values of the header fields that tell a verdict, as Rspamd's milter_headers writes them.

Each is a function of settings, envelope and verdict alone, for whoever writes such fields. A
value is printable ASCII with folds of LF and TAB, its lines fit RFC 5322 2.1.1, and `None` is no
field.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from math import isfinite

from ..config.model import HeaderName, HeaderSettings
from ..mail.field_text import FOLD
from ..scan.envelope import Envelope
from ..scan.verdict import MARKED_AS_SPAM, Action, SymbolResult, Verdict
from .headers import clean_reply_text

MAX_LINE = 900
"""Characters of a line before it is folded; RFC 5322 has 998 with the name of the field."""

MAX_WORD = 250
"""Characters of one option or name taken from outside."""

MAX_WORDS = 4_000
"""Characters of all options of one symbol."""

MAX_POINTS = 250
"""Characters or groups of them, one for each point: scores have no bound."""

MAX_RESULT = 16_000
"""Octets of all symbols: an MTA may refuse a header of 32 KiB (Sendmail, MaxHeadersLength)."""

_SPECIAL = re.compile(r"[^ -~]|[;\\]")

Value = Callable[[HeaderSettings, Envelope, Verdict], str | None]


def is_spam(verdict: Verdict) -> bool:
    """Whether the action says so: anything but `no action` and `greylist`."""
    return verdict.action in MARKED_AS_SPAM


def spamd_bar(settings: HeaderSettings, _: Envelope, verdict: Verdict) -> str:
    """One character for each whole point, of the kind that the sign asks for."""
    points = _points(abs(verdict.score))
    if not points:
        return settings.bar_neutral
    return _repeated(settings.bar_positive if verdict.score > 0 else settings.bar_negative, points)


def spam_level(settings: HeaderSettings, _: Envelope, verdict: Verdict) -> str | None:
    """One character for each whole point above 0."""
    points = _points(verdict.score)
    return _repeated(settings.level_char, points) if points > 0 else None


def spam_status(_settings: HeaderSettings, _: Envelope, verdict: Verdict) -> str:
    """Spam or not, and the score."""
    return f"{'Yes' if is_spam(verdict) else 'No'}, score={_number(verdict.score)}"


def deliver_to(settings: HeaderSettings, _: Envelope, verdict: Verdict) -> str | None:
    """The folder for spam."""
    return settings.spam_value if is_spam(verdict) else None


def rspamd_action(_settings: HeaderSettings, _: Envelope, verdict: Verdict) -> str:
    """The action."""
    return verdict.action.value


def rspamd_queue_id(_settings: HeaderSettings, envelope: Envelope, _: Verdict) -> str | None:
    """The MTA's name for the message."""
    return _word(envelope.queue_id) if envelope.queue_id else None


def rspamd_pre_result(_settings: HeaderSettings, _: Envelope, verdict: Verdict) -> str | None:
    """Which check has forced the action, and its text for the SMTP reply."""
    if verdict.forced_by is None:
        return None
    parts = [f"action={verdict.action.value}", f"module={_word(verdict.forced_by)}"]
    text = " ".join(clean_reply_text(verdict.smtp_message or ""))[:MAX_LINE].rstrip(" ")
    return f";{FOLD}".join([*parts, text] if text else parts)


def spamd_result(settings: HeaderSettings, _: Envelope, verdict: Verdict) -> str:
    """Whether the message is refused, the score, the highest threshold, and all symbols."""
    score, required = _number(verdict.score), _number(verdict.required_score)
    rows = [f"default: {verdict.action is Action.REJECT} [{score} / {required}]"]
    size = len(rows[0])
    by = _by_name if settings.result_order == "name" else _by_score
    for place, symbol in enumerate(sorted(verdict.symbols, key=by)):
        options = _joined(symbol.options) if symbol.options else ""
        row = f"{symbol.name}({_number(symbol.score)})[{options}]"
        size += len(row) + 3
        if size > MAX_RESULT:
            rows.append(f"({len(verdict.symbols) - place} more)")
            break
        rows.append(row)
    return f";{FOLD}".join(rows)


def virus(settings: HeaderSettings, _: Envelope, verdict: Verdict) -> str | None:
    """Names of viruses, or that there is none, or that nobody could look."""
    if names := _found(verdict, settings.virus_symbols):
        infected = settings.virus_infected
        return f"{infected}, {_joined(names)}" if infected else _joined(names)
    if reasons := _found(verdict, settings.virus_fail_symbols):
        return f"{settings.virus_fail}({_joined(reasons)})" if settings.virus_fail else None
    return settings.virus_clean or None


VALUES: Mapping[HeaderName, tuple[str, Value]] = {
    "x-spamd-bar": ("X-Spamd-Bar", spamd_bar),
    "x-spam-level": ("X-Spam-Level", spam_level),
    "x-spam-status": ("X-Spam-Status", spam_status),
    "x-spamd-result": ("X-Spamd-Result", spamd_result),
    "x-rspamd-pre-result": ("X-Rspamd-Pre-Result", rspamd_pre_result),
    "x-rspamd-queue-id": ("X-Rspamd-Queue-Id", rspamd_queue_id),
    "x-rspamd-action": ("X-Rspamd-Action", rspamd_action),
    "spam-header": ("Deliver-To", deliver_to),
    "x-virus": ("X-Virus", virus),
}
"""Routine -> its field and value, where it is of the verdict."""


def _by_name(symbol: SymbolResult) -> str:
    return symbol.name


def _by_score(symbol: SymbolResult) -> tuple[float, str]:
    """What decides most comes first."""
    return -abs(symbol.score), symbol.name


def _points(score: float) -> int:
    return int(max(-MAX_POINTS, min(MAX_POINTS, score))) if isfinite(score) else 0


def _repeated(text: str, points: int) -> str:
    return (text * points)[:MAX_LINE]


def _number(value: float) -> str:
    text = f"{value:.2f}" if isfinite(value) else "0.00"
    return "0.00" if text == "-0.00" else text


def _found(verdict: Verdict, names: Collection[str]) -> list[str]:
    """Options of the symbols of these names; their names where they have none."""
    found: list[str] = []
    for symbol in verdict.symbols:
        if symbol.name in names:
            found += symbol.options or (symbol.name,)
    return found


def _joined(words: Iterable[str]) -> str:
    """Words between commas; folded where a line gets too long, cut where all of it does."""
    text = f",{FOLD}".join(_lines(words))
    return text if len(text) <= MAX_WORDS else text[: MAX_WORDS - 3].rstrip() + "..."


def _lines(words: Iterable[str]) -> Iterator[str]:
    line: list[str] = []
    room = MAX_LINE - MAX_WORD
    for text in words:
        word = _word(text)
        room -= len(word) + 1
        if room < 0 and line:
            yield ",".join(line)
            line, room = [], MAX_LINE - len(word) - 1
        line.append(word)
    yield ",".join(line)


def _word(text: str) -> str:
    """Text from outside: printable ASCII, and nothing in it ends a symbol or begins an escape.

    Commas and brackets stay, as Rspamd has them: an option may look like two, or the last one.
    """
    text = text[:MAX_WORD]
    if _SPECIAL.search(text) is None:
        return text
    return _SPECIAL.sub(_escaped, text)[:MAX_WORD]


def _escaped(match: re.Match[str]) -> str:
    char = match[0]
    if char == ";":
        return "\\x3b"
    return char.encode("unicode_escape", "surrogatepass").decode("ascii")
