"""Log lines on messages: which it was, what was done, and nothing of strangers in them."""

from dataclasses import replace

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.scan.verdict import AddHeader
from mailfilter.testing.fake_scanner import NO_ACTION, FakeScanner

from ..codec.milter_mta import connect, frame, helo, macros, mail, offer, rcpt
from .milter_server import START, Mta, logged

MESSAGE = [mail("<a@b>\r\n"), rcpt(), macros("T", "i", "47\n11"), frame("T"), frame("N")]
WHOSE = "test: '192.168.1.1': message '47\\n11' of '<a@b>\\r\\n': "


class LineTests(SynchronousTestCase):
    def lines(self, mta: Mta, *parts: bytes) -> list[str]:
        """What is logged of a message, but for what was missed of macros."""
        with logged() as lines:
            mta.send(*(parts or START), *MESSAGE, frame("B", b"x" * 100), frame("E"))
        return [line for line in lines if "does not send" not in line]

    def test_not_scanned(self) -> None:
        mta = Mta(FakeScanner(error=RuntimeError("boom")), on_failure="accept")
        self.assertEqual(self.lines(mta)[-1], f"{WHOSE}not scanned: on_failure = accept")
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)

    def test_too_large(self) -> None:
        mta = Mta(FakeScanner(max_message=50))
        (line,) = self.lines(mta)
        text = "too large to be scanned, 102 octets: oversize = accept"
        self.assertEqual(line, WHOSE + text)

    def test_edits_that_were_not_agreed_are_one_line(self) -> None:
        edits = tuple(AddHeader(f"X-{at}", "v") for at in range(200))
        mta = Mta(FakeScanner(replace(NO_ACTION, edits=edits)))
        (line,) = self.lines(mta, offer(edits=0), connect(), helo())
        first = "; ".join(f"add header X-{at}: not agreed with the MTA" for at in range(5))
        self.assertEqual(line, f"{WHOSE}left out of the reply: {first}; and 195 more")
