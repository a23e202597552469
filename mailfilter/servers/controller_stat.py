"""`/stat` and its kin: what was scanned, and what came of it (http-controller.md 2.2, 2.5)."""

from base64 import b32encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from .. import __version__
from ..report.reply_json import encode_json, finite, render_msgpack
from ..scan.plan import Plan
from ..scan.verdict import Action
from .controller_call import REQUESTS, Call, Endpoint, Endpoints, json_reply
from .http_accept import best_type
from .http_reply import Reply
from .reply_form import JSON, MSGPACK

ACTIONS = ("reject", "soft reject", "rewrite subject", "add header", "greylist", "no action")
"""Those that dashboards know."""

SPAM = ("reject", "soft reject", "rewrite subject", "add header")
"""As Rspamd counts: it rejects softly what it takes for spam."""

FOLDED: Mapping[str, str] = {
    Action.DISCARD.value: Action.REJECT.value,
    Action.QUARANTINE.value: Action.ADD_HEADER.value,
}
"""Others count as the one that means nearly the same."""

SCAN_TIMES = 31
"""Last durations of scans, as many as Rspamd tells."""

_NOT_KEPT = (
    "pools_allocated",
    "pools_freed",
    "bytes_allocated",
    "chunks_allocated",
    "shared_chunks_allocated",
    "chunks_freed",
    "chunks_oversized",
    "fragmented",
)
"""Figures of Rspamd's own memory, which `rspamc stat` prints."""


@dataclass(frozen=True, slots=True)
class Totals:
    """Figures of all workers since the filter began, or since they were reset."""

    uptime: int
    """Seconds."""
    scanned: int
    actions: Mapping[str, int]
    """All of `ACTIONS`."""
    symbols: Mapping[str, int]
    """Name -> messages it was found in."""
    connections: int
    """Open."""
    scan_times: tuple[float | None, ...]
    """Seconds of the last scans, `SCAN_TIMES` of them; `None` where there were fewer."""

    @property
    def spam(self) -> int:
        """Messages taken for spam."""
        return sum(self.actions[name] for name in SPAM)

    @property
    def ham(self) -> int:
        """All others."""
        return sum(self.actions[name] for name in ACTIONS if name not in SPAM)


def totals_of(page: Mapping[str, Any]) -> Totals:
    """Read what `Desk.totals` tells."""
    counters: Mapping[str, int] = page["counters"]
    actions = dict.fromkeys(ACTIONS, 0)
    symbols = {}
    for name, count in counters.items():
        kind, _, what = name.partition("/")
        what = FOLDED.get(what, what)
        if kind == "action" and what in actions:
            actions[what] += count
        elif kind == "symbol":
            symbols[what] = count
    last = [finite(seconds) for seconds in page.get("scan_times", ())][-SCAN_TIMES:]
    return Totals(
        uptime=int(page["uptime"]),
        scanned=counters.get("scans", 0),
        actions=actions,
        symbols=symbols,
        connections=sum(one["connections"] for one in page.get("listeners", {}).values()),
        scan_times=(*last, *[None] * (SCAN_TIMES - len(last))),
    )


def config_id(plan: Plan) -> str:
    """A short text that is another one when checks, symbols, scores or groups are others."""
    known = [(info.name, info.score, info.group) for info in plan.symbols.values()]
    told = encode_json([known, [step.name for step in plan.steps], dict(plan.group_caps)])
    return b32encode(blake2b(told, digest_size=20).digest()).decode().lower()


def _stat(call: Call, page: Mapping[str, Any]) -> Reply:
    totals = totals_of(page)
    learned = call.services.learned
    found = {
        "version": __version__,
        "config_id": config_id(call.services.plan),
        "uptime": totals.uptime,
        "read_only": not call.allowed.may_change,
        "scanned": totals.scanned,
        "learned": sum(learned),
        "actions": totals.actions,
        "scan_times": totals.scan_times,
        "spam_count": totals.spam,
        "ham_count": totals.ham,
        "connections": totals.connections,
        "control_connections": page["counters"].get(REQUESTS, 0),
        **dict.fromkeys(_NOT_KEPT, 0),
        "total_learns": sum(learned),
        "statfiles": _statfiles(call),
        "fuzzy_hashes": {},
    }
    accept = call.told("accept") or "*/*"
    if best_type(accept.encode(), (JSON, MSGPACK)) == MSGPACK:
        return Reply(200, render_msgpack(found), MSGPACK)
    return json_reply(found)


def _statfiles(call: Call) -> list[dict[str, Any]]:
    """What has been learned of each class, in the form that clients know from Rspamd."""
    if call.services.teacher is None:
        return []
    learned = call.services.learned
    classes = (("BAYES_SPAM", learned.spam), ("BAYES_HAM", learned.ham))
    same = {"used": 0, "total": 0, "size": 0, "type": "logistic", "languages": 0, "users": 0}
    return [{"revision": count, "symbol": symbol, **same} for symbol, count in classes]


async def stat(call: Call) -> Reply:
    """Tell the figures."""
    return _stat(call, await call.services.desk.totals())


async def statreset(call: Call) -> Reply:
    """Tell the figures, and count them anew."""
    page = await call.services.desk.totals()
    await call.services.desk.reset(call.who)
    return _stat(call, page)


ENDPOINTS: Endpoints = {
    "/stat": Endpoint(stat),
    "/statreset": Endpoint(statreset, "change"),
}
