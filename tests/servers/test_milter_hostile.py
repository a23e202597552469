"""Peers of the milter server that are no MTAs, or bad ones."""

from twisted.trial.unittest import SynchronousTestCase

from ..codec.milter_mta import connect, frame, helo, mail, message, offer
from .milter_server import START, Mta, logged


class GarbageTests(SynchronousTestCase):
    def check(self, *parts: bytes, reason: str) -> None:
        """The connection is closed with one line that tells why, and nothing is scanned."""
        mta = Mta()
        with logged() as lines:
            mta.send(*parts)
            mta.protocol.dataReceived(frame("E"))
        self.assertTrue(mta.is_closing, parts)
        self.assertEqual(mta.scanner.calls, [])
        (line,) = lines
        self.assertIn(reason, line)
        self.assertTrue(line.isprintable(), line)

    def test_lengths(self) -> None:
        self.check(b"\0\0\0\0", reason="frame of 0 octets")
        self.check(offer(), b"\x7f\xff\xff\xffL", reason="frame of 2147483647 octets")
        self.check(offer(), b"\xff\xff\xff\xffL", reason="frame of 4294967295 octets")

    def test_malformed_frames(self) -> None:
        self.check(offer(), frame("z", b"\n"), reason="unknown command 0x7a")
        self.check(*START, *message()[:-1], frame("L", b"X"), reason="truncated header")
        self.check(frame("O", b"\0\0"), reason="short negotiation")

    def test_no_negotiation(self) -> None:
        for first in (frame("E"), connect(), helo(), mail()):
            self.check(first, reason="no negotiation")

    def test_an_end_without_a_message(self) -> None:
        self.check(*START, frame("E"), reason="no message to end")

    def test_other_protocols(self) -> None:
        for octets, reason in (
            (b"\x16\x03\x01\x02\0\x01\0", "a TLS handshake"),
            (b"POST /checkv2 HTTP/1.1\r\n", "an HTTP request"),
            (b"GET / HTTP/1.1\r\n", "an HTTP request"),
            (b"GET /pingpong HTTP/1.1\r\n\r\n", "an HTTP request"),
            (b"EHLO example.net\r\n", "an unknown protocol"),
            (b"\xff" * 100000, "an unknown protocol"),
            (b"GET /ping " + b"x" * 10000, "an HTTP request"),
        ):
            self.check(octets, reason=reason)

    def test_health_check(self) -> None:
        for request in (
            b"GET /ping HTTP/1.0\r\n\r\n",
            b"GET /ping HTTP/1.1\r\nHost: x\r\n\r\n",
            b"GET /ping?x HTTP/1.1\nHost: x\n\n",
        ):
            for at in range(1, len(request) + 1):
                mta = Mta()
                with logged() as lines:
                    mta.protocol.dataReceived(request[:at])
                    if at < len(request):
                        self.assertFalse(mta.is_closing)
                        mta.protocol.dataReceived(request[at:])
                head, _, body = mta.transport.value().partition(b"\r\n\r\n")
                self.assertTrue(head.startswith(b"HTTP/1.1 200 OK\r\nConnection: close\r\n"))
                self.assertIn(b"\r\nContent-Length: 6\r\nContent-Type: text/plain", head)
                self.assertEqual(body, b"pong\r\n")
                self.assertTrue(mta.is_closing)
                self.assertEqual(lines, [])
