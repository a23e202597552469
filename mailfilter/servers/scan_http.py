"""The scan protocol over HTTP: `/checkv2` and `/ping` (http-scan.md 1.2 to 1.5)."""

from collections.abc import Callable, Coroutine
from time import time
from typing import Any

from twisted.internet.defer import CancelledError
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from ..codec.http1 import RequestComplete
from ..codec.http_reply import DateLine
from ..config.model import Listener
from ..report.reply_json import verdict_json
from ..scan.envelope import Envelope
from ..scan.profiles import NO_THRESHOLDS_SCORE
from ..scan.run import ScanService
from ..scan.verdict import Verdict
from .fail_policy import ACTIONS, FAILURE_TEXT
from .http_connection import HttpConnection, Reply, error_reply
from .http_envelope import build_envelope
from .http_query import BadRequest
from .limited import LimitedFactory

log = Logger()

_PONG = Reply(200, b"pong\r\n", "text/plain")


class HttpFactory(LimitedFactory[HttpConnection]):
    """Serves one listener.

    A message that cannot be scanned is answered as the listener's `on_failure` says, by a verdict
    without symbols: `no action`, `soft reject` or `reject`. An error status would leave it to the
    client, and two of them take an error for leave to deliver (http-scan.md 1.3).
    """

    tells_to_close = True

    def __init__(
        self,
        scanner: ScanService,
        name: str,
        listener: Listener,
        clock: IReactorTime,
        wall_clock: Callable[[], float] = time,
    ) -> None:
        super().__init__(name, listener)
        self.clock = clock
        self.request_timeout = listener.request_timeout
        self.answer_timeout = listener.deadline
        self.max_body = scanner.max_message
        self._scanner = scanner
        self._wall_clock = wall_clock
        self._dates = DateLine()

    def make_connection(self) -> HttpConnection:
        return HttpConnection(self, self._dates, self._wall_clock)

    def respond(self, request: RequestComplete) -> Reply | Coroutine[Any, Any, Reply]:
        """See `Site.respond`."""
        path = request.head.path[1:].lower()
        if path == b"checkv2":
            return self._check(request)
        if path == b"ping":
            return _PONG
        return error_reply(404, "invalid command")

    def overdue(self) -> Reply:
        """See `Site.overdue`."""
        log.error(
            "{listener}: scan given up: no verdict within {seconds:.0f} s",
            listener=self.name,
            seconds=self.answer_timeout,
        )
        return self._failed()

    def _check(self, request: RequestComplete) -> Reply | Coroutine[Any, Any, Reply]:
        try:
            envelope = build_envelope(self.name, request.head, is_trusted=self.listener.trusted)
        except BadRequest as refused:
            return error_reply(refused.status, refused.text)
        return self._scan(envelope, request.body)

    async def _scan(self, envelope: Envelope, raw: bytes) -> Reply:
        try:
            verdict = await self._scanner.scan(envelope, raw)
            rendered = verdict_json(verdict, envelope.flags)
            for dropped in rendered.dropped:
                self._log_dropped(envelope, dropped)
            return Reply(200, rendered.body)
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
        verdict = Verdict(
            action=ACTIONS[self.listener.on_failure],
            score=0.0,
            required_score=NO_THRESHOLDS_SCORE,
            thresholds=(),
            trace_id="",
            smtp_message=FAILURE_TEXT,
        )
        return Reply(200, verdict_json(verdict).body)

    def _log_dropped(self, envelope: Envelope, dropped: str) -> None:
        log.info(
            "{listener}: {queue_id!r}: left out of the reply: {dropped}",
            listener=self.name,
            queue_id=envelope.queue_id,
            dropped=dropped,
        )
