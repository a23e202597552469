"""From a complete message to its answer, on every protocol: envelope, scan, verdict, policies, log.

Nothing may come between a client and its answer. What cannot be scanned gets a verdict by the
listener's policies, logged and remembered as any other; what cannot be told even of that is
answered by the policy alone. A protocol gives the pieces, each of which may fail.
"""

from collections.abc import Sequence
from typing import Generic, NamedTuple, TypeVar

from twisted.logger import Logger

from ..config.model import FailPolicy, Listener
from ..scan.envelope import Envelope
from ..scan.run import ScanService
from ..scan.unscanned import Reason
from ..scan.verdict import Verdict
from .fail_policy import listed, unscanned
from .failures import NO_ANSWER, NO_SCAN, Failures
from .peer import Peers

MAX_LOGGED = 256
"""Characters of a queue id or an address in a log line."""

Asked = TypeVar("Asked")
"""What a client has asked for: a message, and all that belongs to it."""
Reply = TypeVar("Reply")

log = Logger()


class Whose(NamedTuple):
    """Which message a line of the log is about."""

    peer: str
    queue_id: str = ""
    sender: str = ""


class Answering(Generic[Asked, Reply]):
    """Answers the messages that come by one listener."""

    def __init__(
        self,
        scanner: ScanService,
        name: str,
        listener: Listener,
        failures: Failures,
        peers: Peers,
    ) -> None:
        self._scanner = scanner
        self._name = name
        self._listener = listener
        self._failures = failures
        self._peers = peers

    # What a connection asks.

    @property
    def deadline(self) -> float:
        """Seconds after which an answer is given up."""
        return self._listener.deadline

    async def answer(self, asked: Asked) -> Reply:
        """Answer a message by its scan. Raises whatever keeps it from being scanned."""
        raw = await self._message(asked)
        if raw is None:
            return self.too_large(asked)
        verdict = await self._scanner.scan(self._envelope(asked), raw)
        try:
            return self._told(asked, verdict, *self._render(asked, verdict))
        except Exception:
            # The verdict is logged and remembered: there must not be another.
            policy = self._listener.on_failure
            return self._by_policy_alone(asked, policy, "failure", verdict.trace_id)

    def failed(self, asked: Asked) -> Reply:
        """The answer to a message on which `answer` has raised what is being handled."""
        self._failures.log(NO_SCAN)
        return self._unscanned(asked, "failure")

    def overdue(self, asked: Asked) -> Reply:
        """The answer to a message whose scan was given up."""
        return self._unscanned(asked, "deadline")

    def too_large(self, asked: Asked) -> Reply:
        """The answer to a message that is too large to be scanned."""
        return self._unscanned(asked, "size")

    def note_left(self, asked: Asked, seconds: float) -> None:
        """Say that a client has not waited for its answer."""
        text = (
            f"the client left after {seconds:.1f} s, unanswered; its time-out must be above the"
            f" deadline of this listener, {self.deadline:g} s"
        )
        self._log(asked, text)

    # The pieces that a protocol gives.

    async def _message(self, asked: Asked) -> bytes | None:
        """The octets that are to be scanned, `None` if they are too many."""
        raise NotImplementedError

    def _envelope(self, asked: Asked) -> Envelope:
        raise NotImplementedError

    def _extent(self, asked: Asked) -> tuple[bytes, int]:
        """Of a message that is not scanned, the header or what is known of it, and the size."""
        raise NotImplementedError

    def _render(self, asked: Asked, verdict: Verdict) -> tuple[Reply, Sequence[str]]:
        """The reply that tells a verdict, and what is left out of it."""
        raise NotImplementedError

    def _render_unscanned(
        self, asked: Asked, verdict: Verdict, policy: FailPolicy, reason: Reason
    ) -> tuple[Reply, Sequence[str]]:
        """The same for a message that was not scanned."""
        raise NotImplementedError

    def _bare(self, asked: Asked, policy: FailPolicy, reason: Reason) -> tuple[Reply, str]:
        """The reply to a message of which nothing more can be said, and its name for the log."""
        raise NotImplementedError

    def _whose(self, asked: Asked) -> Whose:
        raise NotImplementedError

    # How they are put together.

    def _unscanned(self, asked: Asked, reason: Reason) -> Reply:
        listener = self._listener
        policy = listener.oversize if reason == "size" else listener.on_failure
        trace_id = ""
        try:
            given = unscanned(reason, policy, *self._extent(asked))
            verdict = self._scanner.unscanned(self._envelope(asked), given)
            trace_id = verdict.trace_id
            rendered = self._render_unscanned(asked, verdict, policy, reason)
            return self._told(asked, verdict, *rendered)
        except Exception:
            return self._by_policy_alone(asked, policy, reason, trace_id)

    def _told(self, asked: Asked, verdict: Verdict, reply: Reply, dropped: Sequence[str]) -> Reply:
        if dropped:
            self._log(asked, f"left out of the reply: {listed(dropped)}", verdict.trace_id)
        return reply

    def _by_policy_alone(
        self, asked: Asked, policy: FailPolicy, reason: Reason, trace_id: str
    ) -> Reply:
        """Answer when not even that can be worked out which should be said."""
        self._failures.log(NO_ANSWER)
        reply, told = self._bare(asked, policy, reason)
        self._log(asked, f"answered by policy alone: {told}", trace_id)
        return reply

    def _log(self, asked: Asked, text: str, trace_id: str = "") -> None:
        """Log one line on a message; `text` must not hold anything of strangers."""
        whose = self._whose(asked)
        log.warn(
            "{listener}: {peer!r}: message {queue_id!r} of {sender!r}, {trace_id}: {text}"
            if trace_id
            else "{listener}: {peer!r}: message {queue_id!r} of {sender!r}: {text}",
            listener=self._name,
            peer=whose.peer,
            queue_id=whose.queue_id[:MAX_LOGGED],
            sender=whose.sender[:MAX_LOGGED],
            trace_id=trace_id,
            text=text,
        )
