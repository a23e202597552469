"""The scan protocol over HTTP on a listener (http-scan.md 1.2 to 1.9)."""

from collections.abc import Callable
from time import time

from ..codec.http1 import RequestHead
from ..codec.http_body import Body
from ..codec.http_reply import DateLine
from .gate import Door
from .http_answer import Answers
from .http_body import open_body
from .http_connection import HttpConnection
from .keyring import Keyring
from .requests import RequestFactory
from .sealed_room import Room


class HttpFactory(RequestFactory[HttpConnection, Answers]):
    """Serves one listener."""

    answers_type = Answers
    wall_clock: Callable[[], float] = staticmethod(time)
    """Seconds since 1970, for the replies' `Date`."""
    _dates = DateLine()
    room: Room | None = None
    """Of sealed requests, where that is limited."""
    keyring = Keyring()
    """What opens sealed requests: nothing, unless another one is set before the first connection.
    That is renewed then."""

    def make_connection(self) -> HttpConnection:
        return HttpConnection(
            self, self._dates, self.wall_clock, self.open_body, door=self.make_door()
        )

    def make_door(self) -> Door | None:
        """What lets sealed requests in, if that is looked at."""
        if not self.listener.keypairs and self.listener.encrypted_only == "off":
            return None
        return Door(self.keyring, self.listener, self.refusals, self.peers, self.room)

    def open_body(self, head: RequestHead) -> Body:
        """What takes the body of a request. Raises `Refused`."""
        return open_body(head, self.max_message)
