"""Sockets that outlive those who accept on them: bound together or not at all, told why not."""

import contextlib
import os
import socket
import subprocess
import sys
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mailfilter.app.sockets import BACKLOG, share
from mailfilter.config import Config, Loaded
from mailfilter.config.model import Listener
from tests.config.case import EXAMPLES
from tests.live.processes import free_port

from .case import SocketsCase, is_closed, is_free, is_listening, ports

OTHER = """
import socket, sys
opened = socket.socket()
opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
opened.bind(("127.0.0.1", 0))
opened.listen()
print(opened.getsockname()[1], flush=True)
sys.stdin.read()
"""
"""Another process that listens, and would share."""


class BindTests(SocketsCase):
    def test_one_for_each_worker(self) -> None:
        port = free_port()
        bound = self.serve(3, http=f"tcp:{port}:interface=127.0.0.1")["http"]
        self.assertEqual(ports(bound), [port] * 3)
        self.assertEqual(bound.address(), f"127.0.0.1:{port}")
        for item in bound.sockets:
            self.assertFalse(item.getblocking())
            self.assertTrue(is_listening(item))

    def test_one_for_all(self) -> None:
        bound = self.serve(3, http=f"unix:{self.folder}/s")["http"]
        self.assertEqual(len(bound.sockets), 1)
        self.assertEqual(bound.address(), f"{self.folder}/s")

    def test_any_port(self) -> None:
        """Port 0 is one free port for all workers, and another one for each listener."""
        taken = self.serve(2, a="tcp:0:interface=127.0.0.1", b="tcp:0:interface=127.0.0.1")
        self.assertEqual(len({*ports(taken["a"]), *ports(taken["b"])}), 2)
        self.assertNotEqual(ports(taken["a"])[0], 0)
        again = self.serve(2, a="tcp:0:interface=127.0.0.1", b="tcp:0:interface=127.0.0.1")
        self.assertEqual(again, taken)

    def test_address_when_closed(self) -> None:
        """Somebody may still ask while the filter stops."""
        port = free_port()
        taken = self.serve(2, a=f"tcp:{port}:interface=127.0.0.1", b=f"unix:{self.folder}/s")
        self.sockets.close()
        self.assertTrue(is_closed(taken["a"]))
        self.assertEqual(taken["a"].address(), f"127.0.0.1:{port}")
        self.assertEqual(taken["b"].address(), f"{self.folder}/s")

    def test_ipv6(self) -> None:
        port = free_port()
        bound = self.serve(2, http=rf"tcp6:{port}:interface=\:\:1")["http"]
        self.assertEqual(bound.address(), f"[::1]:{port}")

    def test_crowd(self) -> None:
        """Who comes before anybody accepts gets in; Twisted's own queue is of 50."""
        self.assertGreaterEqual(BACKLOG, 200)
        port = free_port()
        self.serve(1, http=f"tcp:{port}:interface=127.0.0.1")
        for _ in range(200):
            client = socket.create_connection(("127.0.0.1", port), 2)
            self.addCleanup(client.close)

    def test_backlog(self) -> None:
        """A queue of one's own size: of 1 the kernel takes two."""
        self.serve(1, http=f"unix:{self.folder}/s:backlog=1")
        found = []
        for _ in range(4):
            client = socket.socket(socket.AF_UNIX)
            self.addCleanup(client.close)
            client.setblocking(False)
            found.append(client.connect_ex(f"{self.folder}/s") == 0)
        self.assertEqual(found, [True, True, False, False])

    def test_disabled(self) -> None:
        off = Listener(protocol="http", endpoint="tcp:0", enabled=False)
        config = Config(listeners={"http": off})
        self.assertEqual(self.sockets.take(Loaded(config, {}, None, "/"), 1), {})

    def test_close(self) -> None:
        port = free_port()
        self.serve(2, a=f"tcp:{port}:interface=127.0.0.1", b=f"unix:{self.folder}/s")
        self.assertFalse(is_free(port))
        self.sockets.close()
        self.assertTrue(is_free(port))
        self.assertEqual(self.files(), [])
        self.sockets.close()


class OptionTests(SocketsCase):
    def test_peers_that_are_gone_are_found(self) -> None:
        bound = self.serve(2, a=f"tcp:{free_port()}:interface=127.0.0.1")["a"]
        client = socket.create_connection(bound.sockets[0].getsockname())
        self.addCleanup(client.close)
        for sock in bound.sockets:
            with contextlib.suppress(BlockingIOError):
                accepted, _ = sock.accept()
                self.addCleanup(accepted.close)
                found = accepted.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
                self.assertEqual(found, 1)
                return
        self.fail("no connection")


