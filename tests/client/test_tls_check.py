"""`mailfilteradm tls check`: what it tells of servers, right, wrong and hostile."""

import contextlib
import socket
from threading import Event
from typing import Any

from cryptography import x509
from cryptography.x509.oid import NameOID
from OpenSSL import SSL

from mailfilter.tls.facts import fingerprint, public_key
from tests.authority import Authority, load, self_signed
from tests.tls.outgoing_case import server_context, server_of

from .tls_check_case import CheckCase
from .tls_server import listening, saying, silent, with_tls


class RightTests(CheckCase):
    """Servers that we would connect to."""

    def test_all(self) -> None:
        """Everything that is told."""
        certificate, key = self.authority.issue("127.0.0.1", "mx.example.org", days=(-1, 30.02))
        context = server_context(certificate, key)
        context.set_alpn_select_callback(lambda connection, offered: b"http/1.1")
        result = self.check(with_tls(context), *self.ca())
        self.assert_ok(result)
        found = load(certificate)
        rows = {
            "version": "TLS 1.3",
            "cipher": "TLS_AES_256_GCM_SHA384",
            "ALPN": "http/1.1",
            "OCSP": "not stapled",
            "resumption": "yes",
            "wants a certificate": "no",
            "subject": "CN=127.0.0.1",
            "issuer": "CN=right",
            "names": "127.0.0.1, mx.example.org",
            "key": "P-256",
            "fingerprint": fingerprint(found),
            "public key": public_key(found),
        }
        for name, value in rows.items():
            self.assert_row(result, name, value)
        self.assertIn("(in 30.0 days)", result.stdout)

    def test_version_2(self) -> None:
        """TLS 1.2, without sessions and ALPN."""
        context = server_context(*self.authority.issue("127.0.0.1"), newest=SSL.TLS1_2_VERSION)
        context.set_options(SSL.OP_NO_TICKET)
        context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
        result = self.check(with_tls(context), *self.ca())
        self.assert_ok(result)
        self.assert_row(result, "version", "TLS 1.2")
        self.assert_row(result, "resumption", "no")
        self.assert_row(result, "ALPN", "none")

    def test_terms(self) -> None:
        """Name, lists, pins."""
        certificate, key = self.authority.issue("mx.example.org")
        serve = with_tls(server_context(certificate, key))
        pin = fingerprint(load(certificate)).upper()
        colons = ":".join(pin[at : at + 2] for at in range(0, 64, 2))
        name = ("--name", "mx.example.org")
        crl = ("--crl", str(self.authority.revoke()))
        self.assert_ok(self.check(serve, *self.ca(), *name, *crl, "--pin", colons))
        crl = ("--crl", str(self.authority.revoke(certificate)))
        self.assert_no(self.check(serve, *self.ca(), *name, *crl), "is revoked")
        self.assert_no(self.check(serve, *self.ca(), *name, "--pin", "0" * 64), "not pinned")

    def test_chain(self) -> None:
        """The authorities that are shown."""
        between = Authority(self.folder, "between", signed_by=self.authority)
        files = between.issue("127.0.0.1", chain=[between])
        result = self.check(with_tls(server_context(*files)), *self.ca())
        self.assert_ok(result)
        self.assertIn("\nauthority 1\n  subject  CN=between\n", result.stdout)

    def test_ours(self) -> None:
        """A server that wants a certificate of ours, in both versions."""
        certificate, key = self.authority.issue("filter.example.org", usage="client")
        shown = ("--certificate", str(certificate), "--key", str(key))
        for newest in (SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION):
            serve = self.serve("127.0.0.1", client_ca=self.authority.file, newest=newest)
            without = self.check(serve, *self.ca())
            self.assert_no(without, "it wants a certificate of ours")
            self.assert_row(without, "wants a certificate", "yes")
            self.assert_row(without, "subject", "CN=127.0.0.1")
            self.assert_ok(self.check(serve, *self.ca(), *shown))
        both = "".join(path.read_text() for path in (certificate, key))
        certificate.write_text(both)
        self.assert_ok(self.check(serve, *self.ca(), *shown[:2]))

    def test_optional(self) -> None:
        """A server that asks for a certificate of ours, and does without."""
        context = server_context(*self.authority.issue("127.0.0.1"))
        context.set_verify(SSL.VERIFY_PEER, lambda *arguments: True)
        result = self.check(with_tls(context), *self.ca())
        self.assert_ok(result)
        self.assert_row(result, "wants a certificate", "yes, and does without")
        certificate, key = self.authority.issue("filter.example.org", usage="client")
        shown = ("--certificate", str(certificate), "--key", str(key))
        result = self.check(with_tls(context), *self.ca(), *shown)
        self.assert_ok(result)
        self.assert_row(result, "wants a certificate", "yes")

    def test_other_protocol(self) -> None:
        """A server that refuses the names in ALPN that are asked for, as milter listeners do."""
        context = server_context(*self.authority.issue("127.0.0.1"))

        def choose(connection: SSL.Connection, offered: list[bytes]) -> bytes:
            raise ValueError

        def serve(sock: socket.socket, over: Event) -> None:
            with contextlib.suppress(ValueError):
                with_tls(context)(sock, over)

        context.set_alpn_select_callback(choose)
        result = self.check(serve, *self.ca())
        self.assert_ok(result)
        self.assert_row(result, "ALPN", "none")

    def test_unix_socket(self) -> None:
        """A path is an address, too; nobody listens there."""
        result = self.run_check("/nowhere/redis.sock", "--name", "x")
        self.assert_no(result, "cannot connect to /nowhere/redis.sock: No such file")


