"""Why a listener cannot be bound."""

import errno
import os
import socket
from contextlib import closing
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from unittest.mock import Mock

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.app import port_owner
from mailfilter.app.port_owner import describe_owner, describe_unix_owner, explain_bind_error
from mailfilter.config import Loaded, load


def listening(family: int, address: object) -> socket.socket:
    """A socket that is listened on."""
    opened = socket.socket(family)
    opened.bind(address)  # type: ignore[arg-type]  # of the family's own kind
    opened.listen()
    return opened


class OwnerTests(SynchronousTestCase):
    """Who has a port, by the kernel's tables."""

    def setUp(self) -> None:
        command = Path("/proc/self/comm").read_text("utf-8").strip()
        self.ours = f"pid {os.getpid()} ({command})"

    def test_tcp(self) -> None:
        """Our own port, by its address, by a wildcard, and not by another address."""
        with closing(listening(socket.AF_INET, ("127.0.0.1", 0))) as opened:
            port = opened.getsockname()[1]
            for host, expected in (
                ("127.0.0.1", self.ours),
                ("0.0.0.0", self.ours),
                ("::", self.ours),
                ("127.0.0.2", None),
                ("::1", None),
            ):
                self.assertEqual(describe_owner(host, port), expected, host)
        self.assertIs(describe_owner("127.0.0.1", port), None)

    def test_tcp6(self) -> None:
        """An IPv6 port, where the machine has that."""
        try:
            opened = listening(socket.AF_INET6, ("::1", 0))
        except OSError:
            return
        with closing(opened):
            self.assertEqual(describe_owner("::1", opened.getsockname()[1]), self.ours)

    def test_wildcard(self) -> None:
        """A port on all addresses is in the way on each."""
        with closing(listening(socket.AF_INET, ("", 0))) as opened:
            self.assertEqual(describe_owner("127.0.0.1", opened.getsockname()[1]), self.ours)

    def test_not_listening(self) -> None:
        """A socket that only has the port is not what holds it."""
        with closing(socket.socket()) as opened:
            opened.bind(("127.0.0.1", 0))
            self.assertIs(describe_owner("127.0.0.1", opened.getsockname()[1]), None)

    def test_unix(self) -> None:
        """The path of a unix socket."""
        path = os.path.relpath(self.mktemp())
        with closing(listening(socket.AF_UNIX, path)):
            self.assertEqual(describe_unix_owner(path), self.ours)
        self.assertIs(describe_unix_owner(path), None)

    def test_hidden_process(self) -> None:
        """A process that we may not look into is told by its user."""
        proc = Path(self.mktemp())
        (proc / "net").mkdir(parents=True)
        (proc / "77").mkdir()
        line = "0: 0100007F:2C45 00000000:0000 0A 0:0 00:0 0 {uid} 0 4711 1 0 100 0 0 10 0"
        self.patch(port_owner, "PROC", proc)
        for uid, expected in ((0, "user root"), (3999999999, "user 3999999999")):
            (proc / "net/tcp").write_text("header\n" + line.format(uid=uid) + "\nshort\n")
            self.assertEqual(describe_owner("127.0.0.1", 0x2C45), f"a process of {expected}")


class ExplainTests(SynchronousTestCase):
    """The line that the operator reads."""

    def load(self, endpoint: str) -> Loaded:
        """A configuration whose HTTP listener has this endpoint."""
        self.path = Path(self.mktemp()).absolute()
        self.path.write_text(f"[listeners.scan]\nendpoint = '{endpoint}'")
        return load(str(self.path))

    def explain(self, loaded: Loaded, cause: OSError) -> str:
        """The explanation of an error with this cause."""
        listener = loaded.config.listeners["scan"]
        return explain_bind_error("scan", listener, cause, loaded)

    def test_in_use(self) -> None:
        """Port, owner, setting and its place."""
        with closing(listening(socket.AF_INET, ("127.0.0.1", 0))) as opened:
            port = opened.getsockname()[1]
            endpoint = f"tcp:{port}:interface=127.0.0.1"
            with closing(socket.socket()) as second, self.assertRaises(OSError) as caught:
                second.bind(("127.0.0.1", port))
            text = self.explain(self.load(endpoint), caught.exception)
            owner = describe_owner("127.0.0.1", port)
        self.assertEqual(
            text,
            f'{self.path}:2: listeners.scan.endpoint = "{endpoint}": port {port} is in use by'
            f" {owner}; set another port here, or listeners.scan.enabled = false",
        )

    def test_default(self) -> None:
        """A default names the file to write."""
        self.patch(port_owner, "describe_owner", Mock(return_value=None))
        cause = OSError(errno.EADDRINUSE, "Address already in use")
        self.assertEqual(
            self.explain(load(None), cause),
            'listeners.scan.endpoint = "tcp:11333:interface=127.0.0.1": port 11333 is in use;'
            " set another port in /etc/mailfilter/mailfilter.toml (or in the file that --config"
            " FILE names), or listeners.scan.enabled = false",
        )

    def test_default_beside_file(self) -> None:
        """A default where a file is read: that file is the one to change."""
        self.patch(port_owner, "describe_owner", Mock(return_value=None))
        path = Path(self.mktemp()).absolute()
        path.write_text("")
        text = self.explain(load(str(path)), OSError(errno.EADDRINUSE, "x"))
        self.assertIn(f"set another port in {path}, or listeners.scan.enabled = false", text)

    def test_other_reasons(self) -> None:
        """Each has its own words."""
        for endpoint, cause, words in (
            ("tcp:783", OSError(errno.EACCES, "x"), "port 783 may only be bound by root"),
            ("tcp:1", OSError(errno.EADDRNOTAVAIL, "x"), "this machine has no address 0.0.0.0"),
            ("tcp:1", OSError(errno.ENOBUFS, "No space"), "cannot be bound: No space"),
            ("tcp:1", socket.gaierror(-2, "Not known"), "cannot be bound: Not known"),
            ("unix:/x/y", OSError(errno.ENOENT, "No such"), "cannot be bound: No such"),
            ("systemd:INET:index=0", OSError(errno.EBADF, "Bad"), "cannot be bound: Bad"),
        ):
            self.assertIn(f'": {words}; set ', self.explain(self.load(endpoint), cause))

    def test_unix_in_use(self) -> None:
        """The owner of a unix socket."""
        folder = mkdtemp()  # trial's own names are too long for the path of a socket
        self.addCleanup(rmtree, folder)
        path = f"{folder}/s"
        with closing(listening(socket.AF_UNIX, path)):
            text = self.explain(self.load(f"unix:{path}"), OSError(errno.EADDRINUSE, "used"))
        self.assertIn(f'": the socket is in use by pid {os.getpid()} (', text)
        self.assertIn("; set another path here, or listeners.scan.enabled = false", text)
