"""Verdicts for people and scripts, as rspamc prints them.

Sources: lda-client.md 5.6; runs of rspamc 3.4 against canned replies.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from . import json_text
from .options import Options
from .ordering import ordered
from .values import Named, elements, members, number, text

SPAM = ("reject", "soft reject", "rewrite subject", "add header")
HAM = ("greylist", "no action")
"""Actions of which rspamc knows what they say of a message; the numbers of all are theirs here."""

_MAX_MESSAGE = 60
"""Octets of a message that is no text."""

Line = tuple[str, str]
"""A label, and what belongs to it."""


def scan_text(fields: Mapping[str, Any], options: Options) -> str:
    """Lines for the members of a reply."""
    lines = ["[Metric: default]"]
    lines += (f"{label}: {value}" for label, value in head(fields))
    lines += (f"Symbol: {_symbol(it)}" for it in symbols(fields, options))
    lines += (f"{label}: {value}" for label, value in tail(fields, options))
    if "profile" in fields:
        lines.append("Profile data:")
        lines += (f"\t{name}: {cost(value)}" for name, value in profile(fields))
    return "\n".join(lines) + "\n"


def head(fields: Mapping[str, Any]) -> Iterator[Line]:
    """What stands before the symbols."""
    if "action" in fields:
        yield "Action", text(fields["action"])
        kind = action_of(fields)
        if kind in SPAM or kind in HAM:
            yield "Spam", "true" if kind in SPAM else "false"
    if "subject" in fields:
        yield "Subject", text(fields["subject"])
    if "score" in fields and "required_score" in fields:
        yield "Score", f"{number(fields['score']):.2f} / {number(fields['required_score']):.2f}"


def action_of(fields: Mapping[str, Any]) -> str:
    """The action as it is called here, whichever of its spellings was answered."""
    action = fields.get("action")
    return action.lower().replace("_", " ") if isinstance(action, str) else ""


def symbols(fields: Mapping[str, Any], options: Options) -> list[Named]:
    """Symbols in order."""
    return ordered(list(members(fields.get("symbols")).items()), options.sort)


def option_texts(symbol: Any) -> list[str] | None:
    """The options of a symbol; None if it has no list of them."""
    found = members(symbol).get("options")
    return [text(it) for it in found] if isinstance(found, list) else None


def _symbol(symbol: Named) -> str:
    name, value = symbol
    shown = f"{text(name)} "
    if "score" in members(value):
        shown += f"({number(value['score']):.2f})"
    found = option_texts(value)
    return shown if found is None else f"{shown}[{', '.join(found)}]"


def tail(fields: Mapping[str, Any], options: Options) -> Iterator[Line]:
    """What stands behind the symbols."""
    for name, label in (("message-id", "Message-ID"), ("queue-id", "Queue-ID")):
        if name in fields:
            yield label, text(fields[name])
    emit = json_text.pretty if options.extended_urls else json_text.compact
    for name, label in (("urls", "Urls"), ("emails", "Emails")):
        if name in fields:
            yield label, emit(fields[name])
    if "error" in fields:
        yield "Scan error", text(fields["error"])
    for name, value in members(fields.get("messages")).items():
        shown = text(value)
        if not isinstance(value, str):
            shown = shown.encode()[:_MAX_MESSAGE].decode("utf-8", "ignore")
        yield f"Message - {text(name)}", shown
    found = fields.get("dkim-signature")
    for value in [found] if isinstance(found, str) else elements(found):
        yield "DKIM-Signature", text(value)


def profile(fields: Mapping[str, Any]) -> list[tuple[str, float]]:
    """How long checks took, the slowest first; in rspamc 3.4 the order is that of a broken sort."""
    found = ((text(name), number(value)) for name, value in members(fields["profile"]).items())
    return sorted(found, key=lambda it: it[1], reverse=True)


def cost(value: float) -> str:
    """A time, with as many digits as it has."""
    return f"{repr(value).removesuffix('.0'):>3} usec"
