"""From a complete message to the frames that answer it: envelope, scan, verdict, reply, log."""

from twisted.logger import Logger

from ..codec.milter_agreement import Agreement
from ..codec.milter_session import Transaction
from ..config.model import Listener
from ..scan.run import ScanService
from .milter_advice import Advisor
from .milter_envelope import build_envelope
from .milter_reply import render_failure, render_oversize, render_verdict

MAX_LOGGED = 256
"""Octets of a queue id or an address in a log line."""

MAX_DROPPED = 5
"""Edits that could not be told and are named in the log."""

log = Logger()


class Answers:
    """Answers the messages that come by one listener. `peer` is for the log."""

    def __init__(self, scanner: ScanService, name: str, listener: Listener) -> None:
        self._scanner = scanner
        self._name = name
        self._listener = listener
        self._advisor = Advisor(listener)

    async def answer(self, transaction: Transaction, agreement: Agreement, peer: str) -> bytes:
        """The frames for a message. Raises whatever keeps it from being scanned."""
        if advice := self._advisor.advise(agreement, transaction.macros):
            log.info("{listener}: {advice}", listener=self._name, advice=advice)
        listener = self._listener
        if transaction.raw is None:
            text = f"too large to be scanned, {transaction.size} octets"
            self._log(transaction, peer, f"{text}: oversize = {listener.oversize}")
            rendered = render_oversize(listener.oversize, agreement)
        else:
            envelope = build_envelope(self._name, listener, transaction)
            verdict = await self._scanner.scan(envelope, transaction.raw)
            head, fields = transaction.head, transaction.fields
            rendered = render_verdict(verdict, listener, agreement, head, fields)
        if rendered.dropped:
            text = f"left out of the reply: {_listed(rendered.dropped)}"
            self._log(transaction, peer, text)
        return rendered.frames

    def failed(self, transaction: Transaction, peer: str) -> bytes:
        """The frames for a message on which `answer` has raised what is being handled."""
        policy = self._listener.on_failure
        log.failure("{listener}: the scan of a message failed", listener=self._name)
        self._log(transaction, peer, f"not scanned: on_failure = {policy}")
        return render_failure(policy)

    def overdue(self, transaction: Transaction, peer: str) -> bytes:
        """The frames for a message whose scan was given up."""
        policy, deadline = self._listener.on_failure, self._listener.deadline
        text = f"scan given up: no verdict within {deadline:g} s: on_failure = {policy}"
        self._log(transaction, peer, text)
        return render_failure(policy)

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


def _listed(dropped: tuple[str, ...]) -> str:
    """The edits that were left out, in one line."""
    more = len(dropped) - MAX_DROPPED
    return "; ".join(dropped[:MAX_DROPPED]) + (f"; and {more} more" if more > 0 else "")
