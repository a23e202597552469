"""What a handler of the controller is given, what says which there are, and replies in JSON."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import msgspec

from ..codec.http1 import RequestHead
from ..codec.http_body import Refused
from ..config.model import Listener
from ..report.reply_json import render_json
from ..scan.run import ScanService
from .access import Allowed
from .http_reply import Reply
from .peer import Peer
from .services import Services

T = TypeVar("T")

Needs = Literal["none", "read", "change"]
"""What somebody must be let in for; with `none` nobody is asked who it is."""

Takes = Literal["little", "map", "message"]
"""What kind of body an endpoint takes, which says how large it may be."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request that was let in."""

    head: RequestHead
    path: str
    """Normalised and in lower case, begins with a slash."""
    body: bytes
    """Unpacked."""
    peer: Peer
    allowed: Allowed
    services: Services
    scanner: ScanService
    listener_name: str
    listener: Listener
    now: float
    """Unix time."""

    @property
    def who(self) -> str:
        """Who wants it, for the log and for what is saved."""
        return self.allowed.who

    def told(self, name: str) -> str | None:
        """The first header of a name (in lower case), else such an argument of the query."""
        wanted = name.encode()
        for key, value in (*self.head.headers, *self.head.arguments):
            if key == wanted:
                return value.decode("utf-8", "replace")
        return None

    def argument(self, name: str) -> str | None:
        """The first argument of the query of a name (in lower case)."""
        wanted = name.encode()
        for key, value in self.head.arguments:
            if key == wanted:
                return value.decode("utf-8", "replace")
        return None


Handler = Callable[[Call], Awaitable[Reply]]
"""Answers a request. May raise `Refused` of the codec (a status with a text), `Refused` of the
desk (500), and a `StoreError` (504)."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What is at a path."""

    handler: Handler | None
    """`None` is a scan, which is answered as on other listeners."""
    needs: Needs = "read"
    takes: Takes = "little"


Endpoints = Mapping[str, Endpoint]
"""Path in lower case, beginning with a slash -> what is there."""


def read_json(call: Call, kind: type[T], *, says_why: bool = False) -> T:
    """The JSON in the body of a request. Raises `Refused` of the codec, which `says_why` or not."""
    try:
        return msgspec.json.decode(call.body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        why = f": {error}" if says_why else ""
        raise Refused(400, f"Cannot parse input{why}") from None


def json_reply(value: Any) -> Reply:
    """Success, with plain values as JSON in ASCII. Floats must be finite."""
    return Reply(200, render_json(value))


REQUESTS = "controller/requests"
"""Counter of what is asked of controllers."""

TEXT = "text/plain"

NOT_FOUND = Reply(404, b"Not found", TEXT, error="Not found")

SUCCESS: Mapping[str, bool] = {"success": True}
