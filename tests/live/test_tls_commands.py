"""`mailfilteradm tls` with a filter: make its certificate, look at it from outside and inside."""

import subprocess
import sys

from mailfilter.tls.facts import fingerprint
from tests.authority import load

from . import peers
from .harness import Filter, LiveCase
from .processes import free_port
from .tls import TlsFilter, papers, tls_filter

_ADM = "from mailfilter.app.adm import main; main()"
_LISTENER = """\
[listeners.far]
protocol = "http"
endpoint = "tcp:{port}:interface=127.0.0.1"
certificates = ["localhost"]
client_auth = "required"
identities = ["mta.example.net"]
"""


def adm(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `mailfilteradm`."""
    return subprocess.run(
        [sys.executable, "-c", _ADM, "tls", *arguments],
        cwd=peers.CHECKOUT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


class SelfSignedTests(LiveCase):
    """A filter and a client that trust each other by what the commands have printed."""

    filter: Filter

    def make_filter(self) -> Filter:
        """One whose configuration the commands have written."""
        made = Filter(start=False, workers=1)
        self.port = free_port()
        self.files = str(made.home)
        for names in (("localhost", "127.0.0.1"), ("mta.example.net", "--client")):
            printed = adm("self-signed", "--out", self.files, *names)
            self.assertEqual((printed.returncode, printed.stderr), (0, ""))
            made.configure(printed.stdout)
        made.configure(_LISTENER.format(port=self.port))
        made.start()
        self.addCleanup(made.kill)
        return made

    def test_check(self) -> None:
        """With both certificates it is connected to, with one it is not."""
        address = f"localhost:{self.port}"
        ca = ("--ca", f"{self.files}/localhost.pem")
        client = f"{self.files}/mta.example.net"
        ours = ("--certificate", f"{client}.pem", "--key", f"{client}.key")
        done = adm("check", address, *ca, *ours)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        lines = done.stdout.splitlines()
        self.assertEqual(lines[-1], "ok: we would connect")
        self.assertIn("  wants a certificate  yes", lines)
        self.assertIn("  ALPN                 http/1.1", lines)
        self.assertIn("  resumption           yes", lines)
        done = adm("check", address, *ca)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn("no: it wants a certificate of ours", done.stdout)
        done = adm("check", address, *ours)
        self.assertIn("no: the certificate is self-signed", done.stdout)

    def test_plain_listener(self) -> None:
        """A listener without certificates."""
        done = adm("check", f"localhost:{self.filter.http}")
        self.assertEqual(done.returncode, 1)
        self.assertIn("no: it ended the connection in the handshake", done.stdout)


class ShownTests(LiveCase):
    """A filter with many listeners."""

    filter: TlsFilter

    def make_filter(self) -> TlsFilter:
        """See `LiveCase`."""
        return tls_filter()

    def test_running(self) -> None:
        """What it serves with, and that one of the lists has expired."""
        done = adm("show", "--state-dir", self.filter.state)
        self.assertEqual((done.returncode, done.stderr), (1, ""), done.stdout)
        expired = [line.split()[:3] for line in done.stdout.splitlines() if "has expired" in line]
        self.assertEqual(expired, [["expired", "listener", "tls-stale:"]])
        for files in (papers().mx, papers().second, papers().wild):
            self.assertIn(f"  fingerprint   {fingerprint(load(files[0]))}\n", done.stdout)
        self.assertIn("\nlistener tls-listed believes\n", done.stdout)
        self.assertIn("  revokes    CN=clients, until ", done.stdout)

    def test_files(self) -> None:
        """What its files hold is the same."""
        done = adm("show", "--config", str(self.filter.config))
        self.assertEqual((done.returncode, done.stderr), (1, ""), done.stdout)
        running = adm("show", "--state-dir", self.filter.state).stdout
        kept = [line for line in running.splitlines() if "in use since" not in line]
        self.assertEqual(
            [line.split() for line in done.stdout.splitlines()], [line.split() for line in kept]
        )

    def test_staple(self) -> None:
        """The answer of OCSP is seen from outside."""
        address = f"127.0.0.1:{self.filter.ports['open']}"
        root = str(papers().root.file)
        done = adm("check", address, "--name", "mx.filter.test", "--ca", root)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("stapled and good until ", done.stdout)