class RefusedTests(SocketsCase):
    def test_all_or_none(self) -> None:
        """What could be bound is let go, and every failure is told."""
        port = self.listening(("127.0.0.1", 0)).getsockname()[1]
        free, path = free_port(), str(self.folder / "s")
        self.listening(f"{path}2")
        first, second = self.refused(
            2,
            good=f"tcp:{free}:interface=127.0.0.1",
            bad=f"tcp:{port}:interface=127.0.0.1",
            file=f"unix:{path}",
            other=f"unix:{path}2",
        )
        self.assertTrue(is_free(free))
        self.assertEqual(self.files(), ["s2"])
        start = f'/etc/mailfilter.toml:2: listeners.bad.endpoint = "tcp:{port}:interface=127.0.0.1"'
        self.assertTrue(first.startswith(start), first)
        self.assertIn(f"port {port} is in use by pid {os.getpid()} (", first)
        self.assertTrue(first.endswith("set another port here, or listeners.bad.enabled = false"))
        start = f'/etc/mailfilter.toml:4: listeners.other.endpoint = "unix:{path}2": the socket is'
        self.assertTrue(second.startswith(f"{start} in use by pid {os.getpid()} ("), second)

    def test_what_we_had_stays(self) -> None:
        """When something new cannot be bound the rest is as it was, also modes and numbers."""
        port, path = free_port(), str(self.folder / "s")
        before = self.serve(1, a=f"tcp:{port}:interface=127.0.0.1", b=f"unix:{path}:mode=600")
        taken = self.listening(("127.0.0.1", 0)).getsockname()[1]
        self.refused(
            3,
            a=f"tcp:{port}:interface=127.0.0.1",
            b=f"unix:{path}:mode=666",
            c=f"tcp:{taken}:interface=127.0.0.1",
        )
        self.assertEqual(len(before["a"].sockets), 1)
        self.assertEqual(self.mode(path), 0o600)
        self.assertFalse(is_free(port))

    def test_nothing_is_left(self) -> None:
        """Of what was bound before the last one could not be, also beside those that we had."""
        mine = f"tcp:{free_port()}:interface=127.0.0.1"
        self.serve(1, a=mine)
        used = self.listening(("127.0.0.1", 0)).getsockname()[1]
        before = os.listdir("/proc/self/fd")
        self.refused(
            3,
            a=mine,
            b=f"tcp:{free_port()}:interface=127.0.0.1",
            c=f"unix:{self.folder}/s",
            d=f"tcp:{used}:interface=127.0.0.1",
        )
        self.assertEqual(len(os.listdir("/proc/self/fd")), len(before))
        self.assertEqual(self.files(), [])

    def test_shared_by_another_process(self) -> None:
        """SO_REUSEPORT would let us in beside it, and each would get some of the connections."""
        other = subprocess.Popen(
            [sys.executable, "-c", OTHER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert other.stdin is not None and other.stdout is not None
        self.addCleanup(other.wait, 10)
        self.addCleanup(other.kill)
        self.addCleanup(other.stdin.close)
        self.addCleanup(other.stdout.close)
        port = int(other.stdout.readline())
        for endpoint in (f"tcp:{port}:interface=127.0.0.1", f"tcp:{port}"):
            (text,) = self.refused(2, http=endpoint)
            self.assertIn(f"port {port} is in use by pid {other.pid} (", text)

    def test_shared_beside_ours(self) -> None:
        """Also when we have the same port at another address."""
        port = free_port()
        self.listening(("127.0.0.2", port), shared=True)
        mine = f"tcp:{port}:interface=127.0.0.1"
        self.serve(1, a=mine)
        (text,) = self.refused(1, a=mine, b=f"tcp:{port}:interface=127.0.0.2")
        self.assertIn(f"port {port} is in use by pid ", text)

    def test_living_socket(self) -> None:
        path = str(self.folder / "s")
        living = self.listening(path)
        (text,) = self.refused(1, http=f"unix:{path}")
        self.assertIn("the socket is in use by pid ", text)
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(path)
        living.accept()[0].close()

    def test_crowded_socket(self) -> None:
        """One whose queue is full is not waited for."""
        path = str(self.folder / "s")
        living = self.listening(path)
        living.listen(0)
        for _ in range(2):
            client = socket.socket(socket.AF_UNIX)
            self.addCleanup(client.close)
            client.setblocking(False)
            client.connect_ex(path)
        waits: list[float | None] = []
        connect = socket.socket.connect

        class Watched(socket.socket):
            def connect(self, address: Any) -> None:
                waits.append(self.gettimeout())
                connect(self, address)

        self.patch(socket, "socket", Watched)
        (text,) = self.refused(1, http=f"unix:{path}")
        self.assertIn("the socket is in use by pid ", text)
        self.assertEqual(waits, [0.0])
        self.assertEqual(self.files(), ["s"])

    def test_no_socket(self) -> None:
        """A file of somebody is not removed."""
        (self.folder / "s").write_text("a letter")
        (text,) = self.refused(1, http=f"unix:{self.folder}/s")
        self.assertIn("cannot be bound: Address already in use; set another path", text)
        (text,) = self.refused(1, http=f"unix:{self.folder}/none/s")
        self.assertIn("cannot be bound: No such file or directory", text)
        self.assertEqual((self.folder / "s").read_text(), "a letter")

    def test_foreign_address(self) -> None:
        (text,) = self.refused(1, http=f"tcp:{free_port()}:interface=192.0.2.1")
        self.assertIn("this machine has no address 192.0.2.1; set another interface here", text)

    def test_systemd(self) -> None:
        (text,) = self.refused(1, http="systemd:domain=INET:name=milter")
        self.assertIn("cannot be listened on: systemd has handed over no such socket", text)


class ShareTests(SocketsCase):
    @EXAMPLES
    @given(st.integers(1, 8), st.integers(1, 8))
    def test_share(self, count: int, workers: int) -> None:
        shared = dict(share(count, workers))
        self.assertEqual(list(shared), list(range(count)))
        self.assertTrue(all(shared.values()))
        self.assertEqual(
            {place for places in shared.values() for place in places}, {*range(workers)}
        )
        if count >= workers:
            # Nobody has to share.
            self.assertEqual({len(places) for places in shared.values()}, {1})
