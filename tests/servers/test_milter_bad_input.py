"""The rows about the protocol milter, of the catalogue of bad input (specs: bad-input.md).

`test_milter_bad_text` has those about what it carries, `test_milter_hostile` what is no milter at
all, `test_milter_fuzz` what nobody thought of.
"""

from struct import pack

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec.milter import MAX_FRAME
from mailfilter.testing.fake_scanner import FakeScanner

from ..codec.milter_mta import MESSAGE, frame, macros, mail, message, offer
from .milter_server import ACCEPT, START, Mta, logged


class Row14Tests(SynchronousTestCase):
    """Lengths, codes, orders, versions and bits that no MTA sends."""

    def closes(self, *parts: bytes) -> list[tuple[str, bytes]]:
        """The connection is closed with one line of log; what was said before."""
        mta = Mta()
        with logged() as lines:
            replies = mta.send(*parts)
        self.assertTrue(mta.is_closing, parts)
        self.assertEqual(len(lines), 1, lines)
        self.assertEqual(mta.scanner.calls, [])
        mta.lose()
        self.assertEqual(mta.clock.getDelayedCalls(), [])
        return replies

    def goes_on(self, *parts: bytes) -> list[tuple[str, bytes]]:
        """A message that follows is answered as ever; what was said before."""
        mta = Mta()
        replies = mta.send(*parts)
        self.assertFalse(mta.is_closing, parts)
        self.assertEqual(mta.send(frame("A"), *message()), [ACCEPT])
        self.assertEqual(mta.scanner.calls[-1][1], MESSAGE)
        return replies

    def test_lengths(self) -> None:
        for length in (0, MAX_FRAME + 1, 2**24, 2**31 - 1, 2**31, 2**32 - 1):
            for begun in ([offer()], START, [*START, *message()[:-1]]):
                self.closes(*begun, pack(">I", length) + b"B")

    def test_the_largest_frame_is_taken(self) -> None:
        mta = Mta()
        parts = message(b"x" * (MAX_FRAME - 1))
        self.assertEqual(mta.send(*START, *parts)[1:], [ACCEPT])
        self.assertEqual(len(mta.scanner.calls[0][1]), len(MESSAGE) - 8 + MAX_FRAME - 1)

    def test_unknown_commands(self) -> None:
        known = b"OCHMRTLNBEUADQK"
        for code in set(range(256)) - set(known):
            self.closes(*START, frame(chr(code) if code < 128 else "z"))
        self.closes(*START, b"\0\0\0\1\xff")

    def test_negotiation_followed_at_once_by_the_end_of_a_message(self) -> None:
        for bits in (0, 0x1FFFFF):
            replies = self.closes(offer(steps=bits | 0x1FF000 | 0x80) + frame("E"))
            self.assertEqual([code for code, _ in replies], ["O"])

    def test_empty_mail_and_rcpt(self) -> None:
        """No address and not even its end."""
        for code in "MR":
            self.closes(*START, *message()[:1], frame(code))

    def test_empty_addresses(self) -> None:
        mta = Mta()
        parts = [frame("M", b"\0"), frame("R", b"\0"), frame("R", b"\0\0\0"), *message()[2:]]
        self.assertEqual(mta.send(*START, *parts)[1:], [ACCEPT])
        ((envelope, raw),) = mta.scanner.calls
        self.assertEqual((envelope.sender, raw), ("", MESSAGE))
        self.assertEqual([each.address for each in envelope.recipients], ["", ""])

    def test_every_order_of_two(self) -> None:
        """After any two events, right or not, the next message is as it should be.

        But the end of no message closes, since an MTA waits for an answer to it.
        """
        end = message()[-1]
        events = [*START, *message(), frame("A"), frame("U", b"X\0"), macros("E", "i", "1")]
        for first in events:
            for second in events:
                is_message = first == message()[0] and second == end
                if end in (first, second) and not is_message:
                    self.closes(offer(), first, second)
                else:
                    self.goes_on(offer(), first, second)

    def test_macros_for_anything(self) -> None:
        odd = [
            frame("D"),
            frame("D", b"C"),
            frame("D", b"Cj"),
            frame("D", b"Cj\0"),
            frame("D", b"\0\0\0"),
            frame("D", b"\xffx\0y\0"),
            frame("D", b"M\0\0\0\0"),
        ]
        for code in range(256):
            odd.append(frame("D", bytes([code]) + b"i\0x\0"))
        replies = self.goes_on(*START, *odd)
        self.assertEqual([code for code, _ in replies], ["O"])

    def test_versions(self) -> None:
        for version in (0, 1):
            self.assertEqual(self.closes(offer(version)), [])
        for version in (2, 3, 4, 5, 6, 7, 2**31, 2**32 - 1):
            ((code, payload),) = self.goes_on(offer(version), *START[1:])
            self.assertEqual((code, payload[:4]), ("O", pack(">I", min(version, 6))))

    def test_absurd_bits(self) -> None:
        for bits in (0x200, 0xFFFFFE00, 0xFFFFFFFF):
            ((_, payload),) = self.goes_on(offer(6, bits, 0xFFFFFFFF), *START[1:])
            self.assertEqual(int.from_bytes(payload[4:8], "big") & ~0x1FF, 0)
            self.assertEqual(int.from_bytes(payload[8:12], "big") & 0x3FF, 0x80)

    def test_truncated_strings(self) -> None:
        for begun, code, payload in (
            ([], "O", b"\0\0\0\6\0\0\1\xff\0\0\0"),
            (START[:1], "C", b"host"),
            (START[:1], "C", b"host\0"),
            (START[:1], "C", b"host\0004"),
            (START[:1], "C", b"host\0004\0\x19192.0.2.1"),
            (START[:2], "H", b"name"),
            (START, "M", b"<a@b>"),
            (START, "M", b"<a@b>\0SIZE=1"),
            ([*START, mail()], "R", b"<a@b>"),
            ([*START, mail()], "L", b"Name"),
            ([*START, mail()], "L", b"Name\0value"),
            (START, "U", b"XYZZY"),
        ):
            self.closes(*begun, frame(code, payload))

    def test_one_octet_at_a_time_and_all_at_once(self) -> None:
        data = b"".join([*START, *message(), frame("A"), *message(b"two"), frame("A"), frame("Q")])
        for parts in ([data], [data[at : at + 1] for at in range(len(data))]):
            mta = Mta()
            self.assertEqual(mta.send(*parts)[1:], [ACCEPT, ACCEPT])
            self.assertEqual([raw[-3:] for _, raw in mta.scanner.calls], [b".\r\n", b"two"])
            self.assertTrue(mta.is_closing)

    def test_ended_within_a_body(self) -> None:
        for code, again in (("A", []), ("K", START[1:])):
            mta = Mta()
            mta.send(*START, *message(b"gone" * 1000)[:-1], frame("B", b"gone"), frame(code))
            self.assertEqual(mta.send(*again, *message()), [ACCEPT])
            self.assertEqual([raw for _, raw in mta.scanner.calls], [MESSAGE])

    def test_many_idle_sessions(self) -> None:
        """All that have said something and no more are closed; none leaves anything behind."""
        # Not more: the clock of the tests sorts all its calls again and again.
        mta = Mta(idle_timeout=60, max_connections=2001)
        protocols = []
        for number in range(2000):
            protocol = mta.factory.buildProtocol(None)
            assert protocol is not None
            protocol.makeConnection(type(mta.transport)())
            protocol.dataReceived(b"".join(START[: number % 4]) or b"\0")
            protocols.append(protocol)
        self.assertEqual(len(mta.factory.connections), 2001)
        with logged():
            mta.clock.advance(61)
        for protocol in protocols:
            self.assertTrue(protocol._stream.disconnecting)  # type: ignore[attr-defined]
            protocol.connectionLost()
        mta.lose()
        self.assertEqual(mta.factory.connections, set())
        self.assertEqual(mta.clock.getDelayedCalls(), [])


