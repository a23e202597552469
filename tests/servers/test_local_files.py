"""Messages that are named, not sent."""

import os
from typing import Any

from twisted.internet.address import IPv4Address, UNIXAddress
from twisted.internet.interfaces import IAddress
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.config.model import Listener
from mailfilter.servers.http_envelope import Fields
from mailfilter.servers.http_query import BadRequest
from mailfilter.servers.local_files import NOT_ALLOWED, Source, _read, find_source
from mailfilter.servers.peer import Peers

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
            error = self.assertRaises(BadRequest, found, file, address, **settings)
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
            self.assertEqual(400, self.assertRaises(BadRequest, found, fields).status)


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
            (3, 100, b"3456789"),
            (100, None, b""),
        ):
            self.assertEqual(expected, _read(Source(self.path, offset, length), 10))

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
            error = self.assertRaises(BadRequest, _read, Source(path), limit)
            self.assertEqual((status, text), (error.status, error.text))
