"""Maps at the controller: what is in them, saving them, looking things up (http-controller.md 2.2).

Pages know a map by a number, which must mean the same one after a reload that added others.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from time import thread_time
from typing import Any
from zlib import crc32

import msgspec

from ..codec.http_body import Refused
from ..config.model import Map as Settings
from ..maps import Maps
from .background import Turns
from .controller_call import SUCCESS, TEXT, Call, Endpoint, Endpoints, json_reply, read_json
from .http_reply import Reply, error_reply

MAX_LOOKUPS = 1000
"""Values times maps of one query."""

MAX_SECONDS = 2.0
"""Of processor time that all lookups of one query may take; one alone may take `SECONDS` of
patterns."""

_turns = Turns(1)
"""Queries wait for each other, that many of them take no more of the machine than one."""

Result = Mapping[str, Any]


class _Query(msgspec.Struct):
    """The body of `/plugins/maps/query_json`."""

    values: list[str]
    maps: list[str] | None = None
    report_misses: bool = False


def map_id(name: str) -> int:
    """The number of a map."""
    return crc32(name.encode("utf-8", "surrogateescape")) >> 1


def _named(call: Call, text: str) -> tuple[str, Settings] | None:
    """The map with a number."""
    number = int(text)
    maps = call.services.config.maps
    return next((item for item in maps.items() if map_id(item[0]) == number), None)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 10


async def maps(call: Call) -> Reply:
    """All maps."""
    known = {entry["name"]: entry for entry in await call.services.desk.maps()}
    found = []
    for name, settings in call.services.config.maps.items():
        entry = known.get(name, {})
        found.append(
            {
                "map": map_id(name),
                "description": settings.description or name,
                "uri": settings.file,
                "type": settings.kind,
                "editable": settings.editable,
                "loaded": entry.get("loaded") is not None,
                "cached": False,
            }
        )
    return json_reply(found)


async def getmap(call: Call) -> Reply:
    """What is in a map."""
    name, _ = _wanted(call, "Id header missing", "Invalid map id", "Map not found")
    return Reply(200, await call.services.desk.map(name), TEXT)


async def savemap(call: Call) -> Reply:
    """Save another content of a map."""
    if not call.body:
        return error_reply(400, "Empty body is not permitted")
    name, settings = _wanted(call, "Map id not specified", "Map id is invalid", "Map id not found")
    if not settings.editable:
        return error_reply(404, f"Cannot open map: maps.{name}.editable is false")
    await call.services.desk.save({f"maps.{name}": call.body}, call.who)
    return json_reply(SUCCESS)


def _wanted(call: Call, missing: str, invalid: str, unknown: str) -> tuple[str, Settings]:
    """Name and settings of the map whose id a request has. Raises `Refused` with these texts."""
    text = call.told("map")
    if text is None:
        raise Refused(400, missing)
    if not _is_number(text):
        raise Refused(400, invalid)
    found = _named(call, text)
    if found is None:
        raise Refused(404, unknown)
    return found


# The plugin that looks things up.


async def plugins(call: Call) -> Reply:
    """What there is beyond the usual endpoints."""
    if not call.services.config.maps:
        return json_reply({})
    paths = sorted(path for path in ENDPOINTS if path.startswith("/plugins/maps/"))
    return json_reply({"maps": {"version": 1, "paths": paths}})


async def listed(call: Call) -> Reply:
    """All maps by name."""
    files = {name: settings.file for name, settings in call.services.config.maps.items()}
    return json_reply({"maps": list(files.values()), "aliases": files})


async def query(call: Call) -> Reply:
    """Look values up in all maps."""
    return await _query(call, list(call.services.config.maps), _values(call), _misses(call))


async def query_specific(call: Call) -> Reply:
    """Look values up in some maps."""
    wanted = (call.argument("maps") or "").split(",")
    return await _query(call, _names(call, wanted), _values(call), _misses(call))


async def query_json(call: Call) -> Reply:
    """The same, asked for in JSON."""
    asked = read_json(call, _Query)
    names = list(call.services.config.maps) if asked.maps is None else _names(call, asked.maps)
    return await _query(call, names, asked.values, asked.report_misses)


def _values(call: Call) -> Sequence[str]:
    value, values = call.argument("value"), call.argument("values")
    if value is not None:
        return [value]
    if values is not None:
        return values.split(",")
    raise Refused(400, "Absent value")


def _misses(call: Call) -> bool:
    return (call.argument("report_misses") or "0") not in ("", "0", "false")


def _names(call: Call, wanted: Sequence[str]) -> list[str]:
    """Names of maps, which may be told by their files, too."""
    known = call.services.config.maps
    by_file = {settings.file: name for name, settings in known.items()}
    names = []
    for text in wanted:
        name = text if text in known else by_file.get(text)
        if name is None:
            raise Refused(404, f"no such map: {text}")
        names.append(name)
    return names


async def _query(
    call: Call, names: Sequence[str], values: Sequence[str], is_missed_told: bool
) -> Reply:
    from twisted.internet import reactor

    if len(names) * len(values) > MAX_LOOKUPS:
        raise Refused(400, f"expected at most {MAX_LOOKUPS} lookups")
    files = {name: call.services.config.maps[name].file for name in names}
    # A pattern may take milliseconds.
    work = partial(_look_up, call.services.plan.maps, files, values, is_missed_told)
    results = await _turns.run(reactor, work)
    return json_reply({"success": bool(results), "results": results})


def _look_up(
    known: Maps, files: Mapping[str, str], values: Sequence[str], is_missed_told: bool
) -> list[Result]:
    results: list[Result] = []
    end = thread_time() + MAX_SECONDS
    for value in values:
        for name, file in files.items():
            if thread_time() > end:
                raise Refused(400, "the lookups take too long: ask for fewer at a time")
            found = known[name].find(value)
            if found is not None:
                what = {"value": found.value} if found.value else {}
                results.append({"map": file, "alias": name, **what, "key": value, "hit": True})
            elif is_missed_told:
                results.append({"map": file, "alias": name, "key": value, "hit": False})
    return results


ENDPOINTS: Endpoints = {
    "/getmap": Endpoint(getmap),
    "/maps": Endpoint(maps),
    "/plugins": Endpoint(plugins),
    "/plugins/maps/list": Endpoint(listed),
    "/plugins/maps/query": Endpoint(query),
    "/plugins/maps/query_json": Endpoint(query_json),
    "/plugins/maps/query_specific": Endpoint(query_specific),
    "/savemap": Endpoint(savemap, "change", takes="map"),
}
