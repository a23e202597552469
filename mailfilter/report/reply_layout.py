"""A verdict as the reply to a scan has it: the flat layout of `/checkv2`, and the one before
(http-scan.md 1.5, 1.6).

Keys are in Rspamd's order. Numbers are always numbers, so that they are valid JSON.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..scan.verdict import TOLD_AS_SPAM, Action, Url, Verdict
from .headers import encode_header_text
from .refusal import reply_text
from .reply_edits import Style, ToldEdits
from .reply_json import finite, seconds

_INSTEAD_OF_REJECT = frozenset((Action.DISCARD, Action.QUARANTINE))

_NAMES: Mapping[Action, str] = {action: action.value for action in Action}

_CLASSIC_NAMES: Mapping[Action, str] = {
    **_NAMES,
    Action.DISCARD: Action.REJECT.value,
    Action.QUARANTINE: Action.ADD_HEADER.value,
}


@dataclass(frozen=True, slots=True)
class Layout:
    """What a reply consists of."""

    flags: frozenset[str] = frozenset()
    """Those of the request; `groups`, `profile`, `ext_urls`, `trace`, `milter` and `body_block`
    mean something here."""
    is_legacy: bool = False
    """The layout of `/check`."""
    style: Style = "rspamd"
    classic_actions: bool = False
    """Only the six actions that every client knows."""


def lay_out(verdict: Verdict, layout: Layout, told: ToldEdits) -> dict[str, Any]:
    """Lay out a verdict, with what is told of its edits."""
    flags = layout.flags
    result = result_dict(verdict, layout)
    reply: dict[str, Any] = {"default": result} if layout.is_legacy else result
    reply["messages"] = _messages(verdict)
    if verdict.urls:
        _put_urls(reply, verdict, is_extended="ext_urls" in flags)
    if verdict.emails:
        reply["emails"] = list(verdict.emails)
    if "profile" in flags:
        reply["profile"] = _times(verdict)
    if verdict.message_id is not None:
        reply["message-id"] = verdict.message_id
    reply["time_real"] = seconds(verdict.elapsed)
    if told.signatures:
        signatures = told.signatures
        reply["dkim-signature"] = signatures[0] if len(signatures) == 1 else list(signatures)
    if told.milter:
        reply["rmilter" if layout.is_legacy else "milter"] = told.milter
    if "trace" in flags:
        reply["trace_id"] = verdict.trace_id
        reply["trace"] = [
            {"at": seconds(entry.at), "source": entry.source, "text": entry.text}
            for entry in verdict.trace
        ]
    return reply


FLAT = Layout()


def result_dict(verdict: Verdict, layout: Layout = FLAT) -> dict[str, Any]:
    """What was found and decided, without what only the client needs."""
    names = _CLASSIC_NAMES if layout.classic_actions else _NAMES
    action = verdict.action
    result: dict[str, Any] = {}
    if layout.is_legacy:
        result["is_spam"] = action in TOLD_AS_SPAM
    if verdict.forced_by is not None:
        result["passthrough_module"] = verdict.forced_by
    result["is_skipped"] = verdict.is_skipped
    result["score"] = finite(verdict.score)
    result["required_score"] = finite(verdict.required_score)
    result["action"] = names[action]
    if action is Action.REWRITE_SUBJECT:
        _put_subject(result, verdict)
    if action in _INSTEAD_OF_REJECT and not layout.classic_actions:
        result["reject"] = names[action]
    if layout.is_legacy:
        for name, entry in _symbols(verdict).items():
            del entry["metric_score"]
            result.setdefault(name, entry)
    else:
        result["thresholds"] = _thresholds(verdict, names)
        result["symbols"] = _symbols(verdict)
    if "groups" in layout.flags:
        result["groups"] = _groups(verdict)
    return result


def _put_subject(result: dict[str, Any], verdict: Verdict) -> None:
    """Tell the new subject, or the old one if there is none.

    With no subject at all one client blanks the field, and another fills in its own.
    """
    subject = verdict.summary.subject if verdict.subject is None else verdict.subject
    if subject is not None:
        # Clients write it as one line: a fold would end their protocol's line.
        result["subject"] = encode_header_text(subject).replace("\n", "")


def _thresholds(verdict: Verdict, names: Mapping[Action, str]) -> dict[str, float]:
    thresholds: dict[str, float] = {}
    for action, score in verdict.thresholds:
        # Of two actions by one name the lower score counts, and the order stays.
        thresholds.pop(names[action], None)
        thresholds[names[action]] = finite(score)
    return thresholds


def _symbols(verdict: Verdict) -> dict[str, dict[str, Any]]:
    symbols: dict[str, dict[str, Any]] = {}
    for symbol in verdict.symbols:
        entry: dict[str, Any] = {
            "name": symbol.name,
            "score": finite(symbol.score),
            "metric_score": finite(symbol.weight),
        }
        if symbol.description:
            entry["description"] = symbol.description
        if symbol.options:
            entry["options"] = list(symbol.options)
        symbols[symbol.name] = entry
    return symbols


def _groups(verdict: Verdict) -> dict[str, Any]:
    scores: dict[str, float] = {}
    for symbol in verdict.symbols:
        if symbol.group:
            scores[symbol.group] = scores.get(symbol.group, 0.0) + finite(symbol.score)
    return {name: {"score": finite(score)} for name, score in scores.items()}


def _messages(verdict: Verdict) -> dict[str, str]:
    """The text for the SMTP reply, without codes: clients put their own in front."""
    lines = reply_text(verdict).lines
    return {"smtp_message": " ".join(lines)} if lines else {}


def _put_urls(reply: dict[str, Any], verdict: Verdict, *, is_extended: bool) -> None:
    """Tell the host names, each once, or all that is known of each URL."""
    urls: list[Any] = (
        [_url(url) for url in verdict.urls]
        if is_extended
        else list(dict.fromkeys(url.host for url in verdict.urls if url.host))
    )
    if urls:
        reply["urls"] = urls


def _url(url: Url) -> dict[str, Any]:
    entry: dict[str, Any] = {"url": url.url}
    if url.tld:
        entry["tld"] = url.tld
    if url.host:
        entry["host"] = url.host
    entry["flags"] = list(url.flags)
    return entry


def _times(verdict: Verdict) -> dict[str, float]:
    """Milliseconds that each check took."""
    return {run.check: round(finite(run.took) * 1000, 3) for run in verdict.runs}
