"""The scan protocol over HTTP: scans, `/ping`, `/skip` (http-scan.md 1.2 to 1.9)."""

from collections.abc import Callable, Coroutine
from dataclasses import replace
from time import time
from typing import Any

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from ..codec.http1 import RequestComplete, RequestHead
from ..codec.http_body import Body
from ..codec.http_reply import DateLine
from ..config.model import Listener
from ..mail.head import header_block
from ..scan.profiles import NO_THRESHOLDS_SCORE
from ..scan.run import ScanService
from ..scan.unscanned import Reason
from ..scan.verdict import Verdict
from .fail_policy import ACTIONS, FAILURE_TEXT, listed, unscanned
from .failures import NO_ANSWER, NO_SCAN, Failures
from .http_body import open_body
from .http_connection import HttpConnection, Reply, error_reply
from .http_form import VARY, Form, NotAcceptable, render_scan
from .http_query import BadRequest
from .http_request import ScanRequest, read_request
from .limited import LimitedFactory
from .local_files import read_source
from .peer import Peer, Peers

PING = b"ping"
SKIP = b"skip"
SCANS = frozenset(
    (
        b"checkv2",
        b"checkv3",
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
        self.peers = Peers(name, listener)
        self._scanner = scanner
        self._wall_clock = wall_clock
        self._dates = DateLine()
        self._failures = Failures(name, clock)

    def make_connection(self) -> HttpConnection:
        return HttpConnection(self, self._dates, self._wall_clock)

    def open_body(self, head: RequestHead) -> Body:
        """See `Site.open_body`."""
        return open_body(head, self.max_body)

    def respond(self, request: RequestComplete, peer: Peer) -> Reply | Coroutine[Any, Any, Reply]:
        """See `Site.respond`."""
        path = request.head.path[1:].lower()
        if path in SCANS:
            return self._check(request, peer)
        if path == PING:
            return _PONG
        return error_reply(404, "invalid command")

    def failed(self, request: RequestComplete, peer: Peer) -> Reply:
        """See `Site.failed`."""
        self._failures.log(NO_SCAN)
        return self._unscanned(request, peer, "failure")

    def overdue(self, request: RequestComplete, peer: Peer) -> Reply:
        """See `Site.overdue`."""
        return self._unscanned(request, peer, "deadline")

    def _check(self, request: RequestComplete, peer: Peer) -> Reply | Coroutine[Any, Any, Reply]:
        try:
            asked = self._read(request, peer)
        except BadRequest as refused:
            return refusal(refused)
        if asked.ignored:
            self.peers.note_ignored(peer)
        return self._scan(asked)

    def _read(self, request: RequestComplete, peer: Peer) -> ScanRequest:
        asked = read_request(self.name, self.listener, request, peer)
        if asked.path != SKIP:
            return asked
        envelope = asked.envelope
        return replace(asked, envelope=replace(envelope, flags=envelope.flags | {SKIP.decode()}))

    async def _scan(self, asked: ScanRequest) -> Reply:
        if asked.source is not None:
            try:
                raw = await read_source(asked.source, self.max_body)
            except BadRequest as refused:
                return refusal(refused)
            asked = replace(asked, raw=raw, source=None)
        verdict = await self._scanner.scan(asked.envelope, asked.raw)
        try:
            return self._reply(verdict, asked)
        except Exception:
            # The verdict is logged and remembered: there must not be another.
            return self._by_policy_alone()

    def _unscanned(self, request: RequestComplete, peer: Peer, reason: Reason) -> Reply:
        """Answer as the policy says; nothing may come between the client and that answer."""
        try:
            asked = self._read(request, peer)
            raw = asked.raw
            given = unscanned(reason, self.listener.on_failure, header_block(raw), len(raw))
            return self._reply(self._scanner.unscanned(asked.envelope, given), asked)
        except Exception:
            return self._by_policy_alone()

    def _by_policy_alone(self) -> Reply:
        """Answer when not even that can be worked out which should be said."""
        self._failures.log(NO_ANSWER)
        verdict = Verdict(
            action=ACTIONS[self.listener.on_failure],
            score=0.0,
            required_score=NO_THRESHOLDS_SCORE,
            thresholds=(),
            trace_id="",
            smtp_message=FAILURE_TEXT,
        )
        return Reply(200, render_scan(verdict, Form(), b"").body)

    def _reply(self, verdict: Verdict, asked: ScanRequest) -> Reply:
        rendered = render_scan(verdict, asked.form, asked.raw)
        if rendered.dropped:
            log.warn(
                "{listener}: {peer!r}: message {queue_id!r}: left out of the reply: {dropped}",
                listener=self.name,
                peer=asked.peer.name,
                queue_id=asked.envelope.queue_id,
                dropped=listed(rendered.dropped),
            )
        return Reply(200, rendered.body, rendered.content_type, extra=rendered.headers)


def refusal(refused: BadRequest) -> Reply:
    """Refuse a request; where other headers would have helped, say which."""
    reply = error_reply(refused.status, refused.text)
    return replace(reply, extra=(VARY,)) if refused.status == NotAcceptable.status else reply
