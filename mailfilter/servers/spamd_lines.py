"""A verdict as the octets of a line reply (spamd-line.md 3.3, 3.5). All functions are pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..codec import spamd_reply as replies
from ..codec.spamd import Request
from ..codec.spamd_reply import Line, Result, number
from ..report.edits import clean_edits
from ..report.headers import encode_header_text
from ..report.refusal import reply_text
from ..report.report_text import joined_options, report_text
from ..report.rewrite import rewrite, rewritten_header
from ..scan.verdict import (
    TOLD_AS_SPAM,
    Action,
    AddHeader,
    AddRecipient,
    ChangeHeader,
    ChangeSender,
    Edit,
    RemoveHeader,
    RemoveRecipient,
    ReplaceBody,
    SymbolResult,
    Verdict,
)

MAX_ID = 500
"""Characters of a Message-ID."""

MAX_OPTIONS = 500
"""Characters of the options of a symbol."""

MAX_DESCRIPTION = 200

_REFUSED = frozenset((Action.REJECT, Action.DISCARD))

_WHAT: Mapping[type[Edit], str] = {
    AddRecipient: "add recipient",
    ChangeSender: "change sender",
    RemoveRecipient: "remove recipient",
    ReplaceBody: "replace body",
}
"""Edits that change more than the header."""

# What is left out first if a reply is too long.
_EDIT_RANK, _SYMBOL_RANK, _DETAIL_RANK = 1, 10, 1_000_000


@dataclass(frozen=True, slots=True)
class Rendered:
    """A reply, and what was left out of it."""

    octets: bytes
    dropped: Sequence[str] = ()


def render_rspamc(verdict: Verdict) -> Rendered:
    """The reply to RSPAMC, whose client is told numbers and action as they are."""
    clean = clean_edits(verdict.edits)
    dropped = [*clean.dropped]
    lines = (
        Line("Action", verdict.action.value),
        *_subject(verdict),
        *_symbols(verdict.symbols),
        *_texts(verdict),
        *_edits(clean.edits, dropped),
    )
    is_spam = verdict.action in TOLD_AS_SPAM
    octets = replies.rspamc_reply(is_spam, verdict.score, verdict.required_score, lines)
    return Rendered(octets, dropped)


def _subject(verdict: Verdict) -> Iterator[Line]:
    if verdict.action is Action.REWRITE_SUBJECT and verdict.subject is not None:
        yield Line("Subject", _unfolded(encode_header_text(verdict.subject)))


def _texts(verdict: Verdict) -> Iterator[Line]:
    text = reply_text(verdict)
    if words := [text.codes, *text.lines] if text.codes else text.lines:
        yield Line("Message", " ".join(words))
    if verdict.message_id is not None:
        yield Line("Message-ID", verdict.message_id[:MAX_ID])


def _symbols(symbols: Iterable[SymbolResult]) -> Iterator[Line]:
    """All names, then all details; those that weigh most are told rather than others."""
    found = sorted(symbols, key=lambda symbol: (-abs(symbol.score), symbol.name))
    named = [(f"{symbol.name}({number(symbol.score, 2)})", symbol) for symbol in found]
    for rank, (text, _) in enumerate(named, _SYMBOL_RANK):
        yield Line("Symbol", text, rank)
    for rank, (text, symbol) in enumerate(named, _DETAIL_RANK):
        yield Line("X-Symbol", f"{text}; {_detail(symbol)}".rstrip(), rank)


def _detail(symbol: SymbolResult) -> str:
    text = symbol.description[:MAX_DESCRIPTION]
    if not symbol.options:
        return text
    options = joined_options(symbol.options, MAX_OPTIONS)
    return f"{text} [{options}]" if text else f"[{options}]"


def _edits(edits: Iterable[Edit], dropped: list[str]) -> Iterator[Line]:
    for edit in edits:
        match edit:
            case AddHeader(name, value, order):
                yield _added(_place(name, max(order, 0)), value)
            case ChangeHeader(name, value, occurrence):
                yield _removed(_place(name, occurrence))
                yield _added(name, value)
            case RemoveHeader(name, occurrence):
                yield _removed(_place(name, occurrence))
            case _:
                dropped.append(f"{_WHAT[type(edit)]}: not possible by RSPAMC")


def _added(place: str, value: str) -> Line:
    return Line("X-Milter-Add", f"{place}: {_unfolded(value)}", _EDIT_RANK)


def _removed(place: str) -> Line:
    return Line("X-Milter-Del", place, _EDIT_RANK)


def _place(name: str, place: int) -> str:
    return f"{name}[{place}]" if place else name


def _unfolded(value: str) -> str:
    return value.replace("\n", "").replace("\t", " ")


def render_spamc(request: Request, verdict: Verdict, marks: Sequence[Edit]) -> Rendered:
    """The reply to SPAMC; a message that is given back gets the marks beside the edits."""
    result = _result(verdict)
    version = request.line.version
    match request.line.command:
        case "CHECK":
            return Rendered(replies.check_reply(result))
        case "SYMBOLS":
            names = (symbol.name for symbol in verdict.symbols)
            return Rendered(replies.symbols_reply(version, result, names))
        case "REPORT":
            return Rendered(replies.report_reply(version, result, report_text(verdict)))
        case "REPORT_IFSPAM":
            return Rendered(replies.report_ifspam_reply(version, result, report_text(verdict)))
    return _message(request, result, (*verdict.edits, *marks))


def _result(verdict: Verdict) -> Result:
    """What is told in place of the numbers, which must not contradict the action.

    Exim takes a score that is not below the threshold for spam to be rejected, whatever else is
    said.
    """
    is_spam = verdict.action in TOLD_AS_SPAM
    score, threshold = (
        float(number(value, 1)) for value in (verdict.score, verdict.required_score)
    )
    if verdict.action in _REFUSED:
        return Result(is_spam, max(score, threshold), threshold)
    return Result(is_spam, min(score, round(threshold - 0.1, 1)), threshold)


def _message(request: Request, result: Result, edits: Iterable[Edit]) -> Rendered:
    content = request.content
    raw = content.raw or b""
    clean = clean_edits(edits)
    dropped = list(clean.dropped)
    if request.line.command == "HEADERS":
        if any(isinstance(edit, ReplaceBody) for edit in clean.edits):
            dropped.append("replace body: not possible by HEADERS")
        rewritten, preface = rewritten_header(content.preface + raw, clean.edits), b""
    else:
        rewritten, preface = rewrite(raw, clean.edits), content.preface
    pieces = (preface, rewritten.head, rewritten.body)
    start = replies.message_reply(request.line.version, result, sum(map(len, pieces)))
    return Rendered(b"".join((start, *pieces)), dropped)
