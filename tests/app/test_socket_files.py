"""Listening sockets that are files, and those that systemd hands over."""

import os
import pwd
import socket

from twisted.python.systemd import ListenFDs
from twisted.trial.unittest import SkipTest

from mailfilter.app.sockets import BindError, Sockets
from tests.live.processes import free_port
from tests.servers.milter_server import logged

from .case import SocketsCase, is_closed, is_free, ports


class FileTests(SocketsCase):
    def setUp(self) -> None:
        super().setUp()
        self.path = f"{self.folder}/s"

    def test_mode(self) -> None:
        """As configured whatever the umask, and changed by a later configuration."""
        before = os.umask(0o077)
        self.addCleanup(os.umask, before)
        bound = self.serve(1, http=f"unix:{self.path}")["http"]
        self.assertEqual(self.mode(self.path), 0o666)
        for mode in (0o660, 0o600, 0o000, 0o666):
            now = self.mode(self.path)
            taken = self.take(1, http=f"unix:{self.path}:mode={mode:o}")
            self.assertEqual(taken["http"].sockets, bound.sockets)
            self.assertEqual(self.mode(self.path), now)
            self.sockets.commit(taken)
            self.assertEqual(self.mode(self.path), mode)
            self.sockets.commit(taken)
            self.assertEqual(self.mode(self.path), mode)
        self.assertEqual(os.umask(0o077), 0o077)

    def test_mode_of_an_abandoned_one(self) -> None:
        self.serve(1, http=f"unix:{self.path}:mode=600")
        self.sockets.abandon(self.take(1, http=f"unix:{self.path}:mode=666"))
        self.assertEqual(self.mode(self.path), 0o600)

    def test_mode_cannot_be_set(self) -> None:
        """A file that is new and of no use is removed again."""
        taken = self.take(1, http=f"unix:{self.path}")

        def refuse(path: str, mode: int) -> None:
            raise PermissionError(1, "Operation not permitted", path)

        self.patch(os, "chmod", refuse)
        with self.assertRaises(BindError) as caught:
            self.sockets.commit(taken)
        self.assertIn("cannot be bound: Operation not permitted", str(caught.exception))
        self.sockets.abandon(taken)
        self.assertEqual(self.files(), [])

    def test_owner(self) -> None:
        """By name or number, before anybody may come; what stays is not said."""
        if os.geteuid() != 0:
            raise SkipTest("only root can give a file away")
        daemon = pwd.getpwnam("daemon")
        bound = self.serve(1, http=f"unix:{self.path}:user=daemon:group={daemon.pw_gid}:mode=660")
        status = os.stat(self.path)
        self.assertEqual((status.st_uid, status.st_gid), (daemon.pw_uid, daemon.pw_gid))
        self.assertEqual(self.mode(self.path), 0o660)
        self.sockets.give(7, 7)
        self.assertEqual(os.stat(self.path).st_uid, daemon.pw_uid)
        taken = self.take(1, http=f"unix:{self.path}:group=0")
        self.assertEqual(taken["http"].sockets, bound["http"].sockets)
        self.sockets.commit(taken)
        status = os.stat(self.path)
        self.assertEqual((status.st_uid, status.st_gid), (daemon.pw_uid, 0))
        self.sockets.give(7, 7)
        status = os.stat(self.path)
        self.assertEqual((status.st_uid, status.st_gid), (7, 0))

    def test_owner_behind_a_link(self) -> None:
        """Whoever may write to the folder gets us to give away nothing else."""
        if os.geteuid() != 0:
            raise SkipTest("only root can give a file away")
        self.serve(1, http=f"unix:{self.path}")
        other = f"{self.folder}/other"
        os.rename(self.path, other)
        os.symlink(other, self.path)
        self.sockets.give(7, 7)
        taken = self.take(1, http=f"unix:{self.path}:user=8")
        self.sockets.commit(taken)
        self.assertEqual(os.stat(other).st_uid, 0)
        self.assertEqual(os.lstat(self.path).st_uid, 8)

    def test_no_such_owner(self) -> None:
        for owner, expected in (
            ("user=no-such-user", "there is no user no-such-user"),
            ("group=no-such-group", "there is no group no-such-group"),
        ):
            taken = self.take(1, http=f"unix:{self.path}:{owner}")
            with self.assertRaises(BindError) as caught:
                self.sockets.commit(taken)
            self.assertIn(expected, str(caught.exception))
            self.sockets.abandon(taken)
            self.assertEqual(self.files(), [])

    def test_stale(self) -> None:
        """What a dead process left is replaced."""
        dead = socket.socket(socket.AF_UNIX)
        dead.bind(self.path)
        dead.close()
        self.serve(1, http=f"unix:{self.path}")
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(self.path)
        self.sockets.close()
        self.assertEqual(self.files(), [])

    def test_somebody_elses(self) -> None:
        """A path that meanwhile belongs to another is not touched; without it we go on."""
        bound = self.serve(1, http=f"unix:{self.path}")["http"]
        os.unlink(self.path)
        self.listening(self.path)
        os.chmod(self.path, 0o600)
        (text,) = self.refused(1, http=f"unix:{self.path}:mode=666")
        self.assertIn("the socket is in use by pid ", text)
        self.assertEqual(self.mode(self.path), 0o600)
        self.assertNotEqual(bound.sockets[0].fileno(), -1)
        self.sockets.close()
        self.assertEqual(self.files(), ["s"])
        self.assertEqual(bound.sockets[0].fileno(), -1)

    def test_gone(self) -> None:
        """A file that somebody removed is there again with the next configuration."""
        endpoint = f"unix:{self.path}:mode=660"
        old = self.serve(1, http=endpoint)
        os.unlink(self.path)
        new = self.take(1, http=endpoint)
        self.assertFalse(is_closed(old["http"]))
        self.sockets.commit(new)
        self.assertTrue(is_closed(old["http"]))
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(self.path)
        self.assertIs(self.take(1, http=endpoint)["http"], new["http"])

    def test_gone_and_kept(self) -> None:
        """The configuration that was to bring it back is given up."""
        endpoint = f"unix:{self.path}"
        old = self.serve(1, http=endpoint)
        os.unlink(self.path)
        new = self.take(1, http=endpoint)
        self.sockets.abandon(new)
        self.assertTrue(is_closed(new["http"]))
        self.assertFalse(is_closed(old["http"]))
        self.assertEqual(self.files(), [])
        self.serve(1, http=endpoint)
        self.assertEqual(self.files(), ["s"])

    def test_folder_of_root(self) -> None:
        """Who has become another user may not remove a file there: all others are closed."""
        port = free_port()
        self.serve(1, a=f"unix:{self.path}", b=f"tcp:{port}:interface=127.0.0.1")

        def refuse(path: str) -> None:
            raise PermissionError(13, "Permission denied", path)

        self.patch(os, "unlink", refuse)
        with logged() as lines:
            self.sockets.close()
        self.assertEqual(lines, [f"{self.path} is left behind: Permission denied"])
        self.assertTrue(is_free(port))

    def test_give(self) -> None:
        if os.geteuid() != 0:
            self.skipTest("only root can give files away")
        self.serve(1, a=f"unix:{self.path}", b=f"tcp:{free_port()}:interface=127.0.0.1")
        self.sockets.give(12, 34)
        status = os.stat(self.path)
        self.assertEqual((status.st_uid, status.st_gid), (12, 34))


