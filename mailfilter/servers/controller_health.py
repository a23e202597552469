"""Whether the filter works, and what else a dashboard asks first (http-controller.md 2.2)."""

from collections import Counter
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from .controller_call import SUCCESS, Call, Endpoint, Endpoints, json_reply
from .controller_stat import totals_of
from .http_reply import Reply, error_reply

_PIE = (
    ("#66cc00", "Clean", ("no action",)),
    ("#cc9966", "Temporarily rejected", ("soft reject",)),
    ("#FFD700", "Probable spam", ("add header", "rewrite subject")),
    ("#436EEE", "Greylisted", ("greylist",)),
    ("#FF0000", "Rejected", ("reject",)),
)
"""Colour, label, and the actions that count for it."""

_NO_TAGS = str.maketrans(
    "<>",
    "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}",
)


async def _states(call: Call) -> Counter[str]:
    """Numbers of workers by how they are."""
    page = await call.services.desk.status()
    return Counter(worker["state"] for worker in page["workers"])


async def healthy(call: Call) -> Reply:
    """Whether all workers answer."""
    stuck = (await _states(call))["stuck"]
    if stuck:
        return error_reply(500, f"{stuck} workers are not responding")
    return json_reply(SUCCESS)


async def ready(call: Call) -> Reply:
    """Whether there is a worker that scans."""
    if not (await _states(call))["serving"]:
        return error_reply(500, "no healthy scanner workers are running")
    return json_reply(SUCCESS)


async def pie(call: Call) -> Reply:
    """What came of all scans, for a chart."""
    actions = totals_of(await call.services.desk.totals()).actions
    found = []
    for color, label, names in _PIE:
        count = float(sum(actions[name] for name in names))
        found.append({"color": color, "label": label, "data": count, "value": count})
    return json_reply(found)


async def neighbours(call: Call) -> Reply:
    """Other filters that a page may show beside this one."""
    found = {}
    for name, url in call.services.config.controller.neighbours.items():
        parts = urlsplit(url)
        found[name] = {"url": url, "host": parts.netloc, "path": parts.path or "/"}
    return json_reply(found)


async def errors(call: Call) -> Reply:
    """The last warnings and errors of all processes."""
    return json_reply([_harmless(entry) for entry in await call.services.desk.errors()])


def _harmless(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Without what would be a tag: Rspamd's web interface takes these texts for HTML."""
    return {
        key: value.translate(_NO_TAGS) if isinstance(value, str) else value
        for key, value in entry.items()
    }


ENDPOINTS: Endpoints = {
    "/errors": Endpoint(errors),
    "/healthy": Endpoint(healthy),
    "/neighbours": Endpoint(neighbours),
    "/pie": Endpoint(pie),
    "/ready": Endpoint(ready),
}
