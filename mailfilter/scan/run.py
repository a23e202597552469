"""Run the plan of checks over one message, in time, whatever the checks do."""

from typing import Protocol

from .envelope import Envelope
from .verdict import Verdict


class ScanService(Protocol):
    """What a server needs of the scanner."""

    max_message: int
    """Octets; what is larger is not handed to `scan`."""

    async def scan(self, envelope: Envelope, raw: bytes) -> Verdict:
        """Scan one message (CRLF or LF line ends, as received).

        Always returns within the configured time. An exception means that no verdict exists:
        the caller then follows its fail policy. Cancelling the Deferred around it ends the scan.
        """
        ...
