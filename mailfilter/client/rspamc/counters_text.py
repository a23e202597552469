"""Hits and costs of symbols as rspamc prints them, which is a table wherever it goes.

Sources: http-controller.md 2.2; runs of rspamc 3.4 against canned replies.
"""

import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from .ordering import ordered
from .values import members, number, text, whole

MAX_NAME = 37
"""Columns of names."""
_OTHERS = 44
"""Columns of the rest of a line."""
_NEEDED = ("symbol", "weight", "frequency", "hits")


def counters_text(document: Any, sort: str) -> str:
    """Lines for a reply."""
    if not isinstance(document, list):
        return "Bad output\n"
    names = [it["symbol"] for it in map(members, document) if isinstance(it.get("symbol"), str)]
    width = min(MAX_NAME, max(len("Symbol"), *(len(it.encode()) for it in names), 0))
    rule = f" {'-' * (_OTHERS + width)} "
    lines = ["Symbols cache", rule]
    lines.append(_row("Pri", "Symbol", "Weight", f"{'Frequency':^13}", "Hits", width))
    lines += (rule, _row("", "", "", f"{'hits/min':^13}", "", width))
    for at, counter in enumerate(counters(document, sort)):
        lines.append(rule)
        if is_whole(counter):
            lines.append(_counter(at, counter, width))
    return "\n".join([*lines, rule]) + "\n"


def counters(document: list[Any], sort: str) -> Iterator[Mapping[str, Any]]:
    """Counters in order."""
    named = [(text(members(it).get("symbol", "")), it) for it in document]
    return (members(it) for _, it in ordered(named, sort))


def is_whole(counter: Mapping[str, Any]) -> bool:
    """Whether all is there that is shown."""
    return all(name in counter for name in _NEEDED)


def frequency(counter: Mapping[str, Any], name: str = "frequency") -> float:
    """Hits a minute."""
    return number(counter.get(name)) * 60


def _counter(at: int, counter: Mapping[str, Any], width: int) -> str:
    per_minute = f"{frequency(counter):^6.3f}({frequency(counter, 'frequency_stddev'):^5.3f})"
    weight = f"{number(counter['weight']):.1f}"
    name = text(counter["symbol"])
    if len(name.encode()) > width:
        name = name[: width - 3] + "..."
    return _row(str(at), name, weight, per_minute, str(whole(counter["hits"])), width)


def _row(at: str, name: str, weight: str, per_minute: str, hits: str, width: int) -> str:
    name += " " * (width - _columns(name))
    return f"| {at:<4} | {name} | {weight:^7} | {per_minute} | {hits:^7} |"


def _columns(shown: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in shown)
