"""The message of a line request as it comes: bounded, and without what an mbox adds.

Exim sends its spool in the style of an mbox: a line `From SENDER DATE`, then fields of its own,
`X-Envelope-From` and `X-Envelope-To`. None of them is of the message, so they are kept apart as
they come, and a large message need not be copied to be rid of them.

Sources: spamd-line.md 3.2; bad-input.md 7.
"""

from dataclasses import dataclass
from io import BytesIO

from ..mail.head import header_block

MAX_TOP = 2**20
"""Octets kept of a message that is too large: headers are far smaller."""

MAX_PREFACE = 16 * 2**20
"""Octets of what an mbox adds: a field names all recipients, of which Exim takes 50,000, of 256
octets each. If it were taken for the message's own, the parser would look at nothing else."""

MAX_MBOX_LINE = 2**20
"""Octets of the first line of it, which names the sender alone."""

MBOX_LINE = (b"From ",)
"""How the line starts that comes before a message in an mbox."""

EXIM_LINES = (*MBOX_LINE, b"X-Envelope-From: ", b"X-Envelope-To: ")
"""How the lines start that Exim puts before a message; only the first must be there."""


_NO_SENDER = frozenset((b" ", b"\t", b":", b"\r", b"\n"))


@dataclass(frozen=True, slots=True)
class Content:
    """A message that has come to its end."""

    preface: bytes
    """Lines in front of it that are not of it."""
    raw: bytes | None
    """The message; `None` if it is too large."""
    top: bytes
    """If it is too large, its header, or as much of it as was kept; else nothing."""
    size: int
    """Octets of the message, also if they are too many."""


class MessageBody:
    """Collects a message of at most `limit` octets; of a larger one only the header is kept.

    `preface` are the starts of the lines that may come before it, in this order.
    """

    def __init__(self, limit: int, preface: tuple[bytes, ...] = EXIM_LINES) -> None:
        self._limit = limit
        self._starts = preface
        self._preface = b""
        self._pending: bytearray | None = bytearray()
        """What has come while it is not known yet where the message begins."""
        self._line = self._sought = 0
        self._message: BytesIO | None = BytesIO()
        self._top = b""
        self.size = 0

    @property
    def is_too_large(self) -> bool:
        """There is more than may be kept."""
        return self.size - len(self._preface) > self._limit

    def write(self, data: bytes | memoryview) -> None:
        """Take the next octets."""
        self.size += len(data)
        if self._pending is None:
            self._keep(data)
            return
        self._pending += data
        if self._begins():
            self._begin()

    def finish(self) -> Content:
        """Everything has come."""
        if self._pending is not None:
            self._begin()
        raw = None if self._message is None else self._message.getvalue()
        return Content(self._preface, raw, self._top, self.size - len(self._preface))

    def _begins(self) -> bool:
        """Whether it is known where the message begins: at `_line` of what is pending."""
        pending = self._pending
        assert pending is not None
        while self._starts:
            start = bytes(pending[self._line : self._line + len(self._starts[0])])
            if start != self._starts[0]:
                if self._starts[0].startswith(start):
                    return False
                # Exim leaves a field out; but without the line of an mbox it is none of Exim's.
                self._starts = self._starts[1:] if self._line else ()
                continue
            if not self._line and bytes(pending[len(start) : len(start) + 1]) in _NO_SENDER:
                # A field `From :`, with a blank before its colon, and no mbox.
                self._starts = ()
                continue
            most = MAX_PREFACE if self._line else MAX_MBOX_LINE
            end = pending.find(b"\n", max(self._line, self._sought), most)
            if end < 0:
                self._sought = len(pending)
                return self._sought >= most
            self._line = end + 1
            self._starts = self._starts[1:]
        return True

    def _begin(self) -> None:
        pending = self._pending
        assert pending is not None
        self._pending = None
        self._preface = bytes(pending[: self._line])
        with memoryview(pending) as view:
            self._keep(view[self._line :])

    def _keep(self, data: bytes | memoryview) -> None:
        if self._message is None:
            return
        if not self.is_too_large:
            self._message.write(data)
            return
        self._message.write(data[:MAX_TOP])
        most = min(MAX_TOP, self._limit)
        with self._message.getbuffer() as kept:
            self._top = header_block(bytes(kept[:most]))
        self._message = None
