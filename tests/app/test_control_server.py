"""The socket for `mailfilteradm`: what it answers to requests, nonsense and crowds."""

import errno
import os
import pwd
import socket
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock, deferLater
from twisted.internet.testing import StringTransport
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import SynchronousTestCase, TestCase

from mailfilter.app.control_server import MAX_CONNECTIONS, REQUEST_SECONDS, ControlServer
from mailfilter.app.state import StateError
from mailfilter.client.control import NotRunning, ask
from mailfilter.codec.control import Answer, Request, answer_reader, encode


async def fine(request: Request, by: str) -> Answer:
    return Answer(warnings=(by, *request.keys))


async def broken(_request: Request, _by: str) -> Answer:
    raise ValueError("no")


class ConnectionTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.server = ControlServer(self.clock, "/nonexistent", {"fine": fine, "broken": broken})
        self.connect()

    def connect(self) -> None:
        connection = self.server.buildProtocol(None)
        assert connection is not None
        self.connection = connection
        self.transport = StringTransport()
        self.connection.makeConnection(self.transport)

    def answer(self) -> Answer:
        (answer,) = answer_reader().receive(self.transport.value())
        self.assertTrue(self.transport.disconnecting)
        return answer

    def test_fine(self) -> None:
        """However the request is cut; and what follows it is not heeded."""
        for octet in encode(Request(command="fine")) * 2:
            self.connection.dataReceived(bytes([octet]))
        self.assertEqual(self.answer(), Answer(warnings=("mailfilteradm",)))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_unknown(self) -> None:
        self.connection.dataReceived(encode(Request(command="halt")))
        self.assertEqual(self.answer().error, "unknown command; expected one of broken, fine")

    def test_broken(self) -> None:
        self.connection.dataReceived(encode(Request(command="broken")))
        self.assertEqual(self.answer().error, "ValueError: no")
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)

    def test_nonsense(self) -> None:
        for data in (b"\xff" * 8, b"GET / HTTP/1.0\r\n\r\n", b"\x00\x00\x00\x01\xc1"):
            self.connect()
            self.connection.dataReceived(data)
            self.assertIn("not a request: ", self.answer().error)

    def test_silent(self) -> None:
        """Who says nothing is let go."""
        self.connection.dataReceived(b"\x00")
        self.clock.advance(REQUEST_SECONDS)
        self.assertTrue(self.transport.disconnecting)
        self.connection.connectionLost()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_crowd(self) -> None:
        for _ in range(MAX_CONNECTIONS - 1):
            self.connect()
        self.assertIs(self.server.buildProtocol(None), None)
        self.connection.connectionLost()
        self.connect()


class SocketTests(TestCase):
    async def test_path(self) -> None:
        """In a directory with a long name; only its user may connect; removed at the end."""
        top = Path(mkdtemp())
        self.addCleanup(rmtree, top)
        folder = top / ("d" * 150)
        folder.mkdir()
        server = ControlServer(reactor, str(folder), {"fine": fine})
        (folder / "control.sock").touch()
        server.start()
        path = folder / "control.sock"
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        answers: Deferred[Answer] = deferToThread(ask, [str(folder)], "fine", ["k"])
        user = pwd.getpwuid(os.getuid()).pw_name
        self.assertEqual(await answers, Answer(warnings=(f"{user} (mailfilteradm)", "k")))
        server.stop()
        self.assertFalse(path.exists())
        self.assertRaises(NotRunning, ask, [str(folder)], "fine")
        while server.open:
            await deferLater(reactor, 0.01)

    def test_no_directory(self) -> None:
        """It is told at once, and no socket is left."""
        made: list[socket.socket] = []

        class Watched(socket.socket):
            def __init__(self, *arguments: Any, **named: Any) -> None:
                super().__init__(*arguments, **named)
                made.append(self)

        self.patch(socket, "socket", Watched)
        server = ControlServer(reactor, "/nonexistent", {})
        self.assertRaises(StateError, server.start)
        self.assertEqual([item for item in made if item.fileno() != -1], [])

    def test_cannot_be_listened_on(self) -> None:
        """The file is removed again."""
        folder = Path(mkdtemp())
        self.addCleanup(rmtree, folder)

        class Refusing(socket.socket):
            def listen(self, backlog: int = 0, /) -> None:
                raise OSError(errno.ENOBUFS, os.strerror(errno.ENOBUFS))

        self.patch(socket, "socket", Refusing)
        self.assertRaises(StateError, ControlServer(reactor, str(folder), {}).start)
        self.assertEqual(list(folder.iterdir()), [])
