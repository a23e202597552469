"""From a complete line request to the octets that answer it."""

from collections.abc import Sequence
from dataclasses import dataclass

from twisted.logger import Logger

from ..codec import spamd_reply as replies
from ..codec.spamd import GIVE_BACK, ProtocolError, Request
from ..codec.spamd_reply import Line
from ..config.model import FailPolicy
from ..mail.head import header_block
from ..report.marks import marks_of_stronger
from ..scan.envelope import Envelope
from ..scan.networks import is_ignored
from ..scan.profiles import NO_THRESHOLDS_SCORE
from ..scan.unscanned import Reason
from ..scan.verdict import Edit, RemoveHeader, Verdict
from .answering import Answering, Whose
from .fail_policy import ACTIONS, FAILURE_TEXT, OVERSIZE_TEXT
from .peer import Peer
from .request_envelope import Told, build_envelope
from .requests import whose
from .spamd_lines import render_rspamc, render_spamc
from .spamd_tell import NO_LEARNING, NOT_LEARNED, Tells

log = Logger()


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that waits for its answer."""

    request: Request
    peer: Peer

    @property
    def is_tell(self) -> bool:
        """It is to be learned, not scanned."""
        return self.request.line.command == "TELL"


class Answers(Answering[Asked, bytes]):
    """Answers the requests that come by one listener."""

    tells: Tells | None = None
    """Who answers TELL, if any."""

    def at_once(self, request: Request, peer: Peer) -> bytes | None:
        """The answer to a request that asks for no scan."""
        match request.line.command:
            case "PING":
                return replies.PONG
            case "SKIP":
                return b""
            case "TELL" if self.tells is None or not peer.is_trusted:
                self.log_refused(peer, NO_LEARNING)
                return replies.unavailable(NO_LEARNING)
        return None

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
            peer=str(peer),
            error=text,
        )

    async def answer(self, asked: Asked) -> bytes:
        """See `Answering.answer`."""
        if self.tells is not None and asked.is_tell:
            return await self.tells.answer(asked.request, asked.peer)
        return await super().answer(asked)

    def _unscanned(self, asked: Asked, reason: Reason) -> bytes:
        if not asked.is_tell:
            return super()._unscanned(asked, reason)
        # It may be learned still, or again: that is the same.
        self.log_refused(asked.peer, NOT_LEARNED)
        is_late = reason == "deadline"
        return replies.timeout(NOT_LEARNED) if is_late else replies.unavailable(NOT_LEARNED)

    async def _message(self, asked: Asked) -> bytes | None:
        return asked.request.content.raw

    def _envelope(self, asked: Asked) -> Envelope:
        """What RSPAMC tells, as over HTTP. SPAMC tells nothing: its User is no login."""
        request, peer = asked.request, asked.peer
        if not request.line.is_rspamc:
            return Envelope(
                listener=self._name,
                identity=peer.identity,
                passed_on=peer.passed_on,
                is_trusted=peer.is_trusted,
            )
        envelope = build_envelope(
            self._name,
            Told(request.headers),
            is_trusted=peer.is_trusted,
            identity=peer.identity,
            passed_on=peer.passed_on,
        )
        if is_ignored(envelope):
            self._peers.note_ignored(peer)
        return envelope

    def _extent(self, asked: Asked) -> tuple[bytes, int]:
        content = asked.request.content
        return content.top if content.raw is None else header_block(content.raw), content.size

    def _render(self, asked: Asked, verdict: Verdict) -> tuple[bytes, Sequence[str]]:
        return _rendered(asked, verdict, marks_of_stronger(verdict, self._listener.spam_header))

    def _render_unscanned(
        self, asked: Asked, verdict: Verdict, policy: FailPolicy, reason: Reason
    ) -> tuple[bytes, Sequence[str]]:
        if refusal := _refusal(asked.request, policy, reason):
            return refusal, ()
        return _rendered(asked, verdict, (RemoveHeader(self._listener.spam_header),))

    def _bare(self, asked: Asked, policy: FailPolicy, reason: Reason) -> tuple[bytes, str]:
        if not asked.request.line.is_rspamc:
            return replies.unavailable(FAILURE_TEXT), "unavailable"
        action = ACTIONS[policy].value
        lines = (Line("Action", action),)
        is_spam = policy == "reject"
        return replies.rspamc_reply(is_spam, 0.0, NO_THRESHOLDS_SCORE, lines), action

    def _whose(self, asked: Asked) -> Whose:
        return whose(asked.peer, asked.request.headers)


def _rendered(asked: Asked, verdict: Verdict, marks: Sequence[Edit]) -> tuple[bytes, Sequence[str]]:
    request = asked.request
    is_rspamc = request.line.is_rspamc
    rendered = render_rspamc(verdict) if is_rspamc else render_spamc(request, verdict, marks)
    return rendered.octets, rendered.dropped


def _refusal(request: Request, policy: FailPolicy, reason: Reason) -> bytes | None:
    """What SPAMC is told in place of a verdict, which has no word for "later".

    Nor can a message be given back that is not there.
    """
    is_lost = reason == "size" and request.line.command in GIVE_BACK
    if request.line.is_rspamc or (policy == "accept" and not is_lost):
        return None
    if reason == "deadline":
        return replies.timeout(FAILURE_TEXT)
    return replies.unavailable(OVERSIZE_TEXT if reason == "size" else FAILURE_TEXT)
