"""The fetching of peers, where that needs no network."""

import contextlib
import io
import json
import shutil
import sys
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from . import npm, peers
from .fetching import CannotFetch, run


class PeersTests(SynchronousTestCase):
    """What is fetched, what is found, and what is said when it cannot be had."""

    def setUp(self) -> None:
        """Work in a folder of our own."""
        home = Path(self.mktemp())
        home.mkdir()
        self.patch(peers, "PEERS", home)
        self.patch(peers, "DEBIAN", home / "debian")
        self.patch(peers, "NOTE", home / "why-not.txt")
        self.patch(npm, "NPM", home / "npm")
        self.patch(npm, "NOTE", home / "why-not-npm.txt")

    def test_closure(self) -> None:
        """Libraries that the host lacks come too; other dependencies do not, nor what is but a name
        for a part of another package."""
        shown = {
            "postfix": "Pre-Depends: init-helpers (>= 1.5)\nDepends: libaaa2 (>= 1), adduser",
            "swaks": "Depends: perl:any",
            "rspamd": "Depends: libbbb1 | libbbb2, libc6, libjs-web",
            "systemd": "Depends: libc6, mount",
            "libaaa2": "Depends: libccc",
            "spamassassin": "Depends: libtar-perl",
            "libtar-perl": "",
        }
        self.patch(peers, "_installed", lambda: frozenset({"libc6", "libbbb2", "perl"}))
        self.patch(shutil, "which", lambda name: f"/usr/bin/{name}")
        self.patch(peers, "run", lambda *command: shown.get(command[-1], "Section: libs"))
        expected = [*peers.PACKAGES, "libaaa2", "libccc"]
        self.assertEqual(peers._closure([]), expected)

    def test_unknown_package(self) -> None:
        """A package that the sources do not have is a reason, not a crash."""
        self.patch(peers, "_installed", frozenset)
        self.patch(peers, "run", lambda *command: "")
        error = self.assertRaises(CannotFetch, peers._closure, [])
        self.assertIn("postfix", str(error))

    def test_without_apt(self) -> None:
        """A host without apt is told, and so are the tests that skip for it."""
        self.patch(shutil, "which", lambda name: None)
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            self.assertEqual(peers.main(["fetch"]), 1)
        self.assertIn("will skip: there is no apt-get", said.getvalue())
        self.assertEqual(peers.why_missing("master"), "no master: there is no apt-get on this host")

    def test_command_fails(self) -> None:
        """The last line of what the command said is the reason."""
        script = "import sys; sys.exit('W: slow\\nE: no route to host')"
        error = self.assertRaises(CannotFetch, run, sys.executable, "-c", script)
        self.assertIn("E: no route to host", str(error))

    def test_without_node(self) -> None:
        """A host whose Node.js is too old is told; so are the tests with Haraka."""
        self.patch(npm, "OLDEST_NODE", 1000)
        self.patch(peers, "_complete", lambda: True)
        with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
            self.assertEqual(peers.main(["fetch"]), 1)
        self.assertIn("no Haraka: ", npm.why_missing())

    def test_find(self) -> None:
        """Unpacked programs come before those of the host; what is nowhere is not found."""
        unpacked = peers.DEBIAN / "usr/bin"
        unpacked.mkdir(parents=True)
        (unpacked / "sh").touch()
        self.assertEqual(peers.find("sh"), unpacked / "sh")
        self.assertEqual(peers.why_missing("sh"), "")
        self.assertIsNone(peers.find("no-such-program"))
        self.assertIn("peers fetch", peers.why_missing("sh", "no-such-program"))

    def test_complete(self) -> None:
        """Peers that are there are not fetched again; a list that has changed is."""
        peers.DEBIAN.mkdir()
        stamp = json.dumps({"packages": list(peers.PACKAGES)})
        (peers.DEBIAN / peers.STAMP).write_text(stamp)
        self.assertTrue(peers._complete())
        self.patch(peers, "PACKAGES", ("postfix",))
        self.assertFalse(peers._complete())
