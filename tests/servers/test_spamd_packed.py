"""Packed messages by SPAMC: unpacked in many turns of the reactor, with the same answer."""

import zlib
from random import Random

from .spamd_case import CHECKED, Case, request

MESSAGE = b"Subject: hi\r\n\r\n" + Random(4).randbytes(100_000)
PACKED = request(b"CHECK SPAMC/1.5", zlib.compress(MESSAGE), b"Compress: zlib")


class PackedTests(Case):
    def test_whole(self) -> None:
        """Nothing more is read meanwhile."""
        for _ in range(2):
            self.connect()
            self.protocol.dataReceived(PACKED)
            self.assertEqual("paused", self.transport.producerState)
            self.assertFalse(self.protocol.is_idle)
            self.assertEqual([], self.scanner.calls)
            self.assertEqual(CHECKED, self.replies())
            self.assertEqual("producing", self.transport.producerState)
            self.assertEqual(MESSAGE, self.scanner.calls.pop()[1])
            self.assertTrue(self.transport.ends_in_order)

    def test_behind_one_octet(self) -> None:
        """Also if the headers come with the message, and not first of all."""
        for size in (1, 20):
            self.connect()
            self.protocol.dataReceived(PACKED[:size])
            self.protocol.dataReceived(PACKED[size:])
            self.assertEqual("paused", self.transport.producerState)
            self.assertEqual(CHECKED, self.replies())

    def test_in_pieces(self) -> None:
        for size in (1000, 20_000):
            self.connect()
            for at in range(0, len(PACKED), size):
                self.protocol.dataReceived(PACKED[at : at + size])
                self.clock.advance(0)
            self.assertEqual(CHECKED, self.replies())
            self.assertEqual(MESSAGE, self.scanner.calls.pop()[1])

    def test_gone_meanwhile(self) -> None:
        self.gone()
        self.connect()
        self.protocol.dataReceived(PACKED)
        self.gone()
        self.assertEqual(b"", self.replies())
        self.assertEqual([], self.clock.getDelayedCalls())

    def test_bomb(self) -> None:
        """It is given up at the limit, and its end need not come."""
        bomb = zlib.compress(bytes(100 * 2**20))
        octets = request(b"CHECK SPAMC/1.5", bomb, b"Compress: zlib")
        self.connect()
        self.protocol.dataReceived(octets)
        self.assertEqual(b"", self.transport.value())
        self.assertEqual([], self.scanner.unscanned_calls)
        self.replies()
        ((_, given),) = self.scanner.unscanned_calls
        self.assertEqual("size", given.reason)

    def test_broken(self) -> None:
        broken = bytearray(zlib.compress(MESSAGE))
        broken[50_000:50_100] = b"x" * 100
        reply = self.ask(request(b"CHECK SPAMC/1.5", bytes(broken), b"Compress: zlib"))
        self.assertTrue(reply.startswith(b"SPAMD/1.0 76 Bad header line: (Compress: zlib: "), reply)
        self.assertEqual(1, len(self.lines()))
        self.assertTrue(self.transport.ends_in_order)
