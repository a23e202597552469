"""From a complete message to the frames that answer it: envelope, scan, verdict, reply, log."""

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from ..codec.milter_agreement import Agreement
from ..codec.milter_session import Transaction
from ..config.model import FailPolicy, Listener
from ..scan.run import ScanService
from ..scan.unscanned import Reason
from .fail_policy import listed, unscanned
from .failures import NO_ANSWER, NO_SCAN, Failures
from .milter_advice import Advisor
from .milter_envelope import build_envelope
from .milter_reply import Rendered, render_failure, render_unscanned, render_verdict

MAX_LOGGED = 256
"""Octets of a queue id or an address in a log line."""

log = Logger()


class Answers:
    """Answers the messages that come by one listener. `peer` is for the log."""

    def __init__(
        self, scanner: ScanService, name: str, listener: Listener, clock: IReactorTime
    ) -> None:
        self._scanner = scanner
        self._name = name
        self._listener = listener
        self._advisor = Advisor(listener)
        self._failures = Failures(name, clock)

    async def answer(self, transaction: Transaction, agreement: Agreement, peer: str) -> bytes:
        """The frames for a message. Raises whatever keeps it from being scanned."""
        if advice := self._advisor.advise(agreement, transaction.macros):
            log.info("{listener}: {advice}", listener=self._name, advice=advice)
        listener = self._listener
        if transaction.raw is None:
            return self._unscanned(transaction, agreement, peer, "size")
        envelope = build_envelope(self._name, listener, transaction)
        verdict = await self._scanner.scan(envelope, transaction.raw)
        head, fields = transaction.head, transaction.fields
        try:
            rendered = render_verdict(verdict, listener, agreement, head, fields)
        except Exception:
            # The verdict is logged and remembered: there must not be another.
            return self._by_policy_alone(transaction, peer, listener.on_failure)
        return self._frames(rendered, transaction, peer)

    def failed(self, transaction: Transaction, agreement: Agreement, peer: str) -> bytes:
        """The frames for a message on which `answer` has raised what is being handled."""
        self._failures.log(NO_SCAN)
        return self._unscanned(transaction, agreement, peer, "failure")

    def overdue(self, transaction: Transaction, agreement: Agreement, peer: str) -> bytes:
        """The frames for a message whose scan was given up."""
        return self._unscanned(transaction, agreement, peer, "deadline")

    def _unscanned(
        self, transaction: Transaction, agreement: Agreement, peer: str, reason: Reason
    ) -> bytes:
        """Answer as the policy says; nothing may come between the MTA and that answer."""
        listener = self._listener
        policy = listener.oversize if reason == "size" else listener.on_failure
        head, fields = transaction.head, transaction.fields
        try:
            envelope = build_envelope(self._name, listener, transaction)
            given = unscanned(reason, policy, head, transaction.size)
            verdict = self._scanner.unscanned(envelope, given)
            rendered = render_unscanned(verdict, listener, agreement, head, fields)
        except Exception:
            return self._by_policy_alone(transaction, peer, policy)
        return self._frames(rendered, transaction, peer)

    def _by_policy_alone(self, transaction: Transaction, peer: str, policy: FailPolicy) -> bytes:
        """Answer when not even that can be worked out which should be said."""
        self._failures.log(NO_ANSWER)
        self._log(transaction, peer, f"answered by policy alone: {policy}")
        return render_failure(policy)

    def _frames(self, rendered: Rendered, transaction: Transaction, peer: str) -> bytes:
        if rendered.dropped:
            text = f"left out of the reply: {listed(rendered.dropped)}"
            self._log(transaction, peer, text)
        return rendered.frames

    def _log(self, transaction: Transaction, peer: str, text: str) -> None:
        """Log one line on a message; `text` must not hold anything of strangers."""
        log.warn(
            "{listener}: {peer!r}: message {queue_id!r} of {sender!r}: {text}",
            listener=self._name,
            peer=peer,
            queue_id=_shown(transaction.macros.get(b"i", b"")),
            sender=_shown(transaction.sender.address),
            text=text,
        )


def _shown(value: bytes) -> str:
    return value[:MAX_LOGGED].decode("utf-8", "replace")
