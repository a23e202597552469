"""Query arguments of a request, which count as headers (http-scan.md T5)."""

from urllib.parse import unquote_to_bytes

from ..syntax import CONTROL
from .http_body import Refused

MAX_ARGUMENTS = 4096
"""As many as there may be headers."""


def query_headers(query: bytes) -> list[tuple[bytes, bytes]]:
    """Decode query arguments: percent signs only, since a plus sign is part of addresses.

    Names are in lower case and values without blanks around them, as in `RequestHead.headers`.
    Raises `Refused`.
    """
    if not query:
        return []
    if query.count(b"&") >= MAX_ARGUMENTS:
        raise Refused(400, "Too many query arguments")
    found: list[tuple[bytes, bytes]] = []
    for argument in query.split(b"&"):
        name, _, value = argument.partition(b"=")
        if not name:
            continue
        name, value = unquote_to_bytes(name).lower(), unquote_to_bytes(value)
        if CONTROL.search(value):
            # As in a header, where the parser refuses it.
            raise Refused(400, "Control character in a query argument")
        found.append((name, value.strip(b" \t")))
    return found