class WrongTests(CheckCase):
    """Servers that we would not connect to; it is told what they show all the same."""

    def test_certificates(self) -> None:
        """Each with the reason."""
        cases = {
            "expired on": self.authority.issue("127.0.0.1", days=(-9, -2), stem="a"),
            "does not hold before": self.authority.issue("127.0.0.1", days=(2, 9), stem="b"),
            "is not for 127.0.0.1 but for localhost": self.authority.issue("localhost"),
            "self-signed": self_signed(self.folder, "127.0.0.1"),
            "not trusted: CN=wrong": Authority(self.folder, "wrong").issue("127.0.0.1", stem="c"),
        }
        for reason, files in cases.items():
            result = self.check(with_tls(server_context(*files)), *self.ca())
            self.assert_no(result, reason)
            self.assert_row(result, "fingerprint", fingerprint(load(files[0])))
            self.assert_row(result, "resumption", "not known")

    def test_old(self) -> None:
        """Which version it speaks is told."""
        for newest, name in ((SSL.TLS1_VERSION, "TLS 1.0"), (SSL.TLS1_1_VERSION, "TLS 1.1")):
            result = self.check(self.serve("127.0.0.1", newest=newest), *self.ca())
            self.assert_no(result, "it does not speak TLS 1.2 or TLS 1.3")
            self.assert_row(result, "version", name)

    def test_plain(self) -> None:
        """Ports without TLS."""
        said = "it does not speak TLS there from the first octet; STARTTLS was not tried"
        for data in (
            b"220 mx.example.org ESMTP\r\n",
            b"HTTP/1.1 400 Bad Request\r\n\r\n",
            b"-ERR no\r\n",
        ):
            self.assert_no(self.check(saying(data), *self.ca()), said)

    def test_nobody(self) -> None:
        """A port where nobody listens, and a name that nobody has."""
        address = listening(self, silent)
        self.doCleanups()
        self.assert_no(self.run_check(address), "cannot connect to 127.0.0.1: Connection refused")
        self.assert_no(self.run_check("nobody.invalid:1"), "there is no address of nobody.invalid")

    def test_silent(self) -> None:
        """It does not wait for ever."""
        result = self.check(silent, "--timeout", "1")
        self.assert_no(result, "it did not answer in time")

    def test_files(self) -> None:
        """Files of ours that are wrong."""
        for serve in (self.serve("127.0.0.1"), silent):
            result = self.check(serve, "--ca", str(self.folder / "absent"))
            self.assert_no(result, "absent: cannot be read: No such file")
            self.assertEqual(len(result.output.splitlines()), 1)

    def test_unknown_name(self) -> None:
        """A server that has no certificate for the name, or for those who give none."""

        def serve(sock: socket.socket, over: Event) -> None:
            sock.recv(2**14)
            sock.sendall(b"\x15\x03\x03\x00\x02\x02\x70")

        self.assert_no(self.check(serve), "it has no certificate for 127.0.0.1; it may have one")
        result = self.check(serve, "--name", "mx.example.org")
        self.assert_no(result, "it has no certificate for mx.example.org; it may have one")

    def test_anonymous(self) -> None:
        """A server without a certificate: what it speaks is told."""
        context = SSL.Context(SSL.TLS_SERVER_METHOD)
        context.set_max_proto_version(SSL.TLS1_2_VERSION)
        context.set_cipher_list(b"AECDH:@SECLEVEL=0")
        result = self.check(with_tls(context), *self.ca())
        self.assert_no(result, "it shows no certificate, so that nobody can know who it is")
        self.assert_row(result, "cipher", "AECDH-AES256-SHA")
        self.assert_row(result, "version", "TLS 1.2")


