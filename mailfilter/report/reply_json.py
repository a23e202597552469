"""The verdict as the JSON of `/checkv2` (http-scan.md 1.5 and 1.7).

Replies are ASCII, since one client decodes UTF-8 by TCP segment; numbers are always numbers; and
the `milter` object keeps to the forms that every client reads.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from msgspec.json import Encoder

from ..scan.verdict import (
    Action,
    AddHeader,
    AddRecipient,
    ChangeHeader,
    ChangeSender,
    Edit,
    RemoveHeader,
    RemoveRecipient,
    ReplaceBody,
    Verdict,
)
from .edits import clean_edits
from .headers import encode_header_text
from .refusal import reply_text

MAX_OCCURRENCE = 127
"""Largest number in `remove_headers`: two clients read it into 8 bits."""

_INSTEAD_OF_REJECT = frozenset((Action.DISCARD, Action.QUARANTINE))

_encode = Encoder().encode


def render_json(value: Mapping[str, Any]) -> bytes:
    """Encode a reply as compact JSON in ASCII. Floats in it must be finite.

    Surrogates that stand alone, which JSON could not carry, become U+FFFD.
    """
    try:
        encoded = _encode(value)
    except UnicodeEncodeError:
        return render_json(_without_surrogates(value))
    if encoded.isascii():
        return encoded
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode("ascii")


def encode_json(value: Any) -> bytes:
    """Encode what we keep for ourselves as compact JSON in UTF-8; otherwise as `render_json`."""
    try:
        return _encode(value)
    except UnicodeEncodeError:
        return _encode(_without_surrogates(value))


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, Mapping):
        return {_without_surrogates(key): _without_surrogates(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_without_surrogates(one) for one in value]
    return value


def render_error(text: str) -> bytes:
    """Encode an error: only the key `error`, for the reason in http-scan.md 1.3."""
    return render_json({"error": text})


@dataclass(frozen=True, slots=True)
class Rendered:
    """The JSON of a verdict, and what of its edits was left out."""

    body: bytes
    dropped: tuple[str, ...] = ()


def verdict_json(verdict: Verdict, flags: frozenset[str] = frozenset()) -> Rendered:
    """Encode a verdict. Of the request's flags, `groups` and `trace` add to it."""
    edits = clean_edits(verdict.edits)
    dropped = list(edits.dropped)
    milter = milter_dict(edits.edits, dropped)
    return Rendered(render_json(verdict_dict(verdict, flags, milter)), tuple(dropped))


def verdict_dict(
    verdict: Verdict, flags: frozenset[str], milter: Mapping[str, Any]
) -> dict[str, Any]:
    """Lay a verdict out as the reply has it, keys in Rspamd's order; `milter` is of its edits."""
    reply: dict[str, Any] = {}
    action = verdict.action
    if verdict.forced_by is not None:
        reply["passthrough_module"] = verdict.forced_by
    reply["is_skipped"] = verdict.is_skipped
    reply["score"] = finite(verdict.score)
    reply["required_score"] = finite(verdict.required_score)
    reply["action"] = action.value
    if action is Action.REWRITE_SUBJECT and verdict.subject is not None:
        # Clients write the subject as one line: a fold would end their protocol's line.
        reply["subject"] = encode_header_text(verdict.subject).replace("\n", "")
    if action in _INSTEAD_OF_REJECT:
        reply["reject"] = action.value
    reply["thresholds"] = {name.value: finite(score) for name, score in verdict.thresholds}
    reply["symbols"] = _symbols(verdict)
    if "groups" in flags:
        reply["groups"] = _groups(verdict)
    reply["messages"] = _messages(verdict)
    if verdict.message_id is not None:
        reply["message-id"] = verdict.message_id
    reply["time_real"] = round(finite(verdict.elapsed), 6)
    if milter:
        reply["milter"] = milter
    if "trace" in flags:
        reply["trace_id"] = verdict.trace_id
        reply["trace"] = [
            {"at": round(finite(entry.at), 6), "source": entry.source, "text": entry.text}
            for entry in verdict.trace
        ]
    return reply


def finite(value: float) -> float:
    """A number for JSON, which has no NaN and no infinity; and an integer must show as 15.0."""
    return float(value) if isfinite(value) else 0.0


def _symbols(verdict: Verdict) -> dict[str, Any]:
    symbols: dict[str, Any] = {}
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
    """The text for the SMTP reply. It may begin with codes, but only of the action's class."""
    text = reply_text(verdict)
    words = [text.codes, *text.lines] if text.codes else text.lines
    return {"smtp_message": " ".join(words)} if words else {}


def milter_dict(edits: Iterable[Edit], dropped: list[str]) -> dict[str, Any]:
    """Lay out clean edits as the `milter` object; empty if there are none.

    Removals come before additions, so a changed header is removed and added. What this object
    cannot tell is added to `dropped`.
    """
    adds = _Named()
    removes = _Named()
    reply: dict[str, Any] = {}
    for edit in edits:
        match edit:
            case AddHeader(name, value, order):
                adds.put(name, {"value": value, "order": order})
            case ChangeHeader(name, value, occurrence):
                if _is_told(name, occurrence, dropped):
                    removes.put(name, occurrence)
                    adds.put(name, {"value": value, "order": -1})
            case RemoveHeader(name, occurrence):
                if _is_told(name, occurrence, dropped):
                    removes.put(name, occurrence)
            case ChangeSender(address, args):
                reply["change_from"] = " ".join((address, *args))
            case AddRecipient(address):
                reply.setdefault("add_rcpt", []).append(address)
            case RemoveRecipient(address):
                reply.setdefault("del_rcpt", []).append(address)
            case ReplaceBody():
                dropped.append("replace body: not possible over HTTP")
    if adds.values:
        reply["add_headers"] = {name: _one_or_all(all_) for name, all_ in adds.values.items()}
    if removes.values:
        reply["remove_headers"] = {
            name: _one_or_all([0] if 0 in all_ else list(dict.fromkeys(all_)))
            for name, all_ in removes.values.items()
        }
    return reply


class _Named:
    """Values by header name: in order, names that differ by case are the same."""

    def __init__(self) -> None:
        self.values: dict[str, list[Any]] = {}
        self._spelling: dict[str, str] = {}

    def put(self, name: str, value: Any) -> None:
        name = self._spelling.setdefault(name.lower(), name)
        self.values.setdefault(name, []).append(value)


def _one_or_all(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values


def _is_told(name: str, occurrence: int, dropped: list[str]) -> bool:
    """Whether a client understands which field is meant; notes it if not."""
    if -MAX_OCCURRENCE <= occurrence <= MAX_OCCURRENCE:
        return True
    dropped.append(f"remove header {name}: only the first and last {MAX_OCCURRENCE} can be told")
    return False
