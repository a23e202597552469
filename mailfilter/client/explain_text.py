"""The trace of a scan as text for people: whose mail, what decided, what each check did."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..report.escape import escape
from ..report.identifiers import NO_MESSAGE_ID
from ..syntax import moment
from .history_text import items, number, table, text, texts

MAX_NAMES = 10
"""Addresses shown of a list."""

Row = Mapping[str, Any]


def not_remembered(hint: str = "") -> str:
    """Why a scan may not be known; `hint` says how to look at another store."""
    return f"""\
perhaps
  it is older than history.rows, history.age and history.size allow
  another machine has scanned it, or the filter uses another store{hint}
  its client asked for no log, a profile skipped it, or it has only just ended
  history.enabled was off, or the store was away for long (the log tells)"""


def explain_text(trace_id: str, row: Row, detail: Row) -> str:
    """All of it; `row` and `detail` are what the history keeps."""
    sections = (
        _mail(trace_id, row, detail),
        _decision(row, detail),
        _symbols(row),
        _checks(row, detail),
        _trace(detail),
    )
    return "\n\n".join("\n".join(lines) for lines in map(list, sections) if lines)


def _mail(trace_id: str, row: Row, detail: Row) -> Iterator[str]:
    elapsed = number(row, "time_real") * 1000
    at = moment(number(row, "unix_time"))
    yield f"trace {trace_id}: {at}, {elapsed:.1f} ms, listener {_safe(text(detail, 'listener'))}"
    client = [text(row, "ip"), text(detail, "hostname")]
    if text(detail, "helo"):
        client.append(f"helo {text(detail, 'helo')}")
    if text(row, "user") != "unknown":
        client.append(f"user {text(row, 'user')}")
    told = int(number(detail, "recipients"))
    message_id = text(row, "message-id")
    yield from _pairs(
        ("sender", text(row, "sender_smtp")),
        ("from", text(row, "sender_mime")),
        ("recipients", _names(texts(row, "rcpt_smtp"), told)),
        ("to, cc", _names(texts(row, "rcpt_mime"), 0)),
        ("subject", text(row, "subject")),
        ("message id", "" if message_id == NO_MESSAGE_ID else message_id),
        ("queue id", text(detail, "queue_id")),
        ("client", ", ".join(filter(None, client))),
        ("identity", text(row, "identity")),
        ("size", f"{number(row, 'size'):.0f}"),
    )


def _decision(row: Row, detail: Row) -> Iterator[str]:
    yield f"{_safe(text(row, 'action'))}, score {number(row, 'score'):.2f}"
    thresholds = table(row, "thresholds")
    for entry in items(detail, "trace"):
        if isinstance(entry, dict) and text(entry, "source") == "verdict":
            yield f"  why         {_safe(text(entry, 'text'))}"
    yield from _pairs(
        ("forced by", text(detail, "forced_by")),
        ("thresholds", ", ".join(f"{name} {number(thresholds, name):g}" for name in thresholds)),
        ("profiles", text(detail, "profile")),
        ("reply", text(detail, "smtp_message")),
        ("new subject", text(detail, "new_subject")),
        *(("edit", edit) for edit in texts(detail, "edits")),
        ("note", text(detail, "note")),
    )


def _symbols(row: Row) -> Iterator[str]:
    found = table(row, "symbols")
    if not found:
        return
    yield "symbols"
    width = max(len(name) for name in found)
    for name in found:
        entry = table(found, name)
        options = ", ".join(_safe(option, 100) for option in texts(entry, "options"))
        shown = f"  [{options}]" if options else ""
        about = _safe(text(entry, "description"), 100)
        yield f"{number(entry, 'score'):9.2f}  {_safe(name).ljust(width)}  {about}{shown}".rstrip()


def _checks(row: Row, detail: Row) -> Iterator[str]:
    runs = [item for item in items(detail, "checks") if isinstance(item, dict)]
    if not runs:
        return
    yield "checks, in the order in which they ended"
    symbols = table(row, "symbols")
    lines = [_run(run, symbols) for run in runs]
    stage, name = (max(len(line[column]) for line in lines) for column in (0, 1))
    for line in lines:
        yield f"  {line[0].ljust(stage)}  {line[1].ljust(name)}  {line[2]:>11}  {line[3]}".rstrip()


def _run(run: Row, symbols: Row) -> Sequence[str]:
    found = [_found(symbol, symbols) for symbol in texts(run, "symbols")]
    reads = [_safe(name) for name in texts(run, "reads")]
    said = [", ".join(found)] if found else ["-"]
    if text(run, "trouble"):
        said = [_safe(text(run, "trouble"))]
    if reads:
        said.append(f"(reads {', '.join(reads)})")
    took = f"{number(run, 'took') * 1000:.3f} ms" if text(run, "stage") else ""
    return _safe(text(run, "stage")), _safe(text(run, "check")), took, " ".join(said)


def _found(symbol: str, symbols: Row) -> str:
    """A symbol and what it came to; a composite may have taken it, a profile its group."""
    if symbol not in symbols:
        return f"{_safe(symbol)} (does not count)"
    return f"{_safe(symbol)} {number(table(symbols, symbol), 'score'):.2f}"


def _trace(detail: Row) -> Iterator[str]:
    """What the lines above do not say: notes, composites, caps, stages that were not run."""
    said = {("verdict", "")}
    for run in items(detail, "checks"):
        if isinstance(run, dict):
            said.add((text(run, "check"), ", ".join(texts(run, "symbols"))))
            said.add((text(run, "check"), text(run, "trouble")))
    entries = [item for item in items(detail, "trace") if isinstance(item, dict)]
    fresh = [
        entry
        for entry in entries
        if text(entry, "source") != "verdict"
        and (text(entry, "source"), text(entry, "text")) not in said
    ]
    if fresh:
        yield "also"
    for entry in fresh:
        at = f"{number(entry, 'at') * 1000:.1f} ms"
        yield f"  {at:>10}  {_safe(text(entry, 'source'))}: {_safe(text(entry, 'text'))}".rstrip()


def _pairs(*pairs: tuple[str, str]) -> Iterator[str]:
    for name, value in pairs:
        if value:
            yield f"  {name.ljust(12)}{_safe(value)}"


def _names(found: Sequence[str], told: int) -> str:
    """Some of a list, and how many more there are; `told` is how many there were, if known."""
    shown = found[:MAX_NAMES]
    rest = max(told, len(found)) - len(shown)
    if not shown:
        return f"{told} not kept" if told else ""
    return ", ".join(shown) + (f", and {rest} more" if rest else "")


def _safe(value: str, limit: int = 512) -> str:
    return escape(value, limit)
