"""`openssl s_client`: what is accepted and what is refused, and what is shown."""

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from .test_clients import run
from .tls import NAME, SECOND, WILD, Files, TlsCase, TlsFilter, one_process_filter, papers

ACCEPTED = (
    (NAME, "ECDHE-ECDSA-AES128-GCM-SHA256"),
    (NAME, "ECDHE-ECDSA-AES256-GCM-SHA384"),
    (NAME, "ECDHE-ECDSA-CHACHA20-POLY1305"),
    (SECOND, "ECDHE-RSA-AES128-GCM-SHA256"),
    (SECOND, "ECDHE-RSA-AES256-GCM-SHA384"),
    (SECOND, "ECDHE-RSA-CHACHA20-POLY1305"),
)
REFUSED = (
    (SECOND, "AES128-GCM-SHA256"),
    (SECOND, "AES256-SHA"),
    (SECOND, "CAMELLIA128-SHA"),
    (SECOND, "ARIA128-GCM-SHA256"),
    (SECOND, "NULL-SHA256"),
    (SECOND, "DHE-RSA-AES256-GCM-SHA384"),
    (SECOND, "DHE-RSA-CHACHA20-POLY1305"),
    (SECOND, "ECDHE-RSA-AES128-SHA"),
    (SECOND, "ECDHE-RSA-AES256-SHA384"),
    (SECOND, "ECDHE-RSA-NULL-SHA"),
    (NAME, "ECDHE-ECDSA-AES256-SHA384"),
    (NAME, "ECDHE-ECDSA-AES128-SHA"),
    (NAME, "ECDHE-ECDSA-AES128-CCM8"),
    (NAME, "ECDHE-ECDSA-ARIA256-GCM-SHA384"),
    (NAME, "ECDHE-ECDSA-NULL-SHA"),
    (SECOND, "ADH-AES128-GCM-SHA256"),
    (SECOND, "AECDH-AES256-SHA"),
)
"""Keys without forward secrecy, CBC, CCM, NULL, nobody's certificate: what s_client still knows."""
SUITES = ("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256")
PING = b"GET /ping HTTP/1.1\r\nHost: mailfilter\r\nConnection: close\r\n\r\n"
ALERT = re.compile(r"alert ([a-z ]+):")


class OpensslCase(TlsCase):
    """Base: how to run s_client."""

    needs: ClassVar = ("openssl",)

    def client(
        self,
        *options: str,
        name: str = NAME,
        listener: str = "open",
        stdin: bytes = PING,
        interactive: bool = False,
    ) -> subprocess.CompletedProcess[bytes]:
        """Run it to its end: the reply to `stdin`, which ends the connection."""
        port = self.filter.ports[listener]
        called = () if "-noservername" in options else ("-servername", name)
        trust = ("-CAfile", str(papers().root.file), "-verify_return_error")
        end = () if interactive else ("-ign_eof",)
        where = ("s_client", "-connect", f"127.0.0.1:{port}", *called, *trust)
        return run("openssl", *where, *end, *options, stdin=stdin)

    def accepted(
        self, *options: str, name: str = NAME, listener: str = "open", stdin: bytes = PING
    ) -> str:
        """What it prints of a connection on which the filter answers."""
        done = self.client(*options, name=name, listener=listener, stdin=stdin)
        text = done.stdout.decode("utf-8", "replace")
        self.assertIn("\r\n\r\npong\r\n", text, (options, done.stderr[-1000:]))
        return text

    def refused(self, *options: str, name: str = NAME, listener: str = "open") -> str:
        """The alert with which a connection is refused."""
        done = self.client(*options, name=name, listener=listener)
        self.assertNotIn(b"pong", done.stdout, options)
        self.assertNotEqual(done.returncode, 0, options)
        found = ALERT.search(done.stderr.decode())
        assert found is not None, (options, done.stderr)
        return found[1]


def show(files: Files) -> Sequence[str]:
    """Options to show a certificate."""
    return ("-cert", str(files[0]), "-key", str(files[1]))


