"""What takes the body of a request to the controller: how large it may be depends on its path."""

from dataclasses import replace

from ..codec.http1 import RequestHead
from ..codec.http_body import Body, PlainBody
from . import http_body
from .controller_call import Endpoints
from .controller_paths import lookup_path

MAX_LITTLE = 2**20
"""Octets of a body that is no message and no map: scores of 10,000 symbols."""

MAX_MAP = 64 * 2**20
"""Octets of a map, or of changes with maps in them; see `maps.NAME.max_size`."""

MAX_UNASKED = 64 * 1024
"""Octets of a message or a map that are read before it is known who sends them."""


_FORM = "/" + http_body.FORM_PATH.decode()

METHODS = frozenset((b"GET", b"POST"))
"""Methods by which endpoints are asked."""


def is_large(head: RequestHead) -> bool:
    """Whether a body may be larger than `MAX_UNASKED`, as all may that are packed, or forms."""
    headers = dict(head.headers)
    length = headers.get(b"content-length", b"0")
    return (
        b"transfer-encoding" in headers
        or int(length) > MAX_UNASKED
        or lookup_path(head.path) == _FORM
        or any(name in http_body.ENCODINGS for name, _ in head.headers + head.arguments)
    )


def open_body(head: RequestHead, endpoints: Endpoints, max_message: int) -> Body:
    """Return what takes a body. Raises `Refused`."""
    path = lookup_path(head.path)
    named = replace(head, path=path.encode("latin-1"))
    endpoint = endpoints.get(path)
    if endpoint is None or endpoint.needs == "none" or head.method not in METHODS:
        # Nobody looks at it, and nobody was asked who it is: it is not even unpacked.
        return PlainBody(MAX_LITTLE)
    sizes = {"little": MAX_LITTLE, "map": MAX_MAP, "message": max_message}
    return http_body.open_body(named, sizes[endpoint.takes])
