"""Maps for our own pages: what there are and what is in them; /api/save changes them."""

from collections.abc import Mapping
from typing import Any

from ..codec.http_body import Refused
from ..config.model import Map
from .controller_call import Call, Endpoint, Endpoints, json_reply
from .http_reply import Reply, error_reply


async def maps(asked: Call) -> Reply:
    """All maps, as the configuration has them and as they are used now."""
    settings = asked.services.config.maps
    told = await asked.services.desk.maps()
    rows = [_row(entry, settings[entry["name"]]) for entry in told if entry["name"] in settings]
    return json_reply({"maps": rows})


def _row(entry: Mapping[str, Any], settings: Map) -> dict[str, Any]:
    return {
        **entry,
        "kind": settings.kind,
        "file": settings.file,
        "description": settings.description,
        "editable": settings.editable,
    }


async def map_text(asked: Call) -> Reply:
    """What is in a map; if it is no UTF-8, as near as can be (`is_exact`)."""
    name = asked.argument("name")
    if name is None:
        raise Refused(400, "name: expected the name of a map")
    if name not in asked.services.config.maps:
        return error_reply(404, "no such map")
    octets = await asked.services.desk.map(name)
    text = octets.decode("utf-8", "replace")
    return json_reply({"name": name, "text": text, "is_exact": text.encode() == octets})


ENDPOINTS: Endpoints = {
    "/api/maps": Endpoint(maps),
    "/api/map": Endpoint(map_text),
}
