"""Verdicts as a report for people (`--human`), which newer ones of rspamc print.

The first line is for programs: scores, action with its number, spam and skipped.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from . import json_text
from .options import Options
from .scan_text import HAM, SPAM, action_of, option_texts, symbols
from .values import Named, members, number, text

_WIDTH = 78
"""Columns of a line."""
_BESIDE = 28
"""Column where descriptions begin."""


def scan_report(fields: Mapping[str, Any], options: Options) -> str:
    """Lines for the members of a reply."""
    score, required = number(fields.get("score")), number(fields.get("required_score"))
    lines = [
        _summary(fields, score, required),
        f"Content analysis details:   ({score:.2f} points, {required:.2f} required)",
        "",
        " pts rule name              description",
        f"---- {'-' * 22} {'-' * 50}",
    ]
    for symbol in symbols(fields, options):
        lines += _wrapped(_symbol(symbol), _BESIDE)
    lines.append("")
    for name, label in (("urls", "Domains found"), ("emails", "Emails found")):
        if fields.get(name):
            lines += _wrapped(f"{label}: {json_text.compact(fields[name])}", 4)
    if "error" in fields:
        lines.append(f"Scan error: {text(fields['error'])}")
    return "\n".join(lines) + "\n"


def _summary(fields: Mapping[str, Any], score: float, required: float) -> str:
    limits = [number(fields.get(name)) for name in ("greylist_score", "addheader_score")]
    shown = "/".join(f"{value:.2f}" for value in (score, *limits, required))
    kind = action_of(fields)
    if "action" in fields:
        shown += f",action={_action_number(kind)}:{text(fields['action'])}"
    is_spam = fields.get("is_spam", kind in SPAM) is True
    return f"{shown},spam={int(is_spam)},skipped={int(fields.get('is_skipped') is True)}"


def _action_number(kind: str) -> int:
    actions = (*SPAM, *HAM)
    return actions.index(kind if kind in actions else "no action")


def _symbol(symbol: Named) -> str:
    name, value = symbol
    shown = f"{number(members(value).get('score')):>4.1f} {text(name):<22} "
    found = option_texts(value)
    parts = [text(value["description"])] if "description" in members(value) else []
    if found is not None:
        parts.append(f"[{','.join(found)}]")
    return shown + " ".join(parts)


def _wrapped(line: str, indent: int) -> Iterator[str]:
    """A line as several, those behind the first moved in."""
    margin = ""
    while len(margin) + len(line) > _WIDTH:
        room = _WIDTH - len(margin)
        # Behind a blank or a comma, or where there is no more room.
        at = max(line.rfind(" ", 0, room), line.rfind(",", 0, room)) + 1
        if at <= (0 if margin else indent):
            at = room
        yield (margin + line[:at]).rstrip()
        line, margin = line[at:].lstrip(), " " * indent
    yield (margin + line).rstrip()