class SystemdTests(SocketsCase):
    def offer(self, *opened: socket.socket) -> None:
        descriptors = [item.fileno() for item in opened]
        self.sockets = Sockets(ListenFDs(descriptors, [f"n{at}" for at in range(len(opened))]))
        self.addCleanup(self.sockets.close)

    def test_handed_over(self) -> None:
        """By name or index, one for all workers; closing ours leaves systemd's."""
        first, second = self.listening(("127.0.0.1", 0)), self.listening(f"{self.folder}/s")
        self.offer(first, second)
        taken = self.serve(4, a="systemd:domain=INET:name=n0", b="systemd:domain=UNIX:index=1")
        self.assertEqual(ports(taken["a"]), [first.getsockname()[1]])
        self.assertEqual(taken["b"].address(), f"{self.folder}/s")
        again = self.serve(2, a="systemd:domain=INET:name=n0", b="systemd:domain=UNIX:index=1")
        self.assertEqual(again, taken)
        self.sockets.close()
        self.assertFalse(is_free(first.getsockname()[1]))
        self.assertEqual(self.files(), ["s"])
        self.serve(1, a="systemd:domain=INET:name=n0")

    def test_wrong(self) -> None:
        self.offer(self.listening(("127.0.0.1", 0)))
        for endpoint, words in (
            ("systemd:domain=UNIX:name=n0", "a socket that is not of domain UNIX"),
            ("systemd:domain=INET:name=n1", "no such socket"),
            ("systemd:domain=INET:index=1", "no such socket"),
        ):
            (text,) = self.refused(1, http=endpoint)
            self.assertIn(words, text)

    def test_not_for_accepting(self) -> None:
        """What the unit hands over when it is written for something else."""
        with (
            socket.socket() as silent,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams,
            open(os.devnull, "rb") as null,
        ):
            self.sockets = Sockets(
                ListenFDs([silent.fileno(), datagrams.fileno(), null.fileno()], ["a", "b", "c"])
            )
            before = os.listdir("/proc/self/fd")
            for name, words in (
                ("a", "a socket that does not listen (its unit must not set Accept=yes)"),
                ("b", "a socket that is not of type stream (ListenStream= of its unit)"),
                ("c", "what systemd has handed over is not a socket"),
            ):
                (text,) = self.refused(1, http=f"systemd:domain=INET:name={name}")
                self.assertIn(words, text)
            self.assertEqual(len(os.listdir("/proc/self/fd")), len(before))
