"""Accepting on sockets of somebody else: who has no descriptor left waits, and drops nobody."""

import errno
import os
import socket
import subprocess
import sys
from typing import Any, cast

from twisted.internet import reactor
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.app.acceptor import BURST, PAUSE, QUIET, Acceptor

from .case import SocketCase

CLIENTS = 60
CROWDED = f"""
import resource, socket, sys
from twisted.internet import reactor
from twisted.internet.protocol import Factory
from twisted.protocols.basic import LineReceiver
from mailfilter.app.acceptor import Acceptor

class Echo(LineReceiver):
    def lineReceived(self, line):
        self.sendLine(line)
        self.transport.loseConnection()

listening = socket.create_server(("127.0.0.1", 0), backlog={CLIENTS})
listening.setblocking(False)
Acceptor(reactor, listening, Factory.forProtocol(Echo), print, is_shared=False).start()
resource.setrlimit(resource.RLIMIT_NOFILE, (30, 30))
print(listening.getsockname()[1], flush=True)
reactor.callLater(20, reactor.stop)
reactor.run()
"""
"""A server with fewer descriptors than it has clients."""


class Turning(Clock):
    """A reactor that only remembers whom it would call."""

    def __init__(self) -> None:
        super().__init__()
        self.readers: list[object] = []

    def addReader(self, reader: object) -> None:
        if reader not in self.readers:
            self.readers.append(reader)

    def removeReader(self, reader: object) -> None:
        if reader in self.readers:
            self.readers.remove(reader)

    def addWriter(self, writer: object) -> None:
        pass

    removeWriter = addWriter


class Queue:
    """A listening socket with a queue of our making: connections, and errors."""

    family = socket.AF_INET

    def __init__(self, *waiting: int | None) -> None:
        self.waiting = list(waiting)
        self.accepted: list[socket.socket] = []

    def getsockname(self) -> tuple[str, int]:
        return ("127.0.0.1", 25)

    def fileno(self) -> int:
        return 3

    def close(self) -> None:
        for item in self.accepted:
            item.close()

    def accept(self) -> tuple[socket.socket, tuple[str, int]]:
        error = self.waiting.pop(0) if self.waiting else errno.EAGAIN
        if error is not None:
            raise OSError(error, os.strerror(error))
        ours, theirs = socket.socketpair()
        self.accepted += [ours, theirs]
        return ours, ("192.0.2.1", 1024 + len(self.accepted))


class Mute(Protocol):
    """Says nothing, and remembers its end."""

    is_lost = False

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.is_lost = True


class Wary(Factory):
    """Remembers its connections; may fail."""

    def __init__(self) -> None:
        self.made: list[Mute] = []
        self.addresses: list[IAddress | None] = []
        self.make: Any = Mute
        """Makes the next one; those after it are as usual."""

    def buildProtocol(self, addr: IAddress | None) -> Protocol | None:
        self.addresses.append(addr)
        make, self.make = self.make, Mute
        protocol = make()
        if protocol is not None:
            self.made.append(protocol)
        return cast("Protocol | None", protocol)


class QueueCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.turning = Turning()
        self.factory = Wary()
        self.alarms: list[str] = []

    def accept(self, *waiting: int | None, is_shared: bool = False) -> Acceptor:
        self.queue = Queue(*waiting)
        self.addCleanup(self.queue.close)
        acceptor = Acceptor(
            self.turning,
            cast(Any, self.queue),
            self.factory,
            self.alarms.append,
            is_shared=is_shared,
        )
        acceptor.start()
        return acceptor

    def is_accepting(self, acceptor: Acceptor) -> bool:
        return acceptor in self.turning.readers


