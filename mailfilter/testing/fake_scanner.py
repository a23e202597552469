"""A scanner for tests of servers: it answers what it is told, at once or when it is told to."""

from dataclasses import replace

from twisted.internet.defer import CancelledError, Deferred

from ..scan.envelope import Envelope
from ..scan.unscanned import Unscanned
from ..scan.verdict import Action, AddHeader, Verdict

NO_ACTION = Verdict(
    action=Action.NO_ACTION,
    score=0.0,
    required_score=15.0,
    thresholds=((Action.REJECT, 15.0), (Action.ADD_HEADER, 6.0), (Action.GREYLIST, 4.0)),
    trace_id="0000000000000000",
    message_id="1@example.org",
)
"""The verdict that `FakeScanner` gives unless told otherwise."""


class FakeScanner:
    """A `mailfilter.scan.run.ScanService` that remembers what it was asked.

    Set `verdict` or `error` (raised in place of a verdict) at any time. With `wait` each scan
    waits until `release` or until it is cancelled.
    """

    def __init__(
        self,
        verdict: Verdict = NO_ACTION,
        *,
        error: Exception | None = None,
        wait: bool = False,
        max_message: int = 50 * 2**20,
    ) -> None:
        self.verdict = verdict
        self.error = error
        self.wait = wait
        self.max_message = max_message
        self.calls: list[tuple[Envelope, bytes]] = []
        """Envelope and message of every scan so far, in order."""
        self.unscanned_calls: list[tuple[Envelope, Unscanned]] = []
        """What could not be scanned."""
        self.cancelled = 0
        """How many waiting scans were cancelled."""
        self._waiting: list[Deferred[None]] = []

    @property
    def waiting(self) -> int:
        """How many scans wait for `release`."""
        return len(self._waiting)

    async def scan(self, envelope: Envelope, raw: bytes) -> Verdict:
        """Answer as told."""
        self.calls.append((envelope, raw))
        if self.wait:
            await self._released()
        if self.error is not None:
            raise self.error
        return self.verdict

    def unscanned(self, envelope: Envelope, given: Unscanned) -> Verdict:
        """Answer with the action given, and a field that says why."""
        self.unscanned_calls.append((envelope, given))
        return replace(
            NO_ACTION,
            action=given.action,
            smtp_message=given.text,
            unscanned=given.reason,
            edits=(AddHeader("X-Spam-Skipped", given.reason),),
            size=given.size,
        )

    def release(self) -> None:
        """Let the scan that waits longest go on; raise `IndexError` when none waits."""
        self._waiting.pop(0).callback(None)

    async def _released(self) -> None:
        turn: Deferred[None] = Deferred()
        self._waiting.append(turn)
        try:
            await turn
        except CancelledError:
            self._waiting.remove(turn)
            self.cancelled += 1
            raise
