"""From a complete message to the frames that answer it."""

from collections.abc import Sequence
from dataclasses import dataclass

from twisted.logger import Logger

from ..codec.milter_agreement import Agreement
from ..codec.milter_session import Transaction
from ..config.model import FailPolicy, Listener
from ..scan.envelope import Envelope
from ..scan.run import ScanService
from ..scan.unscanned import Reason
from ..scan.verdict import Verdict
from .answering import Answering, Whose
from .failures import Failures
from .milter_advice import Advisor
from .milter_envelope import build_envelope
from .milter_reply import render_failure, render_unscanned, render_verdict
from .peer import Peer, Peers

log = Logger()


@dataclass(frozen=True, slots=True)
class Asked:
    """A message that waits for its final reply."""

    transaction: Transaction
    agreement: Agreement
    peer: Peer
    """The MTA."""


class Answers(Answering[Asked, bytes]):
    """Answers the messages that come by one listener."""

    def __init__(
        self,
        scanner: ScanService,
        name: str,
        listener: Listener,
        failures: Failures,
        peers: Peers,
    ) -> None:
        super().__init__(scanner, name, listener, failures, peers)
        self._advisor = Advisor(listener)

    async def _message(self, asked: Asked) -> bytes | None:
        if advice := self._advisor.advise(asked.agreement, asked.transaction.macros):
            log.info("{listener}: {advice}", listener=self._name, advice=advice)
        return asked.transaction.raw

    def _envelope(self, asked: Asked) -> Envelope:
        envelope = build_envelope(self._name, self._listener, asked.transaction, asked.peer)
        if not asked.peer.is_trusted and (envelope.user or not asked.peer.knows_client):
            self._peers.note_ignored(asked.peer)
        return envelope

    def _extent(self, asked: Asked) -> tuple[bytes, int]:
        return asked.transaction.head, asked.transaction.size

    def _render(self, asked: Asked, verdict: Verdict) -> tuple[bytes, Sequence[str]]:
        head, fields = asked.transaction.head, asked.transaction.fields
        rendered = render_verdict(verdict, self._listener, asked.agreement, head, fields)
        return rendered.frames, rendered.dropped

    def _render_unscanned(
        self, asked: Asked, verdict: Verdict, policy: FailPolicy, reason: Reason
    ) -> tuple[bytes, Sequence[str]]:
        head, fields = asked.transaction.head, asked.transaction.fields
        rendered = render_unscanned(verdict, self._listener, asked.agreement, head, fields)
        return rendered.frames, rendered.dropped

    def _bare(self, asked: Asked, policy: FailPolicy, reason: Reason) -> tuple[bytes, str]:
        return render_failure(policy), policy

    def _whose(self, asked: Asked) -> Whose:
        transaction = asked.transaction
        queue_id, sender = transaction.macros.get(b"i", b""), transaction.sender.address
        return Whose(str(asked.peer), _text(queue_id), _text(sender))


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")
