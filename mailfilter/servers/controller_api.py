"""What our own pages ask the controller beside the history, scans and maps: /api/ in JSON."""

import socket
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from .. import __version__
from ..codec.http_body import Refused
from ..report.reply_json import finite
from ..scan.plan import Plan
from .controller_call import SUCCESS, Call, Endpoint, Endpoints, json_reply, read_json
from .http_reply import Reply, error_reply
from .services import Refused as RefusedByDesk

T = TypeVar("T")

MAX_KEYS = 4096
"""Changed or taken back at once: more symbols than anybody has."""

Value = float | str | None
"""Of a change: a number, nothing, or the text of a map."""


class Changes(msgspec.Struct):
    """The body of /api/save."""

    changes: dict[str, Value]


class Undone(msgspec.Struct):
    """The body of /api/undo."""

    keys: list[str]


async def session(asked: Call) -> Reply:
    """Who has asked, and what that one may do."""
    allowed = asked.allowed
    return json_reply(
        {
            "version": __version__,
            "who": allowed.who,
            "how": allowed.how,
            "read_only": not allowed.may_change,
            "hostname": socket.gethostname(),
            "now": asked.now,
        }
    )


async def symbols(asked: Call) -> Reply:
    """All symbols: what each scores now and by the configuration, and how often it has fired."""
    desk = asked.services.desk
    counters = (await desk.status())["counters"]
    saved_scores = {entry["key"]: entry for entry in await desk.saved()}
    rows = list(_symbol_rows(asked.services.plan, counters, saved_scores))
    return json_reply({"symbols": rows, "scans": counters.get("scans", 0)})


def _symbol_rows(
    plan: Plan, counters: Mapping[str, int], saved_scores: Mapping[str, Mapping[str, Any]]
) -> Iterator[dict[str, Any]]:
    checks = {name: step.name for step in plan.steps for name in step.check.symbols}
    for name, info in plan.symbols.items():
        kept = saved_scores.get(f"symbols.{name}.score", {})
        before = kept.get("configured")
        yield {
            "symbol": name,
            "group": info.group,
            "description": info.description,
            "check": checks.get(name),
            # This worker may be about to be told of a score that was saved at another.
            "weight": finite(kept.get("value", info.score)),
            "configured": finite(info.score if before is None else before),
            "is_saved": bool(kept),
            "hits": counters.get(f"symbol/{name}", 0),
            "spam": counters.get(f"symbol_spam/{name}", 0),
            "ham": counters.get(f"symbol_ham/{name}", 0),
        }


async def config(asked: Call) -> Reply:
    """Every key of the effective configuration, and where its value comes from."""
    return json_reply({"entries": list(await asked.services.desk.configuration())})


async def saved(asked: Call) -> Reply:
    """What is saved over the configuration; of a map how large it is."""
    return json_reply({"entries": list(await asked.services.desk.saved())})


async def save(asked: Call) -> Reply:
    """Save all of some changes, or none."""
    changes = read_body(asked, Changes).changes
    _check_number(changes)
    octets = {key: _octets(value) for key, value in changes.items()}
    try:
        await asked.services.desk.save(octets, asked.who)
    except RefusedByDesk as refused:
        return error_reply(400, str(refused))
    return json_reply(SUCCESS)


def _octets(value: Value) -> float | bytes | None:
    return value.encode() if isinstance(value, str) else value


async def undo(asked: Call) -> Reply:
    """Take back the last change of each of some keys."""
    keys = read_body(asked, Undone).keys
    _check_number(keys)
    try:
        await asked.services.desk.undo(keys, asked.who)
    except RefusedByDesk as refused:
        return error_reply(400, str(refused))
    return json_reply(SUCCESS)


def _check_number(keys: Sequence[str] | Mapping[str, Value]) -> None:
    if not 0 < len(keys) <= MAX_KEYS:
        raise Refused(400, f"expected 1 to {MAX_KEYS} keys")


async def errors(asked: Call) -> Reply:
    """The last warnings and errors of all processes."""
    return json_reply({"errors": list(await asked.services.desk.errors())})


def read_body(asked: Call, kind: type[T]) -> T:
    """The JSON of a request. Raises `Refused`."""
    if asked.head.method != b"POST":
        raise Refused(400, "expected POST")
    return read_json(asked, kind, says_why=True)


ENDPOINTS: Endpoints = {
    "/api/session": Endpoint(session),
    "/api/symbols": Endpoint(symbols),
    "/api/config": Endpoint(config),
    "/api/saved": Endpoint(saved),
    "/api/save": Endpoint(save, "change", "map"),
    "/api/undo": Endpoint(undo, "change"),
    "/api/errors": Endpoint(errors),
}
