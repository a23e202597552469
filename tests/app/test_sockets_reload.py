"""A configuration after another: what is live changes when the new one is committed, not before."""

import os
import socket
import threading

from mailfilter.app import sockets
from tests.live.processes import free_port
from tests.servers.milter_server import logged

from .case import SocketsCase, descriptors, is_closed, is_free, is_listening, ports

CLIENTS = 200


def greet(listening: socket.socket, served: list[int]) -> None:
    """Answer whoever comes, until nobody has for a while."""
    listening.settimeout(0.5)
    try:
        while True:
            accepted, _ = listening.accept()
            with accepted:
                accepted.sendall(b"hello")
            served.append(1)
    except TimeoutError:
        return


class TakeTests(SocketsCase):
    def setUp(self) -> None:
        super().setUp()
        self.port = free_port()
        self.endpoint = f"tcp:{self.port}:interface=127.0.0.1"

    def ask(self) -> bytes:
        with socket.create_connection(("127.0.0.1", self.port), 5) as client:
            client.settimeout(5)
            return client.recv(100)

    def test_everybody_is_answered(self) -> None:
        """While a reload that wants more workers is under way, and after it has failed."""
        (old,) = self.serve(1, http=self.endpoint)["http"].sockets
        served: list[int] = []
        server = threading.Thread(target=greet, args=(old.dup(), served))
        server.start()
        self.addCleanup(server.join)
        taken = self.take(4, http=self.endpoint)
        self.assertEqual(len(taken["http"].sockets), 4)
        for at in range(CLIENTS):
            if at == CLIENTS // 2:
                self.sockets.abandon(taken)
            self.assertEqual(self.ask(), b"hello")
        self.assertEqual(len(served), CLIENTS)

    def test_not_before_commit(self) -> None:
        """A new address is nobody's yet, a new file only ours."""
        path = f"{self.folder}/s"
        taken = self.take(2, a=self.endpoint, b=f"unix:{path}:mode=666")
        self.assertEqual((ports(taken["a"]), is_free(self.port)), ([self.port] * 2, True))
        self.assertEqual(self.mode(path), 0o600)
        with socket.socket(socket.AF_UNIX) as client:
            self.assertRaises(ConnectionRefusedError, client.connect, path)
        self.sockets.commit(taken)
        self.assertEqual(self.mode(path), 0o666)
        for item in (*taken["a"].sockets, *taken["b"].sockets):
            self.assertTrue(is_listening(item))

    def test_more_workers(self) -> None:
        first = self.serve(1, http=self.endpoint)["http"]
        bound = self.take(4, http=self.endpoint)["http"]
        self.assertEqual(len(first.sockets), 1)
        self.assertEqual([is_listening(item) for item in bound.sockets], [True] + [False] * 3)
        self.sockets.commit({"http": bound})
        self.assertEqual(bound.sockets[0], first.sockets[0])
        self.assertEqual(ports(bound), [self.port] * 4)
        self.assertEqual([is_listening(item) for item in bound.sockets], [True] * 4)
        self.assertEqual(len(self.serve(2, http=self.endpoint)["http"].sockets), 4)

    def test_no_more_can_be_had(self) -> None:
        """As when we have become another user: those there are must do."""
        self.serve(2, http=self.endpoint)

        def refuse(*_arguments: object) -> socket.socket:
            raise PermissionError(13, "Permission denied")

        self.patch(sockets, "bind_tcp", refuse)
        with logged() as lines:
            self.assertEqual(len(self.take(4, http=self.endpoint)["http"].sockets), 2)
        self.assertIn("Permission denied", lines[0])


class AbandonTests(SocketsCase):
    def setUp(self) -> None:
        super().setUp()
        self.port, self.path = free_port(), f"{self.folder}/s"
        self.endpoint = f"tcp:{self.port}:interface=127.0.0.1"

    def test_twice(self) -> None:
        """What is new is closed, also the file; what is live is not, and nothing of later."""
        before = self.serve(1, a=self.endpoint)
        other = free_port()
        mine = f"unix:{self.path}"
        taken = self.take(3, a=self.endpoint, b=mine, c=f"tcp:{other}:interface=127.0.0.1")
        self.sockets.abandon(taken)
        self.assertEqual([item.fileno() == -1 for item in taken["a"].sockets], [False, True, True])
        self.assertTrue(is_closed(taken["b"]) and is_closed(taken["c"]))
        self.assertEqual(self.files(), [])
        later = self.serve(3, a=self.endpoint, b=mine)
        self.sockets.abandon(taken)
        self.assertEqual(self.files(), ["s"])
        self.assertEqual(later["a"].sockets[0], before["a"].sockets[0])
        self.assertNotIn(-1, descriptors(later["a"]) + descriptors(later["b"]))

    def test_after_commit(self) -> None:
        taken = self.serve(2, a=self.endpoint, b=f"unix:{self.path}")
        self.sockets.abandon(taken)
        self.assertEqual(len({*descriptors(taken["a"]), *descriptors(taken["b"])} - {-1}), 3)
        self.assertEqual(self.files(), ["s"])

    def test_beside_another(self) -> None:
        """What several have taken stays until all are abandoned."""
        first = self.take(1, a=self.endpoint, b=f"unix:{self.path}")
        second = self.take(2, a=self.endpoint, b=f"unix:{self.path}")
        self.assertEqual(second["b"], first["b"])
        self.sockets.abandon(first)
        self.assertFalse(is_closed(first["a"]))
        self.assertEqual(self.files(), ["s"])
        third = self.take(2, a=self.endpoint, b=f"unix:{self.path}")
        self.assertEqual(third, second)
        self.sockets.abandon(second)
        self.sockets.abandon(second)
        self.assertNotIn(-1, descriptors(third["a"]))
        self.sockets.abandon(third)
        self.assertTrue(is_closed(third["a"]))
        self.assertEqual(self.files(), [])

    def test_close(self) -> None:
        """A stop in the middle of a reload."""
        before = self.serve(1, a=self.endpoint)
        taken = self.take(2, a=self.endpoint, b=f"unix:{self.path}")
        self.sockets.close()
        for bound in (before["a"], taken["a"], taken["b"]):
            self.assertTrue(is_closed(bound))
        self.assertEqual(self.files(), [])
        self.sockets.abandon(taken)
        self.sockets.close()


