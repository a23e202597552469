"""From what was found to the verdict."""

import re

from ..config.model import Scan
from ..mail import Message
from .summary import summarize
from .tally import Forced, Tally
from .trace import Trace
from .verdict import Action, AddHeader, Edit, RemoveHeader, Summary, Verdict

MAILTO = "mailto:"

_PLACE = re.compile("%([sd%])")


def verdict_of(
    tally: Tally, trace: Trace, message: Message, options: Scan, *, skipped: bool
) -> Verdict:
    """Decide, and say in the trace what decided."""
    score, symbols, composites, cuts = tally.results()
    forced = tally.deciding(score)
    action, score = tally.decide(score)
    for source, text in tally.notes:
        trace.add(source, text, quotes=True)
    if composites:
        trace.add("composites", ", ".join(composites))
    for cut in cuts:
        trace.add("groups", cut)
    settings = tally.settings
    if settings.names:
        trace.add("profiles", ", ".join(settings.names))
    trace.add("verdict", _reason(tally, forced, action, score, skipped=skipped))
    return Verdict(
        action=action,
        score=score,
        required_score=settings.required_score,
        thresholds=settings.thresholds,
        trace_id=trace.trace_id,
        symbols=symbols,
        edits=_edits(tally, trace, options, skipped=skipped),
        auth_results=tuple(tally.auth_results),
        urls=tuple(url for url in tally.urls if not url.url.startswith(MAILTO)),
        emails=_emails(tally),
        texts=settings.texts,
        smtp_message=forced.force.message if forced else None,
        subject=_subject(tally, forced, message, score)
        if action is Action.REWRITE_SUBJECT
        else None,
        forced_by=forced.by if forced else None,
        profile=",".join(settings.names) or None,
        is_skipped=skipped,
        message_id=(message.message_id or "undef") if message.size else None,
        size=message.size,
        elapsed=trace.elapsed(),
        trace=trace.entries(),
        runs=tuple(trace.runs),
        summary=Summary() if skipped else summarize(message),
        shows_trace=options.trace_in_reply and not skipped,
    )


def _emails(tally: Tally) -> tuple[str, ...]:
    """The addresses that were found, each once."""
    found = (url.url for url in tally.urls if url.url.startswith(MAILTO))
    return tuple(dict.fromkeys(url.removeprefix(MAILTO) for url in found))


def _edits(tally: Tally, trace: Trace, options: Scan, *, skipped: bool) -> tuple[Edit, ...]:
    """What checks asked for, and the trace id; of what is not scanned no trace is remembered."""
    name = options.trace_header
    if not name:
        return tuple(tally.edits)
    if skipped:
        return (*tally.edits, RemoveHeader(name))
    # Always, and not only if we see such a field: what MTAs take for one is theirs to say.
    return (RemoveHeader(name), *tally.edits, AddHeader(name, trace.trace_id))


def _reason(
    tally: Tally, forced: Forced | None, action: Action, score: float, *, skipped: bool
) -> str:
    if skipped:
        return f"{action}: not scanned, by profile or by the client's wish"
    if forced is not None:
        return f"{action}: forced by check {forced.by}, score {score:g}"
    threshold = tally.settings.threshold(action)
    if threshold is None:
        return f"{action}: score {score:g} reaches no threshold"
    return f"{action}: score {score:g} reaches {threshold:g}"


def _subject(tally: Tally, forced: Forced | None, message: Message, score: float) -> str | None:
    """The new subject; one without a word would take the old one away, and is none."""
    subject = forced.force.subject if forced is not None else None
    if subject is None:
        subject = fill_subject(tally.settings.subject, message.subject or "", score)
    return subject if subject.strip() else None


def fill_subject(template: str, subject: str, score: float) -> str:
    """Fill in a subject template: `%s` the old subject, `%d` the score, `%%` a percent sign.

    Anything else after a percent sign stays as it is (http-scan.md 1.5).
    """
    values = {"s": subject, "d": f"{score:.2f}", "%": "%"}
    return _PLACE.sub(lambda match: values[match[1]], template)
