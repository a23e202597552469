"""Sealed requests that are nearly right inside, and where their heads end."""

import random

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec.http1 import ProtocolError, RequestComplete
from mailfilter.codec.httpcrypt_requests import Unopened, find_bare

from .sealed_case import CHECK, chunked, read, sealed

_PIECES = (b"\n", b"\r\n", b"\r", b"\n\n", b"Key: x\n", b"Content-Length: 5\r\n", b"\0", b" ", b"")


class HostileTests(SynchronousTestCase):
    """Requests with a few octets changed, inside, where they come from whoever has the key."""

    def test_one_event_at_the_end(self) -> None:
        chance = random.Random(5)
        head = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
        for _ in range(3000):
            inside = bytearray(chance.choice((CHECK, CHECK.replace(b"\r\n", b"\n"), head)))
            inside += chunked(b"hello") * (b"chunked" in inside)
            for _ in range(chance.randrange(1, 4)):
                at = chance.randrange(len(inside))
                inside[at : at + chance.randrange(3)] = chance.choice(_PIECES)
            last = read([sealed(bytes(inside))])[0][-1]
            self.assertIsInstance(last, RequestComplete | ProtocolError)
            self.assertNotIsInstance(last, Unopened)


class FindBareTests(SynchronousTestCase):
    def test_table(self) -> None:
        for data, end in (
            (b"", 0),
            (b"A\r\nB\r\n\r\n\n\n", 0),
            (b"\r\nA\r\n\r\n\n\n", 0),
            (b"A\nB\n\nC\n\n", 5),
            (b"A\nB\r\n\r\n", 7),
            (b"A\r\n\nB", 4),
            (b"\nA\n\nB", 4),
            (b"A\nB", 0),
        ):
            self.assertEqual(find_bare(data), end, data)
