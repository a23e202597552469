"""Certificates of clients that are refused, by both versions of TLS; the log stays clean."""

import json
import ssl
from collections.abc import Collection

from .harness import message_file
from .scan_client import with_length
from .tls import Files, connect, new_source, papers, trusting
from .tls_hostile import HostileTlsCase, drain, push
from .tls_odd import CERTIFICATE, Odd, odd_ones, oversized

ONCE = with_length(message_file("ham.eml"), [("Connection", "close")])
VERSIONS = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)
REASONS = {
    "expired": "expired",
    "not yet valid": "does not hold before",
    "self-signed": "self-signed",
    "revoked": "revoked",
    "list out of date": "out of date",
    "no usage": "client_usage",
    "nobody's": "identities",
}
"""What a line must say."""


class CertificateTests(HostileTlsCase):
    """Each is refused with an alert, and the reason is told and counted."""

    def show(
        self, files: Files | None, version: ssl.TLSVersion, listener: str
    ) -> tuple[str, bytes]:
        """Ask with a certificate: the address from which it was, and what came back."""
        source = new_source()
        context = trusting(version=version)
        if files is not None:
            # What weak keys a library of today would not even load.
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
            context.load_cert_chain(*map(str, files))
        try:
            client = connect(self.filter.ports[listener], context, source=source)
        except (OSError, ssl.SSLError):
            return source, b""
        with client:
            push(client, ONCE)
            return source, drain(client)

    def check(self, found: dict[str, Odd]) -> None:
        """All were refused and told in lines that are readable."""
        expected: dict[str, Collection[str]] = {
            source: [odd.reason] for source, odd in found.items()
        }
        self.check_refused(expected)
        for source, odd in found.items():
            (line,) = self.lines(source)
            self.assertTrue(line.isascii() and line.isprintable(), (odd.title, line))
            self.assertLess(len(line), 1500, odd.title)
            self.assertIn("TLS refused: ", line)
            self.assertIn(REASONS.get(odd.title, ""), line)
            json.loads(line)

    def test_refused(self) -> None:
        """All odd ones."""
        found: dict[str, Odd] = {}
        for odd in odd_ones(papers()):
            for version in VERSIONS:
                source, reply = self.show(odd.files, version, odd.listener)
                self.assertEqual(reply, b"", odd.title)
                found[source] = odd
        self.check(found)
        for line in self.filter.log(self.mark).splitlines():
            self.assertTrue(line.isprintable(), line)

    def test_optional(self) -> None:
        """What is not in order is refused also where no certificate is needed."""
        found: dict[str, Odd] = {}
        for odd in odd_ones(papers()):
            if odd.reason != CERTIFICATE or odd.listener != "open-known":
                continue
            source, reply = self.show(odd.files, ssl.TLSVersion.TLSv1_3, "any")
            self.assertEqual(reply, b"", odd.title)
            found[source] = odd
        self.check(found)

    def test_none(self) -> None:
        """None, on listeners of all protocols."""
        expected: dict[str, Collection[str]] = {}
        for listener in ("open-known", "lines-known", "milter-known", "listed"):
            for version in VERSIONS:
                source, reply = self.show(None, version, listener)
                self.assertEqual(reply, b"")
                expected[source] = [CERTIFICATE]
        self.check_refused(expected)

    def test_oversized(self) -> None:
        """A chain over 100 KiB is not taken in."""
        expected: dict[str, Collection[str]] = {}
        files = oversized(papers())
        for version in VERSIONS:
            for _ in range(3):
                source, reply = self.show(files, version, "open-known")
                self.assertEqual(reply, b"")
                expected[source] = [CERTIFICATE, "protocol"]
        self.check_refused(expected)

    def test_still_known(self) -> None:
        """Those that are in order are let in."""
        own = papers()
        for listener, files in (
            ("open-known", own.partner),
            ("open-known", own.pinned),
            ("listed", own.partner),
        ):
            for version in VERSIONS:
                self.assertIn(b" 200 ", self.show(files, version, listener)[1][:15])
        self.check_left()
        self.assertEqual(self.refused().total(), 0)
