"""The filter as a service of systemd: inherited sockets, notices, signs of life."""

import os
import signal
import socket
import stat
import struct
import time

from twisted.trial.unittest import SynchronousTestCase

from .processes import free_port, wait_until
from .systemd import Service, spoken_for

CONFIG = """\
[server]
workers = {workers}

[listeners.scan]
protocol = "http"
endpoint = "systemd:domain=INET:name=http"

[listeners.milter]
protocol = "milter"
endpoint = "systemd:domain=UNIX:name=milter"

[listeners.spamd]
enabled = false

[listeners.controller]
enabled = false
"""

OTHER_CONFIG = """\
[server]
workers = 2

[listeners.scan]
endpoint = "tcp:{port}:interface=127.0.0.1"

[listeners.milter]
enabled = false

[listeners.spamd]
enabled = false

[listeners.controller]
enabled = false
"""

PING = b"GET /ping HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
OPTNEG = struct.pack(">IcIII", 13, b"O", 6, 0x1FF, 0x1FFFFF)

STOPPED = -signal.SIGTERM
"""How twistd ends that was told to; for systemd that is a clean end."""


def read_all(connection: socket.socket) -> bytes:
    """What comes until the other side closes."""
    with connection:
        found = b""
        while data := connection.recv(4096):
            found += data
    return found


class ServiceCase(SynchronousTestCase):
    """Base: a service that is not started yet."""

    config = ""

    def setUp(self) -> None:
        self.service = Service(self.config)
        self.addCleanup(self.service.stop)

    def begin(self) -> str:
        """Start the service; what it says when it is ready."""
        self.service.start()
        return self.service.wait_notice("READY=1")

    def ask_http(self) -> socket.socket:
        """A connection with a request."""
        connection = self.service.connect("http")
        connection.sendall(PING)
        return connection

    def ask_milter(self) -> socket.socket:
        """A connection with an offer of options."""
        connection = self.service.connect("milter")
        connection.sendall(OPTNEG)
        return connection

    def check_answers(self, http: socket.socket, milter: socket.socket) -> None:
        """Both are answered."""
        self.assertIn(b"pong", read_all(http))
        with milter:
            self.assertEqual(milter.recv(5)[4:], b"O")


class WorkersTests(ServiceCase):
    """With two workers."""

    config = CONFIG.replace("{workers}", "2")
    workers = 2

    def test_answers(self) -> None:
        """Who connected before the start is answered too, and again after a reload."""
        early = self.ask_http(), self.ask_milter()
        self.begin()
        self.check_answers(*early)
        self.check_answers(self.ask_http(), self.ask_milter())
        self.service.child.send(signal.SIGHUP)
        self.service.wait_notice("RELOADING=1")
        self.service.wait_notice("READY=1")
        self.check_answers(self.ask_http(), self.ask_milter())

    def test_notices(self) -> None:
        """A state at each turn; a reload is dated, as systemd wants it."""
        number = "1 worker" if self.workers == 1 else f"{self.workers} workers"
        self.assertIn(f"STATUS=generation 1, {number}", self.begin())
        before = time.monotonic_ns() // 1000
        self.service.child.send(signal.SIGHUP)
        fields = dict(
            line.split("=", 1) for line in self.service.wait_notice("RELOADING=1").splitlines()
        )
        now = time.monotonic_ns() // 1000
        self.assertTrue(before <= int(fields["MONOTONIC_USEC"]) <= now, fields)
        self.assertIn(f"STATUS=generation 2, {number}", self.service.wait_notice("READY=1"))
        self.service.child.send(signal.SIGTERM)
        self.service.wait_notice("STOPPING=1")
        self.assertEqual(self.service.child.wait(), STOPPED)

    def test_watchdog(self) -> None:
        """Signs of life come again and again, also while nothing happens."""
        self.begin()
        for _ in range(4):
            self.service.wait_notice("WATCHDOG=1")

    def test_stop(self) -> None:
        """The sockets stay: who connects meanwhile waits for the next start."""
        self.begin()
        self.service.child.send(signal.SIGTERM)
        self.assertEqual(self.service.child.wait(), STOPPED)
        self.assertTrue(stat.S_ISSOCK(os.stat(self.service.path).st_mode))
        waiting = self.ask_http(), self.ask_milter()
        self.begin()
        self.check_answers(*waiting)

    def test_environment(self) -> None:
        """Workers cannot speak for the service, nor take its sockets for theirs."""
        self.begin()
        found = self.service.workers()
        self.assertEqual(len(found), self.workers if self.workers > 1 else 0)
        self.assertEqual([spoken_for(pid) for pid in found], [[]] * len(found))


class OneProcessTests(WorkersTests):
    """With one process."""

    config = CONFIG.replace("{workers}", "1")
    workers = 1


class UnusedTests(ServiceCase):
    """Sockets that no listener asks for."""

    def setUp(self) -> None:
        self.config = OTHER_CONFIG.replace("{port}", str(free_port()))
        super().setUp()

    def test_environment(self) -> None:
        """They are no business of the workers."""
        self.begin()
        wait_until(lambda: len(self.service.workers()) == 2, "two workers")
        self.assertEqual([spoken_for(pid) for pid in self.service.workers()], [[], []])