class PauseTests(QueueCase):
    def test_nothing_left(self) -> None:
        """Accepting stops for a while, and goes on with those who waited."""
        for number in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM):
            self.setUp()
            acceptor = self.accept(None, number, None, None)
            acceptor.doRead()
            self.assertEqual((len(self.factory.made), self.queue.waiting), (1, [None, None]))
            self.assertFalse(self.is_accepting(acceptor))
            self.turning.advance(PAUSE - 0.01)
            self.assertFalse(self.is_accepting(acceptor))
            self.turning.advance(0.01)
            self.assertTrue(self.is_accepting(acceptor))
            acceptor.doRead()
            self.assertEqual(len(self.factory.made), 3)
            text = f"cannot accept on port 25: {os.strerror(number)}; waiting"
            self.assertEqual(self.alarms, [text])

    def test_one_alarm(self) -> None:
        """As long as it lasts, also if some get in between; later it is news again."""
        acceptor = self.accept(*[errno.EMFILE, None] * 100, errno.EMFILE)
        for _ in range(100):
            acceptor.doRead()
            self.turning.advance(PAUSE)
        self.assertEqual((len(self.factory.made), len(self.alarms)), (99, 1))
        self.turning.advance(QUIET)
        acceptor.doRead()
        self.assertEqual(len(self.alarms), 2)

    def test_stop(self) -> None:
        acceptor = self.accept(errno.EMFILE, None)
        acceptor.doRead()
        acceptor.stop()
        self.turning.advance(PAUSE * 2)
        self.assertFalse(self.is_accepting(acceptor))
        self.assertEqual(self.turning.getDelayedCalls(), [])
        self.assertEqual(self.queue.waiting, [None])

    def test_sweep_in_a_pause(self) -> None:
        """The last look finds nothing left again: that is the end of it all the same."""
        acceptor = self.accept(errno.EMFILE, None, errno.EMFILE)
        acceptor.doRead()
        acceptor.sweep()
        self.assertEqual(len(self.factory.made), 1)
        acceptor.stop()
        self.assertEqual(self.turning.getDelayedCalls(), [])
        self.assertFalse(self.is_accepting(acceptor))

    def test_crowd(self) -> None:
        """Twice as many clients as descriptors: all are answered, and the alarm comes once."""
        with subprocess.Popen(
            [sys.executable, "-c", CROWDED], stdout=subprocess.PIPE, text=True
        ) as server:
            self.addCleanup(server.kill)
            assert server.stdout is not None
            port = int(server.stdout.readline())
            clients = [socket.create_connection(("127.0.0.1", port), 10) for _ in range(CLIENTS)]
            self.assertRegex(server.stdout.readline(), "^cannot accept on port .*; waiting$")
            for client in clients:
                client.sendall(b"hello\r\n")
            for client in clients:
                with client:
                    self.assertEqual(client.recv(100), b"hello\r\n")
            server.kill()
            self.assertEqual(server.stdout.read(), "")


class TurnTests(QueueCase):
    def test_burst(self) -> None:
        """Others have their turn; of a shared socket, also other processes."""
        for is_shared, count in ((False, BURST), (True, 1)):
            self.setUp()
            acceptor = self.accept(*[None] * (BURST * 2), is_shared=is_shared)
            acceptor.doRead()
            self.assertEqual(len(self.factory.made), count)

    def test_sweep(self) -> None:
        """All that wait, at once."""
        acceptor = self.accept(*[None] * (BURST * 3), is_shared=True)
        acceptor.sweep()
        self.assertEqual(len(self.factory.made), BURST * 3)

    def test_aborted(self) -> None:
        """A client that has gone while it waited is no reason to stop."""
        acceptor = self.accept(errno.ECONNABORTED, errno.EHOSTUNREACH, None)
        acceptor.doRead()
        self.assertEqual((len(self.factory.made), self.alarms), (1, []))
        self.assertTrue(self.is_accepting(acceptor))

    def test_forbidden(self) -> None:
        acceptor = self.accept(errno.EPERM, None)
        acceptor.doRead()
        acceptor.doRead()
        self.assertEqual(len(self.factory.made), 1)

    def test_no_use(self) -> None:
        """What does not listen is not asked again and again; somebody is told."""
        for number in (errno.EINVAL, errno.EBADF, errno.ENOTSOCK):
            self.setUp()
            acceptor = self.accept(None, number, None)
            acceptor.doRead()
            self.assertEqual((len(self.factory.made), self.queue.waiting), (1, [None]))
            self.assertFalse(self.is_accepting(acceptor))
            self.assertEqual(self.turning.getDelayedCalls(), [])
            text = f"cannot accept on port 25: {os.strerror(number)}; it is not tried again"
            self.assertEqual(self.alarms, [text])

    def test_closed(self) -> None:
        """Also of one that is no more we know the address."""
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
            acceptor = Acceptor(
                self.turning, closed, self.factory, self.alarms.append, is_shared=False
            )
        acceptor.start()
        acceptor.doRead()
        self.assertFalse(self.is_accepting(acceptor))
        self.assertIn(f"cannot accept on port {port}: Bad file descriptor", self.alarms[0])


