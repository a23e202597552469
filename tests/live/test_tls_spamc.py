"""`spamc -S`, which Debian builds in: with and without a certificate of its own."""

import subprocess
from collections.abc import Sequence
from typing import ClassVar

from . import peers
from .harness import message_file
from .spamc_case import GTUBE, HAM, Ran
from .tls import Files, TlsCase, papers

LARGE = HAM + b"0123456789 abcdefghijklmnopqrstuvwxyz, and on it goes.\r\n" * 9000
"""500 KB, the most that spamc sends unasked."""


class SpamcTlsTests(TlsCase):
    """Checks over TLS."""

    needs: ClassVar[Sequence[str]] = ("spamc",)

    def spamc(
        self,
        *options: str,
        message: bytes = HAM,
        listener: str = "lines",
        port: int = 0,
        shown: Files | None = None,
    ) -> Ran:
        """Run it on a message."""
        where = ["-d", "127.0.0.1", "-p", str(port or self.filter.ports[listener]), "-t", "60"]
        where += ["-S", "--ssl-ca-file", str(papers().root.file)]
        if shown is not None:
            where += ["--ssl-cert", str(shown[0]), "--ssl-key", str(shown[1])]
        done = subprocess.run(
            [str(peers.find("spamc")), "-F", "/dev/null", *where, *options],
            env=peers.environment(),
            input=message,
            capture_output=True,
            timeout=120,
            check=False,
        )
        return Ran(done.returncode, done.stdout)

    def test_check(self) -> None:
        """Ham and spam."""
        for listener in ("lines", "scan"):
            ham = self.spamc("-c", listener=listener)
            self.assertEqual(ham.code, 0)
            self.assertRegex(ham.output, rb"\A-?\d\.\d/15\.0\n\Z")
            self.assertEqual(self.spamc("-c", message=GTUBE, listener=listener).code, 1)
        self.wait_counted("handshakes", 4)

    def test_process(self) -> None:
        """The message comes back, also a large one, and is not cut off."""
        for message in (HAM, LARGE):
            self.assertEqual(self.spamc(message=message).output, message)
        self.assertIn(
            b"\nX-Spam: Yes", self.spamc(message=message_file("gtube-add-header.eml")).output
        )

    def test_certificate(self) -> None:
        """Known by its certificate."""
        found = self.spamc("-c", "-x", listener="lines-known", shown=papers().partner)
        self.assertEqual(found.code, 0)
        (record,) = self.filter.records(self.mark)
        self.assertEqual(record["identity"], "partner")

    def test_refused(self) -> None:
        """Without a certificate, or with nobody's: no verdict."""
        for shown in (None, papers().nobody):
            found = self.spamc("-c", "-x", listener="lines-known", shown=shown)
            self.assertNotIn(found.code, (0, 1))
        self.wait_counted("refused/certificate")
        self.wait_counted("refused/identity")

    def test_plain(self) -> None:
        """TLS where there is none."""
        found = self.spamc("-c", "-x", "--connect-retries", "1", port=self.filter.spamd)
        self.assertNotIn(found.code, (0, 1))
        self.wait_counted("on_plain")
