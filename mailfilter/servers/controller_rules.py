"""Thresholds and scores at the controller: what holds, and saving others (http-controller.md 2.2).

Only what differs from what holds is saved: pages send all they show, and what is saved goes over
the configuration from then on.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from ..codec.http_body import Refused
from ..report.counters import CHECK
from ..report.reply_json import finite, seconds
from ..scan.plan import Plan
from ..scan.verdict import Action
from .controller_call import SUCCESS, Call, Endpoint, Endpoints, json_reply, read_json
from .controller_stat import totals_of
from .http_reply import Reply, error_reply
from .services import Refused as RefusedByDesk

SHOWN = (
    Action.GREYLIST,
    Action.ADD_HEADER,
    Action.REWRITE_SUBJECT,
    Action.REJECT,
    Action.SOFT_REJECT,
    Action.NO_ACTION,
)
"""In the order in which Rspamd tells them; the last two have no thresholds."""

SAVED = (
    (Action.REJECT, "reject"),
    (Action.REWRITE_SUBJECT, "rewrite_subject"),
    (Action.ADD_HEADER, "add_header"),
    (Action.GREYLIST, "greylist"),
)
"""What `/saveactions` takes, in its order, and their keys in [actions]."""


class _Score(msgspec.Struct):
    """An entry of `/savesymbols`."""

    name: str
    value: float


async def actions(call: Call) -> Reply:
    """All actions and their thresholds."""
    thresholds = call.services.plan.profiles.thresholds
    return json_reply(
        [{"action": action.value, "value": _number(thresholds.get(action))} for action in SHOWN]
    )


def _number(value: float | None) -> float | None:
    return None if value is None else finite(value)


async def saveactions(call: Call) -> Reply:
    """Save thresholds."""
    values = read_json(call, list[float | None])
    if len(values) != len(SAVED):
        raise Refused(400, "Cannot parse input")
    held = call.services.plan.profiles.thresholds
    changes = {
        f"actions.{key}": value
        for (action, key), value in zip(SAVED, values, strict=True)
        if held.get(action) != value
    }
    try:
        if changes:
            await call.services.desk.save(changes, call.who)
    except RefusedByDesk as refused:
        return error_reply(500, f"Save error: {refused}")
    return json_reply(SUCCESS)


async def symbols(call: Call) -> Reply:
    """All symbols by group, with their scores and how often they were found."""
    figures = await _figures(call)
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for name, info in call.services.plan.symbols.items():
        described = {"description": info.description} if info.description else {}
        rule = {"symbol": name, "weight": finite(info.score), **described, **figures(name)}
        groups.setdefault(info.group, []).append(rule)
    return json_reply([{"group": group, "rules": rules} for group, rules in groups.items()])


async def counters(call: Call) -> Reply:
    """All symbols in a list, with how often they were found."""
    figures = await _figures(call, with_hits=True)
    return json_reply(
        [
            {"symbol": name, "weight": finite(info.score), **figures(name)}
            for name, info in call.services.plan.symbols.items()
        ]
    )


async def _figures(
    call: Call, *, with_hits: bool = False
) -> Callable[[str], Mapping[str, float | int]]:
    """What tells of a symbol how often it is found in a second, and the time of its check."""
    page = await call.services.desk.totals()
    totals = totals_of(page)
    times = _times(page.get("histograms", {}), call.services.plan)

    def figures(name: str) -> Mapping[str, float | int]:
        hits = totals.symbols.get(name, 0)
        return {
            "frequency": round(hits / max(totals.uptime, 1), 6),
            "frequency_stddev": 0.0,
            **({"hits": hits} if with_hits else {}),
            "time": times.get(name, 0.0),
        }

    return figures


def _times(histograms: Mapping[str, Any], plan: Plan) -> Mapping[str, float]:
    """Symbol -> seconds that its check takes on average."""
    found = {}
    for step in plan.steps:
        sizes = histograms.get(CHECK + step.name)
        if sizes is not None and any(sizes["counts"]):
            mean = seconds(sizes["total"] / sum(sizes["counts"]))
            found.update(dict.fromkeys(step.check.symbols, mean))
    return found


async def savesymbols(call: Call) -> Reply:
    """Save scores; names that are no symbols are left out."""
    known = call.services.plan.symbols
    changes = {
        f"symbols.{entry.name}.score": entry.value
        for entry in read_json(call, list[_Score])
        if entry.name in known and known[entry.name].score != entry.value
    }
    if not changes:
        return error_reply(404, "No symbols to save")
    try:
        await call.services.desk.save(changes, call.who)
    except RefusedByDesk as refused:
        return error_reply(506, f"Add symbol failed: {refused}")
    return json_reply(SUCCESS)


ENDPOINTS: Endpoints = {
    "/actions": Endpoint(actions),
    "/counters": Endpoint(counters),
    "/saveactions": Endpoint(saveactions, "change"),
    "/savesymbols": Endpoint(savesymbols, "change"),
    "/symbols": Endpoint(symbols),
}
