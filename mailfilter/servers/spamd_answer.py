"""From a complete line request to the octets that answer it: envelope, scan, verdict, log."""

from collections.abc import Sequence

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from ..codec import spamd_reply as replies
from ..codec.spamd import GIVE_BACK, ProtocolError, Request
from ..codec.spamd_reply import Line
from ..config.model import FailPolicy, Listener
from ..mail.head import header_block
from ..report.marks import marks_of_stronger
from ..scan.envelope import Envelope
from ..scan.networks import is_ignored
from ..scan.profiles import NO_THRESHOLDS_SCORE
from ..scan.run import ScanService
from ..scan.unscanned import Reason
from ..scan.verdict import Edit, RemoveHeader, Verdict
from .fail_policy import ACTIONS, FAILURE_TEXT, OVERSIZE_TEXT, listed, unscanned
from .failures import NO_ANSWER, NO_SCAN, Failures
from .http_envelope import Told, build_envelope
from .peer import Peer, Peers
from .spamd_lines import Rendered, render_rspamc, render_spamc

NO_LEARNING = "TELL commands are not enabled"

log = Logger()


class Answers:
    """Answers the requests that come by one listener."""

    def __init__(
        self, scanner: ScanService, name: str, listener: Listener, clock: IReactorTime
    ) -> None:
        self._scanner = scanner
        self._name = name
        self._listener = listener
        self.peers = Peers(name, listener)
        self._failures = Failures(name, clock)

    def at_once(self, request: Request, peer: Peer) -> bytes | None:
        """The answer to a request that asks for no scan."""
        match request.line.command:
            case "PING":
                return replies.PONG
            case "SKIP":
                return b""
            case "TELL":
                self.log_refused(peer, NO_LEARNING)
                return replies.unavailable(NO_LEARNING)
        return None

    async def answer(self, request: Request, peer: Peer) -> bytes:
        """The answer to a message. Raises whatever keeps it from being scanned."""
        raw = request.content.raw
        if raw is None:
            return self._unscanned(request, peer, "size")
        envelope = self._envelope(request, peer)
        verdict = await self._scanner.scan(envelope, raw)
        marks = marks_of_stronger(verdict, self._listener.spam_header)
        try:
            return self._rendered(request, peer, verdict, marks)
        except Exception:
            # The verdict is logged and remembered: there must not be another.
            return self._by_policy_alone(request, self._listener.on_failure)

    def failed(self, request: Request, peer: Peer) -> bytes:
        """The answer to a message on which `answer` has raised what is being handled."""
        self._failures.log(NO_SCAN)
        return self._unscanned(request, peer, "failure")

    def overdue(self, request: Request, peer: Peer) -> bytes:
        """The answer to a message whose scan was given up."""
        return self._unscanned(request, peer, "deadline")

    def refused(self, error: ProtocolError, peer: Peer) -> bytes:
        """The answer to what is no request."""
        self.log_refused(peer, error.text)
        text = error.text
        return replies.rspamc_error(text) if error.is_rspamc else replies.bad_request(text)

    def log_refused(self, peer: Peer, text: str) -> None:
        """Log why a connection ends without a scan."""
        log.info(
            "{listener}: {peer!r}: refused: {error!r}",
            listener=self._name,
            peer=peer.name,
            error=text,
        )

    def _envelope(self, request: Request, peer: Peer) -> Envelope:
        """What RSPAMC tells, as over HTTP. SPAMC tells nothing: its User is no login."""
        if not request.line.is_rspamc:
            return Envelope(listener=self._name, is_trusted=peer.is_trusted)
        envelope = build_envelope(self._name, Told(request.headers), is_trusted=peer.is_trusted)
        if is_ignored(envelope):
            self.peers.note_ignored(peer)
        return envelope

    def _unscanned(self, request: Request, peer: Peer, reason: Reason) -> bytes:
        """Answer as the policy says; nothing may come between the client and that answer."""
        listener = self._listener
        policy = listener.oversize if reason == "size" else listener.on_failure
        content = request.content
        head = content.top if content.raw is None else header_block(content.raw)
        try:
            envelope = self._envelope(request, peer)
            verdict = self._scanner.unscanned(
                envelope, unscanned(reason, policy, head, content.size)
            )
            if not request.line.is_rspamc and (refusal := _refusal(request, policy, reason)):
                return refusal
            return self._rendered(request, peer, verdict, (RemoveHeader(listener.spam_header),))
        except Exception:
            return self._by_policy_alone(request, policy)

    def _rendered(
        self, request: Request, peer: Peer, verdict: Verdict, marks: Sequence[Edit]
    ) -> bytes:
        is_rspamc = request.line.is_rspamc
        rendered = render_rspamc(verdict) if is_rspamc else render_spamc(request, verdict, marks)
        if rendered.dropped:
            self._log_dropped(request, peer, rendered)
        return rendered.octets

    def _by_policy_alone(self, request: Request, policy: FailPolicy) -> bytes:
        """Answer when not even that can be worked out which should be said."""
        self._failures.log(NO_ANSWER)
        if not request.line.is_rspamc:
            return replies.unavailable(FAILURE_TEXT)
        action = Line("Action", ACTIONS[policy].value)
        return replies.rspamc_reply(policy == "reject", 0.0, NO_THRESHOLDS_SCORE, (action,))

    def _log_dropped(self, request: Request, peer: Peer, rendered: Rendered) -> None:
        log.warn(
            "{listener}: {peer!r}: {command}: left out of the reply: {dropped}",
            listener=self._name,
            peer=peer.name,
            command=request.line.command,
            dropped=listed(rendered.dropped),
        )


def _refusal(request: Request, policy: FailPolicy, reason: Reason) -> bytes | None:
    """What SPAMC is told in place of a verdict, which has no word for "later".

    Nor can a message be given back that is not there.
    """
    is_lost = reason == "size" and request.line.command in GIVE_BACK
    if policy == "accept" and not is_lost:
        return None
    if reason == "deadline":
        return replies.timeout(FAILURE_TEXT)
    return replies.unavailable(OVERSIZE_TEXT if reason == "size" else FAILURE_TEXT)