class HostileTests(CheckCase):
    """Servers that mean no good."""

    def test_endless_octets(self) -> None:
        """That are no TLS, or records of a handshake that never ends."""
        for data in (b"x" * 2**14, b"\x16\x03\x03\x40\x00" + b"\x00" * 2**14):
            result = self.check(saying(data, for_ever=True), *self.ca())
            self.assertTrue(result.stdout.startswith("no: "), result.output)
            self.assertEqual(result.exit_code, 1)

    def test_slow_octets(self) -> None:
        """A record that never ends."""
        result = self.check(saying(b"\x16\x03\x03\x01\x00\x02\x00"), "--timeout", "1")
        self.assert_no(result, "it did not answer in time")

    def test_endless_data(self) -> None:
        """Behind the handshake."""

        def flood(connection: SSL.Connection) -> None:
            while True:
                connection.sendall(b"x" * 2**14)

        context = server_context(*self.authority.issue("127.0.0.1"))
        self.assert_ok(self.check(with_tls(context, flood), *self.ca()))

    def test_many_certificates(self) -> None:
        """10,000 are not read; some too many are counted."""
        certificate, key = self.authority.issue("127.0.0.1")
        pem = certificate.read_bytes()
        certificate.write_bytes(pem + self.authority.file.read_bytes() * 10_000)
        result = self.check(with_tls(server_context(certificate, key)), *self.ca())
        self.assert_no(result, "its certificates are larger than 100 KiB")
        certificate.write_bytes(pem + self.authority.file.read_bytes() * 40)
        result = self.check(with_tls(server_context(certificate, key)), *self.ca())
        self.assertIn("\n31 more certificates, which were not looked at\n", result.stdout)
        self.assert_ok(result)

    def test_names(self) -> None:
        """Nothing of a certificate gets on a terminal as it is, nor too much."""
        evil = "\x1b[2J\x1b]0;x\x07\r\n\u202e"
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, evil)])
        names = [x509.DNSName("\x1b[31m\r\n"), *(x509.DNSName(f"{at}.x") for at in range(900))]
        names.append(x509.DNSName("127.0.0.1"))
        files = self.authority.issue_for(subject, x509.SubjectAlternativeName(names), stem="evil")
        authority = Authority(self.folder, "bad\x1b[2J")
        other = authority.issue_for(subject, x509.SubjectAlternativeName(names), stem="evil2")
        for found in (files, other):
            result = self.check(with_tls(server_context(*found)), *self.ca())
            self.assertTrue(result.output.replace("\n", "").isprintable(), repr(result.output))
            self.assertLess(len(result.output), 5000)
            self.assertIn(", 882 more\n", result.stdout)

    def test_hangs_up(self) -> None:
        """Before, in and behind the handshake."""

        def leave(sock: Any, over: Any) -> None:
            sock.recv(100)

        self.assert_no(self.check(leave, *self.ca()), "it ended the connection in the handshake")
        context = server_context(*self.authority.issue("127.0.0.1"))

        def leave_behind(sock: Any, over: Any) -> None:
            server = server_of(context)
            server.bio_write(sock.recv(2**14))
            with contextlib.suppress(SSL.WantReadError):
                server.do_handshake()
            sock.sendall(server.bio_read(2**14))
            sock.recv(2**14)

        result = self.check(leave_behind, *self.ca())
        self.assert_no(result, "it ended the connection after the handshake")


class CommandLineTests(CheckCase):
    """What makes no sense is refused before anybody is connected to."""

    def test_wrong(self) -> None:
        """Exit status 2."""
        cases = (
            (),
            ("localhost",),
            ("localhost:x",),
            ("https://localhost:443",),
            ("[\x1b]:443",),
            ("a*b:443",),
            ("\x1b[2J:99999",),
            ("localhost:1", "--pin", "12\x1b"),
            ("localhost:1", "--key", "x"),
            ("localhost:1", "--timeout", "0"),
            ("localhost:1", "--name", "\u00fc..x"),
            ("localhost:1", "--name", "a b\x1b"),
            ("localhost:1", "--name", "*.example.org"),
            ("localhost:1", "--name", ""),
        )
        for arguments in cases:
            result = self.run_check(*arguments)
            self.assertEqual(result.exit_code, 2, result.output)
            self.assertNotIn("\x1b", result.output)
        result = self.run_check("localhost")
        said = "localhost: expected HOST:PORT, [ADDRESS]:PORT or an absolute path; there is no port"
        self.assertIn(said, result.output)

    def test_no_name(self) -> None:
        """Hosts that can be in no certificate, and are in no DNS either."""
        for host in ("a..b", "x" * 64):
            result = self.run_check(f"{host}:1")
            self.assert_no(result, f"{host} is not a DNS name")
        result = self.run_check("localhost:1", "--name", "b\u00fccher.example")
        self.assertIn('did you mean "xn--bcher-kva.example"?', result.output)

    def test_resolver(self) -> None:
        """One that hangs is not waited for."""
        over = Event()
        self.addCleanup(over.set)

        def hang(*arguments: object, **options: object) -> list[object]:
            over.wait(60)
            return []

        self.patch(socket, "getaddrinfo", hang)
        result = self.run_check("localhost:1", "--timeout", "0.2")
        self.assert_no(result, "there is no address of localhost: no answer")