class OpensslTableTests(OpensslCase):
    """What is accepted, and what is not."""

    def test_versions(self) -> None:
        """1.2 and 1.3 alone."""
        for version in ("1.2", "1.3"):
            text = self.accepted(f"-tls{version.replace('.', '_')}")
            self.assertRegex(text, rf"New, TLSv{version}, Cipher is ")
        for option in ("-tls1", "-tls1_1"):
            alert = self.refused(option, "-cipher", "ALL:@SECLEVEL=0")
            self.assertEqual(alert, "protocol version")
        self.wait_counted("refused/protocol", 2)

    def test_fallback(self) -> None:
        """Whoever says that it fell back to 1.2 is told that it need not have (RFC 7507)."""
        self.assertEqual(self.refused("-tls1_2", "-fallback_scsv"), "inappropriate fallback")
        self.accepted("-tls1_3", "-fallback_scsv")

    def test_accepted_ciphers(self) -> None:
        """Each by itself."""
        for name, cipher in ACCEPTED:
            text = self.accepted("-tls1_2", "-cipher", cipher, name=name)
            self.assertIn(f"New, TLSv1.2, Cipher is {cipher}\n", text)
        for suite in SUITES:
            text = self.accepted("-tls1_3", "-ciphersuites", suite)
            self.assertIn(f"New, TLSv1.3, Cipher is {suite}\n", text)

    def test_refused_ciphers(self) -> None:
        """Each by itself, even of a client that would take anything."""
        for name, cipher in REFUSED:
            alert = self.refused("-tls1_2", "-cipher", f"{cipher}:@SECLEVEL=0", name=name)
            self.assertEqual(alert, "handshake failure", cipher)
        for suite in ("TLS_AES_128_CCM_SHA256", "TLS_AES_128_CCM_8_SHA256"):
            options = ("-tls1_3", "-ciphersuites", suite, "-cipher", "ALL:@SECLEVEL=0")
            self.assertEqual(self.refused(*options), "handshake failure", suite)
        self.wait_counted("refused/protocol", len(REFUSED) + 2)

    def test_order(self) -> None:
        """Ours, not the client's, whose wish for CBC comes to nothing."""
        wish = "ECDHE-ECDSA-AES128-SHA:AES128-SHA:ECDHE-ECDSA-AES256-GCM-SHA384:@SECLEVEL=0"
        text = self.accepted("-tls1_2", "-cipher", wish)
        self.assertIn("Cipher is ECDHE-ECDSA-AES256-GCM-SHA384\n", text)

    def test_groups(self) -> None:
        """Of curves the usual ones, and no small one."""
        for group in ("X25519", "P-256", "P-384"):
            for version in ("-tls1_2", "-tls1_3"):
                # One that signs by RSA: for a certificate with P-256 the client must know P-256.
                self.accepted(version, "-groups", group, name=SECOND)
        weak = ("-groups", "secp192r1", "-cipher", "ALL:@SECLEVEL=0")
        self.assertEqual(self.refused("-tls1_2", *weak), "handshake failure")

    def test_weak_signatures(self) -> None:
        """SHA-1 signs nothing."""
        weak = ("-sigalgs", "RSA+SHA1:ECDSA+SHA1", "-cipher", "ALL:@SECLEVEL=0")
        self.assertEqual(self.refused("-tls1_2", *weak), "handshake failure")

    def test_protocols(self) -> None:
        """ALPN: http/1.1 is chosen; an offer without it is refused, and any where lines are."""
        text = self.accepted("-alpn", "h2,http/1.1")
        self.assertIn("ALPN protocol: http/1.1\n", text)
        for offer in ("h2", "spdy/3,smtp", "x" * 255):
            self.assertEqual(self.refused("-alpn", offer), "no application protocol")
        ask: tuple[str, ...] = ("-alpn", "http/1.1")
        nothing: tuple[str, ...] = ()
        for asked, words in ((nothing, b"PONG\r\n"), (ask, b"alert no application protocol")):
            done = self.client(*asked, listener="lines", stdin=b"PING SPAMC/1.5\r\n\r\n")
            self.assertIn(words, done.stdout + done.stderr)
            self.assertEqual(b"PONG" in done.stdout, not asked)


class OpensslShownTests(OpensslCase):
    """What the filter shows."""

    def test_chain(self) -> None:
        """The certificate and the one in between, without the root, which the client has."""
        text = self.accepted("-showcerts")
        self.assertEqual(text.count("-----BEGIN CERTIFICATE-----"), 2)
        self.assertIn(f"0 s:CN = {NAME}\n", text)
        self.assertIn("1 s:CN = middle\n", text)
        self.assertIn("Verify return code: 0 (ok)", text)

    def test_names(self) -> None:
        """Each name has its certificate; no name, or an unknown one, has the first."""
        for name, subject in (
            (NAME, NAME),
            (NAME.upper(), NAME),
            (SECOND, SECOND),
            (WILD, "*.wild.filter.test"),
            ("a.b.wild.filter.test", NAME),
            ("wild.filter.test", NAME),
            ("unknown.test", NAME),
            ("x" * 250, NAME),
        ):
            self.assertIn(f"\nsubject=CN = {subject}\n", self.accepted(name=name), name)
        self.assertIn(f"\nsubject=CN = {NAME}\n", self.accepted("-noservername"))

    def test_status(self) -> None:
        """The answer of OCSP, for the certificate that has one, if it is asked for."""
        for version in ("-tls1_2", "-tls1_3"):
            text = self.accepted("-status", version)
            self.assertIn("OCSP Response Status: successful (0x0)", text)
            self.assertIn("Cert Status: good", text)
            text = self.accepted("-status", version, name=SECOND)
            self.assertIn("OCSP response: no response sent", text)
            self.assertNotIn("OCSP response", self.accepted(version))

    def test_features(self) -> None:
        """No compression; renegotiation is known to be secure."""
        text = self.accepted("-tls1_2", "-comp", "-cipher", "DEFAULT:@SECLEVEL=0")
        self.assertIn("Compression: NONE\n", text)
        self.assertIn("Secure Renegotiation IS supported\n", text)

    def test_authorities(self) -> None:
        """Those that are asked for a certificate are told whose, if none is known by a pin."""
        text = self.accepted(*show(papers().partner), listener="listed")
        self.assertIn("Acceptable client certificate CA names\nCN = clients\n", text)
        text = self.accepted(*show(papers().partner), listener="open-known")
        self.assertIn("No client certificate CA names sent", text)


