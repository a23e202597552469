"""Messages that are named, not sent."""

import os
from threading import Event, Thread, current_thread
from typing import Any

from twisted.internet import reactor
from twisted.internet.address import IPv4Address, UNIXAddress
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IAddress
from twisted.internet.task import deferLater
from twisted.trial.unittest import SynchronousTestCase, TestCase

from mailfilter.codec.http_body import Refused
from mailfilter.config.model import Listener
from mailfilter.servers import background, local_files
from mailfilter.servers.background import Turns
from mailfilter.servers.local_files import (
    MAX_READS,
    NOT_ALLOWED,
    Source,
    _read,
    find_source,
    read_source,
)
from mailfilter.servers.peer import Peers
from mailfilter.servers.request_envelope import Fields

UNIX = UNIXAddress(None)
LOOPBACK = IPv4Address("TCP", "127.0.0.1", 4711)


def found(fields: Fields, address: IAddress = UNIX, **settings: Any) -> Source | None:
    settings = {"local_files": True, **settings}
    listener = Listener(protocol="scan", endpoint="unix:s", **settings)
    return find_source(fields, listener, Peers("scan", listener).peer(address))


class FindTests(SynchronousTestCase):
    def test_where(self) -> None:
        for fields, expected in (
            ([(b"from", b"a")], None),
            ([(b"file", b"/a/b")], Source(b"/a/b")),
            ([(b"path", b"/a/b")], Source(b"/a/b")),
            ([(b"file", b'"/a%20b"')], Source(b"/a b")),
            ([(b"file", b"/first"), (b"file", b"/second")], Source(b"/first")),
            ([(b"shm", b"/seg")], Source(b"/dev/shm/seg")),
            (
                [(b"shm", b"seg"), (b"shm-offset", b"5"), (b"shm-length", b"7")],
                Source(b"/dev/shm/seg", 5, 7),
            ),
        ):
            self.assertEqual(expected, found(fields))

    def test_not_allowed(self) -> None:
        file = [(b"file", b"/etc/passwd")]
        for address, settings in (
            (LOOPBACK, {}),
            (UNIX, {"local_files": False}),
            (UNIX, {"trusted": False}),
        ):
            error = self.assertRaises(Refused, found, file, address, **settings)
            self.assertEqual((400, NOT_ALLOWED), (error.status, error.text))

    def test_bad_names(self) -> None:
        for fields in (
            [(b"file", b"a")],
            [(b"file", b"")],
            [(b"file", b"/a%00b")],
            [(b"shm", b"../a")],
            [(b"shm", b"..")],
            [(b"shm", b"a/b")],
            [(b"shm", b"a"), (b"shm-offset", b"-1")],
            [(b"shm", b"a"), (b"shm-length", b"9" * 30)],
        ):
            self.assertEqual(400, self.assertRaises(Refused, found, fields).status)


class ReadTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.path = os.fsencode(self.mktemp())
        with open(self.path, "wb") as file:
            file.write(b"0123456789")

    def test_octets(self) -> None:
        for offset, length, expected in (
            (0, None, b"0123456789"),
            (3, None, b"3456789"),
            (3, 2, b"34"),
            (3, 7, b"3456789"),
            (10, None, b""),
            (10, 0, b""),
        ):
            self.assertEqual(expected, _read(Source(self.path, offset, length), 10))

    def test_beyond_the_end(self) -> None:
        """What is not there was not meant, and must not be taken for a short message."""
        for offset, length, text in (
            (11, None, "Shm-Offset: there are only 10 octets"),
            (11, 0, "Shm-Offset: there are only 10 octets"),
            (0, 11, "Shm-Length: only 10 octets follow the offset"),
            (3, 8, "Shm-Length: only 7 octets follow the offset"),
        ):
            error = self.assertRaises(Refused, _read, Source(self.path, offset, length), 10)
            self.assertEqual((400, text), (error.status, error.text))

    def test_what_fails_while_it_is_read(self) -> None:
        self.patch(local_files, "_size", lambda *_: 11)
        for path, text in (
            (self.path, "Cannot read file: it has become shorter"),
            # Nothing is mapped where the memory of a process begins.
            (b"/proc/self/mem", "Cannot read file: Input/output error"),
        ):
            error = self.assertRaises(Refused, _read, Source(path), 100)
            self.assertEqual((400, text), (error.status, error.text))

    def test_limit_of_what_is_asked_for(self) -> None:
        """It is not one of the file."""
        self.assertEqual(b"3456789", _read(Source(self.path, 3), 7))
        self.assertEqual(b"01234", _read(Source(self.path, 0, 5), 5))

    def test_refused(self) -> None:
        fifo = self.path + b".fifo"
        os.mkfifo(fifo)
        for path, limit, status, text in (
            (self.path + b"x", 10, 400, "Cannot open file: No such file or directory"),
            (os.path.dirname(self.path) or b".", 10, 400, "Cannot open file: not a regular file"),
            (fifo, 10, 400, "Cannot open file: not a regular file"),
            (self.path, 9, 413, "Request entity too large: 10"),
        ):
            error = self.assertRaises(Refused, _read, Source(path), limit)
            self.assertEqual((status, text), (error.status, error.text))


class ThreadTests(TestCase):
    def setUp(self) -> None:
        path = os.path.abspath(self.mktemp())
        with open(path, "wb") as file:
            file.write(b"0123456789")
        self.path = os.fsencode(path)

    async def test_read(self) -> None:
        self.assertEqual(b"234", await read_source(Source(self.path, 2, 3), 10))
        with self.assertRaises(Refused):
            await read_source(Source(b"/nothing/there"), 10)

    async def test_hanging(self) -> None:
        """The process does not wait for it."""
        begun: list[Thread] = []
        go_on = Event()

        def hang(*_: object) -> bytes:
            begun.append(current_thread())
            go_on.wait(60)
            return b"late"

        self.patch(local_files, "_read", hang)
        reading = Deferred.fromCoroutine(read_source(Source(b"/a"), 10))
        self.addCleanup(go_on.set)
        while not begun:
            await deferLater(reactor, 0.01)
        self.assertTrue(begun[0].daemon)
        go_on.set()
        self.assertEqual(b"late", await reading)


class TurnTests(SynchronousTestCase):
    """Reads that hang take no more threads than they may."""

    def setUp(self) -> None:
        self.reads: list[Deferred[bytes]] = []
        self.patch(local_files, "_turns", Turns(MAX_READS))
        self.patch(background, "in_background", self.read)

    def read(self, *_: object) -> Deferred[bytes]:
        self.reads.append(Deferred())
        return self.reads[-1]

    def ask(self) -> Deferred[bytes]:
        return Deferred.fromCoroutine(read_source(Source(b"/a"), 10))

    def test_others_wait(self) -> None:
        asked = [self.ask() for _ in range(MAX_READS + 2)]
        self.assertEqual(MAX_READS, len(self.reads))
        self.reads[0].callback(b"a")
        self.assertEqual(b"a", self.successResultOf(asked[0]))
        self.assertEqual(MAX_READS + 1, len(self.reads))
        self.reads[1].errback(Refused(400, "b"))
        self.failureResultOf(asked[1], Refused)
        self.assertEqual(MAX_READS + 2, len(self.reads))

    def test_who_is_given_up_keeps_the_turn(self) -> None:
        """Until the thread is free."""
        asked = [self.ask() for _ in range(MAX_READS + 2)]
        for request in asked[:-1]:
            request.cancel()
            self.failureResultOf(request, CancelledError)
        self.assertEqual(MAX_READS, len(self.reads))
        self.reads[0].callback(b"late")
        self.assertEqual(MAX_READS + 1, len(self.reads))
        self.reads[-1].callback(b"a")
        self.assertEqual(b"a", self.successResultOf(asked[-1]))
