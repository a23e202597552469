"""From a request over HTTP to the reply with its verdict (http-scan.md 1.3 to 1.9)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..codec.http1 import ProtocolError, RequestComplete, RequestHead
from ..codec.http_body import Refused
from ..config.model import FailPolicy
from ..mail.head import header_block
from ..scan.envelope import Envelope
from ..scan.profiles import NO_THRESHOLDS_SCORE
from ..scan.unscanned import Reason
from ..scan.verdict import Verdict
from ..tls.known import Known
from .answering import Answering, Whose
from .fail_policy import ACTIONS, FAILURE_TEXT
from .http_body import FORM_PATH
from .http_reply import Reply, error_reply
from .http_request import SKIP, ScanRequest, path_of, read_head, read_request
from .local_files import SourceTooLarge, read_source
from .peer import Peer
from .reply_form import NOT_ACCEPTABLE, VARY, Rendered, ReplyForm, render_scan
from .requests import whose

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

_UNSEEN = RequestHead(
    b"POST", b"/checkv2", arguments=[], headers=[], keep_alive=False, expects_continue=False
)
"""In place of what is in a sealed request that is too large to be opened: nobody sends that much
but for a scan."""

_PONG = Reply(200, b"pong\r\n", "text/plain")


@dataclass(slots=True)
class Asked:
    """A request for a scan that waits for its reply."""

    request: RequestComplete
    peer: Peer
    size: int | None = None
    """Octets of the body, if it is too large and not there."""
    read: ScanRequest | None = None
    """What the request says, as soon as it is read."""
    known: Known | None = None
    """Who has shown a certificate."""
    may_scan: bool = False
    """At a controller: who asks is let in, and wants a scan."""


class Answers(Answering[Asked, Reply]):
    """Answers the requests for scans that come by one listener.

    A message that cannot be scanned is answered as the listener's `on_failure` says, by a verdict
    without symbols: `no action`, `soft reject` or `reject`. An error status would leave it to the
    client, and two of them take an error for leave to deliver (http-scan.md 1.3). So does
    `oversize`, but that `accept` is told as what it comes to, an error.
    """

    def at_once(self, request: RequestComplete) -> Reply | None:
        """The answer to a request that asks for no scan."""
        path = path_of(request.head)
        if path in SCANS:
            return None
        return _PONG if path == PING else error_reply(404, "invalid command")

    def refused(self, error: ProtocolError, peer: Peer) -> Reply:
        """The answer to what is no request, or to one with a body that is too large to be read."""
        head = error.head or (_UNSEEN if error.size else None)
        if head is None:
            return error_reply(error.status, error.text)
        asked = Asked(RequestComplete(head, b""), peer, error.size)
        return self.too_large(asked) if path_of(head) in SCANS else self._too_large(asked)

    def dressed(self, reply: Reply) -> Reply:
        """A reply with the headers that all have."""
        return reply

    async def answer(self, asked: Asked) -> Reply:
        """See `Answering.answer`. A request that is wrong is refused."""
        try:
            return await super().answer(asked)
        except Refused as refused:
            return refusal(refused)

    async def _message(self, asked: Asked) -> bytes | None:
        asked.read = read = read_request(self._name, self._listener, asked.request, asked.peer)
        self._note_ignored(asked.peer, read)
        if read.source is None:
            return read.raw
        try:
            raw = await read_source(read.source, self._scanner.max_message)
        except SourceTooLarge as error:
            asked.size = error.size
            return None
        asked.read = replace(read, raw=raw, source=None)
        return raw

    def _known(self, asked: Asked) -> ScanRequest:
        """What the request says; if its body cannot be read, its head alone."""
        if asked.read is None:
            asked.read = read_head(self._name, self._listener, asked.request, asked.peer)
            self._note_ignored(asked.peer, asked.read)
        return asked.read

    def _note_ignored(self, peer: Peer, read: ScanRequest) -> None:
        if read.ignored:
            self._peers.note_ignored(peer)

    def _envelope(self, asked: Asked) -> Envelope:
        return self._known(asked).envelope

    def _extent(self, asked: Asked) -> tuple[bytes, int]:
        if asked.size is not None:
            return b"", asked.size
        raw = asked.request.body if asked.read is None else asked.read.raw
        return header_block(raw), len(raw)

    def _render(self, asked: Asked, verdict: Verdict) -> tuple[Reply, Sequence[str]]:
        read = self._known(asked)
        rendered = render_scan(verdict, read.form, read.raw)
        return _ok(rendered), rendered.dropped

    def _render_unscanned(
        self, asked: Asked, verdict: Verdict, policy: FailPolicy, reason: Reason
    ) -> tuple[Reply, Sequence[str]]:
        if reason == "size" and policy == "accept":
            return self._too_large(asked), ()
        return self._render(asked, verdict)

    def _too_large(self, asked: Asked) -> Reply:
        queue_id = self._whose(asked).queue_id
        return error_reply(413, f"Request entity too large: {asked.size}", queue_id)

    def _bare(self, asked: Asked, policy: FailPolicy, reason: Reason) -> tuple[Reply, str]:
        if reason == "size" and policy == "accept":
            return self._too_large(asked), "413"
        action = ACTIONS[policy]
        verdict = Verdict(
            action=action,
            score=0.0,
            required_score=NO_THRESHOLDS_SCORE,
            thresholds=(),
            trace_id="",
            smtp_message=FAILURE_TEXT,
        )
        try:
            rendered = render_scan(verdict, self._known(asked).form, b"")
        except Exception:
            # Even the form that was asked for may be what fails.
            rendered = render_scan(verdict, ReplyForm(), b"")
        return _ok(rendered), action.value

    def _whose(self, asked: Asked) -> Whose:
        if asked.read is not None:
            envelope = asked.read.envelope
            return Whose(str(asked.peer), envelope.queue_id or "", envelope.sender or "")
        return whose(asked.peer, asked.request.head.headers)


def _ok(rendered: Rendered) -> Reply:
    return Reply(200, rendered.body, rendered.content_type, extra=rendered.headers)


def refusal(refused: Refused) -> Reply:
    """Refuse a request; where other headers would have helped, say which."""
    reply = error_reply(refused.status, refused.text)
    return replace(reply, extra=(VARY,)) if refused.status == NOT_ACCEPTABLE else reply
