"""curl over HTTPS: versions, names, certificates of both sides, sessions, ALPN, large bodies."""

import json
import subprocess
from typing import ClassVar

from .harness import MESSAGES, message_file
from .test_clients import run
from .tls import NAME, SECOND, WILD, Files, TlsCase, TlsFilter, one_process_filter, papers
from .told import told

HAM = MESSAGES / "ham.eml"
POST = ("--data-binary", f"@{HAM}")
LARGE = (
    message_file("ham.eml") + b"0123456789 abcdefghijklmnopqrstuvwxyz, and on it goes.\r\n" * 90_000
)
"""5 MB."""
CANNOT_CONNECT, OTHER_SIDE_UNVERIFIED = 35, 60
"""curl's exit statuses of TLS; refused later, as by TLS 1.3, it says that it could not read."""
CANNOT_READ = 56


class CurlTlsCase(TlsCase):
    """Base: how to run curl."""

    needs: ClassVar = ("curl",)

    def url(self, listener: str = "open", name: str = NAME, path: str = "checkv2") -> str:
        """Where a listener of the filter is."""
        return f"https://{name}:{self.filter.ports[listener]}/{path}"

    def run_curl(
        self, *arguments: str, listener: str = "open", name: str = NAME, stdin: bytes = b""
    ) -> subprocess.CompletedProcess[bytes]:
        """Run curl, which finds the name at this machine and trusts the right authority."""
        where = ("--resolve", f"{name}:{self.filter.ports[listener]}:127.0.0.1")
        trust = ("--cacert", str(papers().root.file))
        options = ("-sS", "--max-time", "50", *where, *trust, *arguments)
        return run("curl", *options, stdin=stdin)

    def scan(
        self, *arguments: str, listener: str = "open", name: str = NAME, stdin: bytes = b""
    ) -> str:
        """The action of a message, of `stdin` or an ordinary one, and what curl writes then."""
        body: tuple[str, ...] = ("--data-binary", "@-") if stdin else POST
        if "-T" in arguments:
            body = ()
        done = self.run_curl(
            *body, *arguments, self.url(listener, name), listener=listener, name=name, stdin=stdin
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        verdict, end = json.JSONDecoder().raw_decode(done.stdout.decode())
        return str(verdict["action"]) + done.stdout.decode()[end:]


class CurlVersionTests(CurlTlsCase):
    """Versions, names and trust."""

    def test_versions(self) -> None:
        """1.2 and 1.3; not 1.1 and 1.0, however low curl stoops."""
        for version in ("1.2", "1.3"):
            self.assertEqual(
                self.scan(f"--tlsv{version}", "--tls-max", version, "-w", " %{http_version}"),
                "no action 1.1",
            )
        for version in ("1.0", "1.1"):
            low = (f"--tlsv{version}", "--tls-max", version, "--ciphers", "ALL:@SECLEVEL=0")
            done = self.run_curl(*low, *POST, self.url())
            self.assertEqual((done.returncode, done.stdout), (CANNOT_CONNECT, b""), version)
        self.wait_counted("refused/protocol", 2)

    def test_names(self) -> None:
        """Each name has its certificate, which curl verifies."""
        for name in (NAME, SECOND, WILD):
            self.assertEqual(self.scan(name=name), "no action")

    def test_unknown_name(self) -> None:
        """The first certificate is shown, with which curl does not put up."""
        name = "other.filter.test"
        done = self.run_curl(*POST, self.url(name=name), name=name)
        self.assertEqual(done.returncode, OTHER_SIDE_UNVERIFIED)
        self.assertIn(b"matches target host name", done.stderr)

    def test_wrong_authority(self) -> None:
        """curl trusts another one, and says so."""
        wrong = ("--cacert", str(papers().other.file))
        done = self.run_curl(*POST, *wrong, self.url())
        self.assertEqual((done.returncode, done.stdout), (OTHER_SIDE_UNVERIFIED, b""))
        self.assertEqual(self.scan(), "no action")

    def test_protocols(self) -> None:
        """http/1.1 is chosen where it is offered; without an offer all is well, too."""
        done = self.run_curl("-v", "--http2", *POST, self.url())
        self.assertIn(b"ALPN: server accepted http/1.1", done.stderr)
        self.assertEqual(self.scan("--no-alpn", "-w", " %{http_version}"), "no action 1.1")

    def test_plain(self) -> None:
        """http:// is not answered."""
        done = self.run_curl(*POST, self.url().replace("https", "http"))
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(done.stdout, b"")
        self.wait_counted("refused/plain")


class CurlCertificateTests(CurlTlsCase):
    """Certificates of the client."""

    def show(self, files: Files) -> tuple[str, ...]:
        """Options to show a certificate."""
        return ("--cert", str(files[0]), "--key", str(files[1]))

    def identity(self, mark: str) -> str | None:
        """Of the message with this queue id, as logged."""
        record = self.filter.wait_record(self.mark, queue_id=mark)
        found: str | None = record["identity"]
        return found

    def test_required(self) -> None:
        """Those that are known are let in, by both versions, and named in the log."""
        for version in ("1.2", "1.3"):
            for who, files in (("partner", papers().partner), ("pinned", papers().pinned)):
                mark = f"curl-{who}-{version}"
                options = (*self.show(files), "--tls-max", version, "-H", f"Queue-Id: {mark}")
                self.assertEqual(self.scan(*options, listener="open-known"), "no action")
                self.assertEqual(self.identity(mark), who)

    def test_refused(self) -> None:
        """Nobody's, of another authority, or none: no reply."""
        wrong = papers().other.issue("mx1.partner.test", usage="client", stem="wrong")
        for options in ((), self.show(papers().nobody), self.show(wrong)):
            for version in ("1.2", "1.3"):
                done = self.run_curl(
                    *("--tls-max", version, *options, *POST, self.url("open-known")),
                    listener="open-known",
                )
                self.assertIn(done.returncode, (CANNOT_CONNECT, CANNOT_READ), done.stderr)
                self.assertEqual(done.stdout, b"")
        self.wait_counted("refused/certificate", 4)
        self.wait_counted("refused/identity", 2)

    def test_optional(self) -> None:
        """With, without, or nobody's; but it must be in order."""
        for who, options in (
            ("partner", self.show(papers().partner)),
            (None, self.show(papers().nobody)),
            (None, ()),
        ):
            mark = f"curl-optional-{len(options)}-{who}"
            head = ("-H", f"Queue-Id: {mark}")
            self.assertEqual(self.scan(*options, *head, listener="any"), "no action")
            self.assertEqual(self.identity(mark), who)
        wrong = papers().other.issue("mx1.partner.test", usage="client", stem="wrong-optional")
        done = self.run_curl(*self.show(wrong), *POST, self.url("any"), listener="any")
        self.assertEqual((done.returncode, done.stdout), (CANNOT_READ, b""))


class CurlConnectionTests(CurlTlsCase):
    """Connections and what goes over them."""

    def test_kept(self) -> None:
        """A hundred messages on one connection."""
        requests: list[str] = []
        trust = ("--cacert", str(papers().root.file))
        for number in range(100):
            requests += ["--next", "-sS"] * bool(number)
            requests += [*POST, "-w", "\n%{num_connects}\n", *trust, self.url()]
        done = self.run_curl(*requests)
        self.assertEqual(done.stdout.count(b'"action":"no action"'), 100, done.stderr)
        connects = [int(line) for line in done.stdout.split() if line.isdigit()]
        self.assertEqual((len(connects), sum(connects)), (100, 1))

    def test_large(self) -> None:
        """5 MB, with a length, in chunks, and by HTTP/1.0, by both versions."""
        box = "tell-curl-tls-large@box.test"
        for way in (("--http1.1",), ("-T", "-", "-X", "POST"), ("--http1.0",)):
            for version in ("1.2", "1.3"):
                options = (*way, "--tls-max", version, "-H", f"Rcpt: {box}")
                self.assertEqual(self.scan(*options, stdin=LARGE), "no action")
                self.assertEqual(told(self.filter, box).raw, LARGE)

    def test_old_http(self) -> None:
        """HTTP/1.0 without a length to go by is read to the end of the connection."""
        self.assertEqual(self.scan("--http1.0", "--ignore-content-length"), "no action")
        self.assertEqual(self.scan("--http1.0", listener="scan"), "no action")

    def test_head_and_ping(self) -> None:
        """Health checks."""
        done = self.run_curl(self.url(path="ping"))
        self.assertEqual(done.stdout, b"pong\r\n")
        done = self.run_curl("--head", self.url(path="ping"))
        self.assertTrue(done.stdout.startswith(b"HTTP/1.1 200 OK\r\n"), done.stdout)

    def test_expect(self) -> None:
        """A body that is asked for, and one that is refused before it comes."""
        options = ("-H", "Expect: 100-continue", "--expect100-timeout", "30")
        self.assertEqual(self.scan(*options, stdin=LARGE[:1_000_000]), "no action")
        length = ("-H", "Content-Length: 99999999999", "-w", "%{http_code}", "-o", "/dev/null")
        done = self.run_curl(*options, *length, "--data-binary", "x", self.url())
        self.assertEqual(done.stdout, b"413")


class CurlSessionTests(CurlTlsCase):
    """Sessions."""

    def make_filter(self) -> TlsFilter:
        """See `LiveCase`."""
        return one_process_filter()

    def test_resumed(self) -> None:
        """A second connection of one run takes up the session, also with a certificate.

        By TLS 1.3: of older ones curl takes no tickets.
        """
        certificate, key = map(str, papers().partner)
        for number, (listener, files) in enumerate(
            (("open", ()), ("open-known", ("--cert", certificate, "--key", key)))
        ):
            once = ("-H", "Connection: close", "--tlsv1.3", *files, *POST)
            trust = ("--cacert", str(papers().root.file), "-sS")
            url = self.url(listener)
            done = self.run_curl(*once, url, "--next", *trust, *once, url, listener=listener)
            self.assertEqual(done.stdout.count(b'"action":"no action"'), 2, done.stderr)
            self.wait_counted("resumed", number + 1)