class CommitTests(SocketsCase):
    def setUp(self) -> None:
        super().setUp()
        self.port = free_port()
        self.endpoint = f"tcp:{self.port}:interface=127.0.0.1"

    def test_same_endpoint(self) -> None:
        """The same sockets, whatever the listener is called now."""
        path = f"{self.folder}/s"
        before = self.serve(2, a=self.endpoint, b=f"unix:{path}")
        after = self.serve(2, c=self.endpoint, b=f"unix:{path}")
        self.assertIs(after["c"], before["a"])
        self.assertIs(after["b"], before["b"])
        self.assertFalse(is_closed(after["c"]) or is_closed(after["b"]))

    def test_others_are_closed(self) -> None:
        """Those that are not wanted any more, and their files are gone."""
        path = f"{self.folder}/s"
        self.serve(2, a=self.endpoint, b=f"unix:{path}", c=f"unix:{path}2")
        wanted = self.take(2, c=f"unix:{path}2")
        self.assertEqual(self.files(), ["s", "s2"])
        self.assertFalse(is_free(self.port))
        for _ in range(2):
            self.sockets.commit(wanted)
            self.assertEqual(self.files(), ["s2"])
            self.assertTrue(is_free(self.port))
        self.assertIs(self.take(2, c=f"unix:{path}2")["c"], wanted["c"])

    def test_wildcard_beside_ours(self) -> None:
        """A reload that opens up what was for loopback alone, and back."""
        first = self.serve(1, http=self.endpoint)
        second = self.serve(1, http=f"tcp:{self.port}")
        self.assertTrue(is_closed(first["http"]))
        self.assertEqual(second["http"].address(), f"0.0.0.0:{self.port}")
        third = self.serve(1, http=self.endpoint)
        self.assertTrue(is_closed(second["http"]))
        self.assertEqual(third["http"].address(), f"127.0.0.1:{self.port}")

    def test_cannot_be_listened_on(self) -> None:
        """Somebody was faster: all is as before, and what is new can be abandoned."""
        other, third = free_port(), free_port()
        path = f"{self.folder}/s"
        before = self.serve(1, a=self.endpoint, f=f"unix:{path}:mode=600")
        taken = self.take(
            3,
            a=self.endpoint,
            b=f"tcp:{third}:interface=127.0.0.1",
            c=f"tcp:{other}:interface=127.0.0.1",
            f=f"unix:{path}:mode=666",
        )
        with socket.socket() as faster:
            faster.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            faster.bind(("127.0.0.1", other))
            faster.listen()
            with self.assertRaises(sockets.BindError) as caught:
                self.sockets.commit(taken)
        start = f'/etc/mailfilter.toml:3: listeners.c.endpoint = "tcp:{other}:interface=127.0.0.1"'
        self.assertTrue(str(caught.exception).startswith(start), caught.exception)
        self.assertIn(f"port {other} is in use by pid {os.getpid()} (", str(caught.exception))
        self.assertEqual([is_listening(item) for item in taken["a"].sockets], [True, False, False])
        # Also for workers that still have it.
        self.assertTrue(is_free(third))
        self.assertEqual(self.mode(path), 0o600)
        self.sockets.abandon(taken)
        self.assertTrue(is_closed(taken["b"]) and is_closed(taken["c"]))
        self.assertFalse(is_closed(before["a"]) or is_closed(before["f"]))
        self.assertEqual(self.files(), ["s"])
        self.assertFalse(is_free(self.port))

    def test_file_was_taken_away(self) -> None:
        """Between the two steps; nobody could ever connect."""
        path = f"{self.folder}/s"
        self.serve(1, a=self.endpoint)
        taken = self.take(1, a=self.endpoint, b=f"unix:{path}")
        os.unlink(path)
        self.listening(path)
        os.chmod(path, 0o640)
        self.assertRaises(sockets.BindError, self.sockets.commit, taken)
        self.sockets.abandon(taken)
        self.assertEqual((self.files(), self.mode(path)), (["s"], 0o640))
        self.assertFalse(is_free(self.port))

    def test_abandoned(self) -> None:
        self.serve(1, a=self.endpoint)
        other = free_port()
        taken = self.take(1, b=f"tcp:{other}:interface=127.0.0.1")
        self.sockets.abandon(taken)
        with self.assertRaises(sockets.BindError) as caught:
            self.sockets.commit(taken)
        self.assertEqual(str(caught.exception), f"127.0.0.1:{other}: Bad file descriptor")
        self.assertFalse(is_free(self.port))

    def test_backlog(self) -> None:
        """Also of sockets that we had; of 1 the kernel takes two."""
        path = f"{self.folder}/s"
        first = self.serve(1, http=f"unix:{path}")
        second = self.serve(1, http=f"unix:{path}:backlog=1")
        self.assertEqual(second["http"].sockets, first["http"].sockets)
        found = []
        for _ in range(3):
            client = socket.socket(socket.AF_UNIX)
            self.addCleanup(client.close)
            client.setblocking(False)
            found.append(client.connect_ex(path) == 0)
        self.assertEqual(found, [True, True, False])
