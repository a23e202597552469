"""Peers on a milter port that do not speak milter: health checks, and misdirected clients."""

from .. import __version__
from ..tls.words import HTTP

MAX_REQUEST = 8192
"""Octets read of a health check: those of common load balancers have some 200."""

PONG = (
    b"HTTP/1.1 200 OK\r\nConnection: close\r\nServer: mailfilter/%b (milter)\r\n"
    b"Content-Length: 6\r\nContent-Type: text/plain\r\n\r\npong\r\n"
) % __version__.encode("ascii")
"""The answer to `GET /ping` (http-scan.md 1.2)."""

_PING = b"GET /ping"
_PING_ENDS = (b" ", b"?", b"\r", b"\n")


def is_foreign(data: bytes) -> bool:
    """The first octets of a connection are not a milter frame: none is longer than 24 bits."""
    return data[0] != 0


def judge(request: bytes) -> bytes | str | None:
    """Look at all octets of a foreign peer so far.

    Returns the answer to a complete health check, what else the peer seems to be, or `None` if
    that cannot be told yet.
    """
    if _PING.startswith(request[: len(_PING)]):
        if len(request) <= len(_PING):
            return None
        if request[len(_PING) :].startswith(_PING_ENDS):
            if b"\n\r\n" in request or b"\n\n" in request:
                return PONG
            return None if len(request) <= MAX_REQUEST else "an HTTP request"
    if HTTP.match(request):
        return "an HTTP request"
    return "an unknown protocol"
