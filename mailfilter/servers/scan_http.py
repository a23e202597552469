"""The scan protocol over HTTP: scans, `/ping`, `/skip` (http-scan.md 1.2 to 1.9)."""

from collections.abc import Callable
from time import time

from twisted.internet.interfaces import IReactorTime

from ..codec.http1 import RequestComplete, RequestHead
from ..codec.http_body import Body
from ..codec.http_reply import DateLine
from ..config.model import Listener
from ..scan.run import ScanService
from .failures import Failures
from .http_answer import Answers, Asked
from .http_body import FORM_PATH, open_body
from .http_connection import HttpConnection
from .http_reply import Reply, error_reply
from .http_request import SKIP
from .limited import LimitedFactory
from .peer import Peer, Peers

PING = b"ping"
SCANS = frozenset(
    (
        b"checkv2",
        FORM_PATH,
        b"check",
        b"symbols",
        b"scan",
        b"process",
        b"report",
        b"report_ifspam",
        SKIP,
    )
)
"""Paths, in lower case, at which messages are taken."""

_PONG = Reply(200, b"pong\r\n", "text/plain")


class HttpFactory(LimitedFactory[HttpConnection]):
    """Serves one listener."""

    tells_to_close = True

    def __init__(
        self,
        scanner: ScanService,
        name: str,
        listener: Listener,
        clock: IReactorTime,
        wall_clock: Callable[[], float] = time,
        *,
        failures: Failures | None = None,
        peers: Peers | None = None,
    ) -> None:
        """`failures` and `peers` are those of the listener, if others serve it, too."""
        super().__init__(name, listener)
        self.clock = clock
        self.request_timeout = listener.request_timeout
        self.max_body = scanner.max_message
        self.peers = peers or Peers(name, listener)
        failures = failures or Failures(name, clock)
        self.answers = Answers(scanner, name, listener, failures, self.peers)
        self._wall_clock = wall_clock
        self._dates = DateLine()

    def make_connection(self) -> HttpConnection:
        return HttpConnection(self, self._dates, self._wall_clock)

    def open_body(self, head: RequestHead) -> Body:
        """See `Site.open_body`."""
        return open_body(head, self.max_body)

    def respond(self, request: RequestComplete, peer: Peer) -> Reply | Asked:
        """See `Site.respond`."""
        path = request.head.path[1:].lower()
        if path in SCANS:
            return Asked(request, peer)
        if path == PING:
            return _PONG
        return error_reply(404, "invalid command")

    def too_large(self, head: RequestHead, size: int, peer: Peer) -> Reply:
        """See `Site.too_large`."""
        asked = Asked(RequestComplete(head, b""), peer, size)
        if head.path[1:].lower() in SCANS:
            return self.answers.too_large(asked)
        return error_reply(413, f"Request entity too large: {size}")
