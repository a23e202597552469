"""The scan protocol over HTTP: `/checkv2` and `/ping` (http-scan.md 1.2 to 1.5)."""

from collections.abc import Callable, Coroutine
from time import time
from typing import Any

from twisted.internet.defer import CancelledError
from twisted.internet.interfaces import IAddress, IReactorTime
from twisted.internet.protocol import Factory
from twisted.logger import Logger

from ..codec.http1 import RequestComplete
from ..codec.http_reply import DateLine
from ..config.model import Listener
from ..report.reply_json import verdict_json
from ..scan.envelope import Envelope
from ..scan.run import ScanService
from ..scan.verdict import Action, Verdict
from .http_connection import HttpConnection, Reply, error_reply
from .http_envelope import BadRequest, build_envelope

log = Logger()

_PONG = Reply(200, b"pong\r\n", "text/plain")

_FAILURE_ACTIONS = {"accept": Action.NO_ACTION, "reject": Action.REJECT}


class HttpFactory(Factory):
    """Serves one listener.

    A message that cannot be scanned is answered as the listener's `on_failure` says: `tempfail`
    is status 503 with an error, which clients take for a failed scan and follow their own policy
    (http-scan.md 1.3: two of them then accept); `accept` and `reject` are a verdict without
    symbols whose action is `no action` or `reject`.
    """

    noisy = False

    def __init__(
        self,
        scanner: ScanService,
        name: str,
        listener: Listener,
        clock: IReactorTime,
        wall_clock: Callable[[], float] = time,
    ) -> None:
        self.name = name
        self.clock = clock
        self.idle_timeout = listener.idle_timeout
        self.request_timeout = listener.request_timeout
        self.max_body = scanner.max_message
        self.connections: set[HttpConnection] = set()
        self._scanner = scanner
        self._listener = listener
        self._wall_clock = wall_clock
        self._dates = DateLine()
        self._is_full = False

    def buildProtocol(self, addr: IAddress | None) -> HttpConnection | None:
        """Make a connection, or `None` (it is closed at once) if there are too many."""
        if len(self.connections) >= self._listener.max_connections:
            if not self._is_full:
                log.warn(
                    "{listener}: no connections over {limit}",
                    listener=self.name,
                    limit=self._listener.max_connections,
                )
            self._is_full = True
            return None
        self._is_full = False
        connection = HttpConnection(self, self._dates, self._wall_clock)
        connection.factory = self
        self.connections.add(connection)
        return connection

    def forget(self, connection: HttpConnection) -> None:
        """See `Site.forget`."""
        self.connections.discard(connection)

    def respond(self, request: RequestComplete) -> Reply | Coroutine[Any, Any, Reply]:
        """See `Site.respond`."""
        path = request.head.path[1:].lower()
        if path == b"checkv2":
            return self._check(request)
        if path == b"ping":
            return _PONG
        return error_reply(404, "invalid command")

    def _check(self, request: RequestComplete) -> Reply | Coroutine[Any, Any, Reply]:
        try:
            envelope = build_envelope(self.name, request.head)
        except BadRequest as refused:
            return error_reply(refused.status, refused.text)
        return self._scan(envelope, request.body)

    async def _scan(self, envelope: Envelope, raw: bytes) -> Reply:
        try:
            verdict = await self._scanner.scan(envelope, raw)
            return Reply(200, verdict_json(verdict, envelope.flags))
        except CancelledError:
            # The client is gone and nobody reads this, or something cancelled the scan from inside.
            return self._failed()
        except Exception:
            log.failure(
                "{listener}: scan of {queue_id!r} failed",
                listener=self.name,
                queue_id=envelope.queue_id,
            )
            return self._failed()

    def _failed(self) -> Reply:
        action = _FAILURE_ACTIONS.get(self._listener.on_failure)
        if action is None:
            return error_reply(503, "The message could not be scanned")
        verdict = Verdict(action=action, score=0.0, required_score=0.0, thresholds=(), trace_id="")
        return Reply(200, verdict_json(verdict))