class Row17Tests(SynchronousTestCase):
    """The client goes while its message is scanned."""

    def test_each_way_to_go(self) -> None:
        for leave in ("lose", "abort"):
            mta = Mta(FakeScanner(wait=True))
            mta.send(*START, *message())
            self.assertEqual(mta.scanner.waiting, 1)
            if leave == "lose":
                mta.lose()
            else:
                mta.send(frame("A"))
            self.assertEqual((mta.scanner.waiting, mta.scanner.cancelled), (0, 1))
            self.assertEqual(mta.replies(), [])
            if leave == "abort":
                mta.lose()
            self.assertEqual(mta.clock.getDelayedCalls(), [])
            self.assertEqual(self.flushLoggedErrors(), [])

    def test_with_more_messages_behind(self) -> None:
        mta = Mta(FakeScanner(wait=True))
        with logged() as lines:
            mta.send(b"".join([*START, *message() * 5, frame("Q")]))
            mta.replies()
            mta.lose()
        self.assertEqual(len(mta.scanner.calls), 1)
        self.assertEqual((mta.scanner.waiting, mta.scanner.cancelled), (0, 1))
        self.assertEqual(mta.clock.getDelayedCalls(), [])
        self.assertEqual([line for line in lines if "fail" in line.lower()], [])

    def test_a_scan_that_fails_when_cancelled(self) -> None:
        """What it raises then is nobody's business any more."""
        mta = Mta(FakeScanner(wait=True, error=ValueError("late")))
        mta.send(*START, *message())
        mta.lose()
        self.assertEqual(self.flushLoggedErrors(), [])
        self.assertEqual(mta.replies(), [])
