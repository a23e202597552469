"""Scans for a connection: they end in time, even if the scanner does not keep its promise."""

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from ..scan.envelope import Envelope
from ..scan.run import ScanService
from ..scan.verdict import Verdict

MAX_SCAN_SECONDS = 600.0
"""No SMTP client waits longer for the reply to a message (RFC 5321 4.5.3.2.6)."""


class ScanOverdue(Exception):
    """A scan has not answered within `MAX_SCAN_SECONDS`; it is cancelled."""

    def __init__(self) -> None:
        super().__init__(f"no verdict within {MAX_SCAN_SECONDS:.0f} s")


async def scan_in_time(
    scanner: ScanService, clock: IReactorTime, envelope: Envelope, raw: bytes
) -> Verdict:
    """Scan a message. Raises `ScanOverdue`, and what the scan raises.

    Returns or raises in time also where the scan ignores that it is cancelled.
    """
    scan: Deferred[Verdict] = Deferred.fromCoroutine(scanner.scan(envelope, raw))
    if scan.called:
        return await scan
    answer: Deferred[Verdict] = Deferred(lambda _: scan.cancel())

    def take(result: Verdict | Failure) -> None:
        if not answer.called:
            answer.callback(result)  # A failure goes on as one.

    def give_up() -> None:
        answer.errback(ScanOverdue())
        scan.cancel()

    timer = clock.callLater(MAX_SCAN_SECONDS, give_up)
    scan.addBoth(take)
    try:
        return await answer
    finally:
        if timer.active():
            timer.cancel()
