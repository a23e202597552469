"""Figures for dashboards: `/metrics`, `/graph` (http-controller.md 2.2, 2.6), and for our pages."""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from ..codec.http_body import Refused
from ..report.metrics import OPENMETRICS, PLAIN, render_metrics
from ..report.metrics_page import Figures, families, rspamd_families
from ..report.reply_json import seconds
from ..report.series_read import Series, read_series
from ..report.series_steps import RANGES, Range
from .controller_call import REQUESTS, Call, Endpoint, Endpoints, json_reply
from .controller_stat import ACTIONS, FOLDED, config_id, totals_of
from .http_accept import qualities
from .http_reply import Reply

_GRAPHS: Mapping[str, Range] = {
    **RANGES,
    "hourly": RANGES["hour"],
    "daily": RANGES["day"],
    "weekly": RANGES["week"],
    "monthly": RANGES["month"],
    "yearly": RANGES["year"],
}
"""What dashboards call ranges."""

SHORTEST = 10
"""Seconds of a step that must have passed for a rate to be told of it."""


async def metrics(call: Call) -> Reply:
    """Everything that is counted, in the format that the asker likes better."""
    page = await call.services.desk.status()
    content_type = _format(call.told("accept") or "")
    told = [*rspamd_families(page, call.now, _figures(call, page)), *families(page)]
    return Reply(200, render_metrics(told, content_type), content_type)


def _format(accept: str) -> str:
    """OpenMetrics for those that name it and do not prefer the other one."""
    wanted = qualities(accept.encode())
    media = OPENMETRICS.partition(";")[0]
    quality = wanted.get(media, 0.0)
    return OPENMETRICS if quality and quality >= wanted.get("text/plain", 0.0) else PLAIN


def _figures(call: Call, page: Mapping[str, Any]) -> Figures:
    totals = totals_of(page)
    last = [took for took in totals.scan_times if took is not None]
    return Figures(
        config_id=config_id(call.services.plan),
        is_read_only=not call.allowed.may_change,
        scanned=totals.scanned,
        spam=totals.spam,
        ham=totals.ham,
        actions=totals.actions,
        connections=totals.connections,
        control_connections=page["counters"].get(REQUESTS, 0),
        average=fmean(last) if last else None,
    )


async def graph(call: Call) -> Reply:
    """Messages a second by action: for each a list of points in time."""
    wanted = call.argument("type")
    if not wanted:
        raise Refused(400, "Absent graph type")
    span = _GRAPHS.get(wanted)
    if span is None:
        raise Refused(400, "Invalid graph type")
    series = await read_series(call.services.store, span, call.now)
    counts = _folded(series)
    return json_reply([_points(series, counts[action], call.now) for action in ACTIONS])


def _folded(series: Series) -> Mapping[str, Sequence[int | None]]:
    """The counts of actions that dashboards know, with those of the others among them."""
    folded: dict[str, Sequence[int | None]] = {}
    for action, counts in series.actions.items():
        name = FOLDED.get(action, action)
        before = folded.get(name, [None] * len(counts))
        folded[name] = [
            count if known is None else known + (count or 0)
            for known, count in zip(before, counts, strict=True)
        ]
    return folded


def _points(series: Series, counts: Sequence[int | None], now: float) -> list[dict[str, Any]]:
    """Rates by step; a step that has just begun is left out.

    The last one is a number: the interface of Rspamd breaks off at another, and what nobody has
    counted while we answer was nothing.
    """
    points: list[dict[str, Any]] = []
    for index, count in enumerate(counts):
        begins = series.start + index * series.step
        passed = min(now - begins, series.step)
        if passed >= SHORTEST:
            rate = None if count is None else round(count / passed, 6)
            points.append({"x": begins, "y": rate})
    if points and points[-1]["y"] is None:
        points[-1]["y"] = 0.0
    return points


async def series(call: Call) -> Reply:
    """Counts, times and the most frequent symbols of a range, step by step."""
    span = RANGES.get(call.argument("range") or "hour")
    if span is None:
        raise Refused(400, f"range: expected one of {', '.join(RANGES)}")
    found = await read_series(call.services.store, span, call.now)
    return json_reply(
        {
            "step": found.step,
            "start": found.start,
            "points": span.points,
            "actions": found.actions,
            "seconds": {
                "p50": _short(found.p50),
                "p95": _short(found.p95),
                "average": _short(found.average),
            },
            "symbols": found.symbols,
        }
    )


def _short(several: Sequence[float | None]) -> list[float | None]:
    return [None if value is None else seconds(value) for value in several]


async def status(call: Call) -> Reply:
    """The live status, with the protocols of listeners and the time of this machine."""
    page = await call.services.desk.status()
    known = call.services.config.listeners
    listeners = {
        name: {**told, "protocol": known[name].protocol if name in known else None}
        for name, told in page.get("listeners", {}).items()
    }
    told = {**page, "listeners": listeners, "now": call.now}
    return json_reply(told)


ENDPOINTS: Endpoints = {
    "/api/series": Endpoint(series),
    "/api/status": Endpoint(status),
    "/graph": Endpoint(graph),
    "/metrics": Endpoint(metrics),
}