class FactoryTests(QueueCase):
    def accepted(self, make: Any) -> list[bool]:
        """Two connections, the first made so, the second as usual: which are closed."""
        acceptor = self.accept(None, None)
        self.factory.make = make
        acceptor.doRead()
        self.turning.advance(0)
        self.assertTrue(self.is_accepting(acceptor))
        return [item.fileno() == -1 for item in self.queue.accepted[::2]]

    def broken(self) -> None:
        raise KeyError("broken")

    def test_none(self) -> None:
        self.assertEqual(self.accepted(lambda: None), [True, False])
        self.assertEqual(self.flushLoggedErrors(), [])

    def test_raises(self) -> None:
        self.assertEqual(self.accepted(self.broken), [True, False])
        self.assertEqual(len(self.flushLoggedErrors(KeyError)), 1)

    def test_raises_at_its_begin(self) -> None:
        protocol = Mute()
        protocol.connectionMade = self.broken  # type: ignore[method-assign]
        self.assertEqual(self.accepted(lambda: protocol), [True, False])
        self.assertEqual(len(self.flushLoggedErrors(KeyError)), 1)
        self.assertTrue(protocol.is_lost)

    def test_reactor_has_no_room(self) -> None:
        """As when there are too many descriptors for its epoll."""
        protocol = Mute()
        usual = self.turning.addReader

        def refuse(reader: object) -> None:
            self.turning.addReader = usual  # type: ignore[method-assign]
            raise OSError(errno.ENOSPC, "No space left on device")

        acceptor = self.accept(None, None)
        self.factory.make = lambda: protocol
        self.turning.addReader = refuse  # type: ignore[method-assign]
        acceptor.doRead()
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 1)
        self.assertTrue(protocol.is_lost)
        closed = [item.fileno() == -1 for item in self.queue.accepted[::2]]
        self.assertEqual(closed, [True, False])


class AddressTests(SocketCase):
    async def peer(self, listening: socket.socket) -> tuple[IAddress | None, IAddress, IAddress]:
        """What a factory is told of a client, and its protocol; and of ourselves."""
        listening.setblocking(False)
        factory = Wary()
        acceptor = Acceptor(reactor, listening, factory, self.fail, is_shared=False)
        acceptor.start()
        client = socket.socket(listening.family)
        self.addCleanup(client.close)
        client.connect(listening.getsockname())
        await self.until(lambda: bool(factory.made))
        transport = factory.made[0].transport
        assert transport is not None
        found = factory.addresses[0], transport.getPeer(), transport.getHost()
        acceptor.stop()
        client.close()
        await self.until(lambda: factory.made[0].is_lost)
        self.assertNotEqual(listening.fileno(), -1)
        return found

    async def test_tcp(self) -> None:
        listening = self.listening(("127.0.0.1", 0))
        told, peer, host = await self.peer(listening)
        self.assertIsInstance(told, IPv4Address)
        self.assertEqual(peer, told)
        self.assertEqual(host, IPv4Address("TCP", "127.0.0.1", listening.getsockname()[1]))

    async def test_tcp6(self) -> None:
        listening = socket.create_server(("::1", 0), family=socket.AF_INET6)
        self.addCleanup(listening.close)
        told, peer, host = await self.peer(listening)
        self.assertIsInstance(told, IPv6Address)
        self.assertEqual(peer, told)
        self.assertEqual(cast(IPv6Address, host).host, "::1")

    async def test_unix(self) -> None:
        path = str(self.folder / "s")
        told, peer, host = await self.peer(self.listening(path))
        self.assertEqual(told, UNIXAddress(None))
        self.assertIsInstance(peer, UNIXAddress)
        self.assertEqual(host, UNIXAddress(path.encode()))
        self.assertEqual([item.name for item in self.folder.iterdir()], ["s"])