class OpensslSessionTests(OpensslCase):
    """Sessions that are taken up again, and what must not be done within one."""

    def make_filter(self) -> TlsFilter:
        """See `LiveCase`."""
        return one_process_filter()

    def setUp(self) -> None:
        """A file for the session."""
        super().setUp()
        self.session = Path(self.mktemp()).absolute()

    def resume(self, version: str, *options: str, listener: str = "open", name: str = NAME) -> None:
        """A session is given out, and taken up."""
        out, back = ("-sess_out", str(self.session)), ("-sess_in", str(self.session))
        text = self.accepted(version, *options, *out, listener=listener, name=name)
        self.assertIn("\nNew, TLSv1.", text)
        text = self.accepted(version, *options, *back, listener=listener, name=name)
        self.assertIn("\nReused, TLSv1.", text)

    def test_resumed(self) -> None:
        """By both versions, with any certificate."""
        for version in ("-tls1_2", "-tls1_3"):
            for name in (NAME, SECOND, "unknown.test"):
                self.resume(version, name=name)
        self.wait_counted("resumed", 6)

    def test_known(self) -> None:
        """Who showed a certificate is known by it from then on, without showing it again."""
        for version in ("-tls1_2", "-tls1_3"):
            self.resume(version, *show(papers().partner), listener="open-known")
            back = ("-sess_in", str(self.session))
            done = self.client(
                *(version, *back),
                listener="open-known",
                stdin=b"POST /checkv2 HTTP/1.1\r\nQueue-Id: taken-up%b\r\nContent-Length: 5\r\n"
                b"Connection: close\r\n\r\na: b\n" % version.encode(),
            )
            self.assertIn(b'"action":', done.stdout, done.stderr)
            record = self.filter.wait_record(self.mark, queue_id=f"taken-up{version}")
            self.assertEqual(record["identity"], "partner")

    def test_foreign_session(self) -> None:
        """One of a listener that asks for nothing lets nobody in where a certificate is needed."""
        for version in ("-tls1_2", "-tls1_3"):
            self.accepted(version, "-sess_out", str(self.session))
            back = ("-sess_in", str(self.session))
            done = self.client(version, *back, listener="open-known")
            self.assertNotIn(b"pong", done.stdout)
        self.wait_counted("refused/certificate", 2)

    def test_reconnect(self) -> None:
        """Five times in a row."""
        done = self.client("-tls1_2", "-reconnect", stdin=PING)
        self.assertEqual(done.stdout.count(b"\nReused, TLSv1.2"), 5, done.stderr)
        self.wait_counted("resumed", 5)

    def test_renegotiation(self) -> None:
        """Refused; the connection is none of anybody's any more, and the filter goes on."""
        done = self.client("-tls1_2", stdin=b"R\n" + PING, interactive=True)
        self.assertIn(b"RENEGOTIATING", done.stdout + done.stderr)
        self.assertIn(b"no renegotiation", done.stderr)
        self.assertNotIn(b"pong", done.stdout)
        self.accepted("-tls1_2")

    def test_early_data(self) -> None:
        """Is not offered, as anybody could send it again."""
        self.accepted("-tls1_3", "-sess_out", str(self.session))
        early = Path(self.mktemp())
        early.write_bytes(PING)
        done = self.client(*("-tls1_3", "-sess_in", str(self.session), "-early_data", str(early)))
        self.assertIn(b"Reused, TLSv1.3", done.stdout)
        self.assertIn(b"Early data was not sent", done.stdout)
        self.assertIn(b"Max Early Data: 0\n", done.stdout)

    def test_other_keys(self) -> None:
        """A client that has the certificate of somebody without the key cannot connect."""
        done = self.client("-cert", str(papers().partner[0]), "-key", str(papers().nobody[1]))
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(b"key values mismatch", done.stderr)
