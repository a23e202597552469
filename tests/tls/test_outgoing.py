"""Whom we speak with when we connect, and whom not, and what is said of those."""

from cryptography import x509
from cryptography.x509.oid import NameOID
from OpenSSL import SSL
from twisted.internet.defer import Deferred

from mailfilter.tls.errors import TlsError
from mailfilter.tls.facts import fingerprint, public_key
from mailfilter.tls.outgoing import Outgoing
from mailfilter.tls.outgoing_twisted import creator
from mailfilter.tls.verified import Demands, Refused, Verified
from tests.authority import Authority, load, self_signed

from .outgoing_case import OutgoingCase, server_context, server_of, shake

NAME = "mx.example.org"


class NameTests(OutgoingCase):
    """The name that we connect to."""

    def test_right(self) -> None:
        """Names in all ways in which they are written."""
        files = self.authority.issue(NAME, "192.0.2.1", "2001:db8::1", "*.example.net")
        for name in (NAME, "MX.Example.ORG", f"{NAME}.", "192.0.2.1", "2001:db8:0::1"):
            self.connects(files, name=name)
        self.connects(files, name="a.example.net")

    def test_wrong(self) -> None:
        """It is said for what names the certificate is."""
        files = self.authority.issue(NAME, "192.0.2.1", "*.example.net")
        names = f"{NAME}, 192.0.2.1, *.example.net"
        for name in ("example.org", "a.b.example.net", "example.net", "192.0.2.2", "localhost"):
            text = self.refuses(files, name=name)
            self.assertEqual(text, f"the certificate is not for {name} but for {names}")

    def test_no_names(self) -> None:
        """What can be in no certificate is refused before there is a connection."""
        outgoing = Outgoing(self.terms())
        for name in ("", ".", "a..b", "a b", "a\0b", "*.example.org", "\u00fc..x", "\u00fc.de"):
            self.assertRaises(TlsError, outgoing.connection, name)
            made = Deferred.fromCoroutine(creator(outgoing, None, name))
            self.failureResultOf(made, TlsError)
        for name in ("x" * 64, ".".join(["x" * 63] * 4), "x" * 10**5):
            error = self.assertRaises(TlsError, outgoing.connection, name)
            self.assertIn("x is not a DNS name" if len(name) == 64 else "... is not", str(error))

    def test_zone(self) -> None:
        """That of an address is in no certificate."""
        self.connects(self.authority.issue("fe80::1"), name="fe80::1%lo")

    def test_many_names(self) -> None:
        """Not all are said."""
        files = self.authority.issue(*(f"{at}.example.org" for at in range(500)))
        self.assertIn(", 4.example.org, 495 more", self.refuses(files))

    def test_common_name(self) -> None:
        """The common name does not count (RFC 9525, 2)."""
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
        alternatives = x509.SubjectAlternativeName([x509.RegisteredID(NameOID.COMMON_NAME)])
        files = self.authority.issue_for(subject, alternatives, stem="common")
        self.assertIn("for no name at all, not for mx.example.org", self.refuses(files))
        files = self.authority.issue("a@example.org")
        self.assertIn("not for mx.example.org but for a@example.org", self.refuses(files))

    def test_wild_names(self) -> None:
        """A wildcard where none may be."""
        for name in ("*", "*.*.example.org", "mx.*.org"):
            text = self.refuses(self.authority.issue(NAME, name, stem="wild"))
            self.assertIn("the certificate has a name that is not allowed: ", text)

    def test_hostile_names(self) -> None:
        """Nothing of a certificate gets on a terminal as it is."""
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x\x1b[2J\n")])
        alternatives = x509.SubjectAlternativeName([x509.DNSName("\x1b]0;x\x07\r\n")])
        files = self.authority.issue_for(subject, alternatives, stem="hostile")
        self.assertTrue(self.refuses(files).isprintable())
        other = Authority(self.folder, "wro\x1b[2Jng\n")
        self.assertTrue(self.refuses(other.issue(NAME)).isprintable())

    def test_asked_name(self) -> None:
        """The server hears the name, but for addresses."""
        files = self.authority.issue(NAME, "192.0.2.1")
        for name, asked in ((f"{NAME}.", NAME.encode()), ("192.0.2.1", None)):
            server = server_of(server_context(*files))
            shake(Outgoing(self.terms()).connection(name), server)
            self.assertEqual(server.get_servername(), asked)


class ChainTests(OutgoingCase):
    """Who has signed, and whether it still holds."""

    def test_unknown_authority(self) -> None:
        """It is named."""
        files = Authority(self.folder, "wrong").issue(NAME)
        expected = "the certificate is from an authority that is not trusted: CN=wrong"
        self.assertEqual(self.refuses(files), expected)

    def test_authorities_of_the_system(self) -> None:
        """Ours is none of them."""
        text = self.refuses(self.authority.issue(NAME), authorities="")
        self.assertIn("an authority that is not trusted: CN=right", text)

    def test_self_signed(self) -> None:
        """Unless it is the very one that is trusted."""
        files = self_signed(self.folder, NAME)
        self.assertIn("self-signed", self.refuses(files))
        self.connects(files, authorities=str(files[0]))

    def test_expired(self) -> None:
        """With the moment."""
        files = self.authority.issue(NAME, days=(-30, -1))
        moment = load(files[0]).not_valid_after_utc.strftime("%Y-%m-%dT%H:%M:%SZ")
        self.assertEqual(self.refuses(files), f"the certificate expired on {moment}")

    def test_not_yet(self) -> None:
        """With the moment."""
        text = self.refuses(self.authority.issue(NAME, days=(1, 30)))
        self.assertIn("does not hold before 2", text)

    def test_intermediate(self) -> None:
        """It must be shown."""
        between = Authority(self.folder, "between", signed_by=self.authority)
        self.connects(between.issue(NAME, chain=[between]))
        text = self.refuses(between.issue(NAME, stem="alone"))
        self.assertIn("an authority that is not trusted: CN=between", text)

    def test_constrained_authority(self) -> None:
        """It may not sign for all."""
        between = Authority(
            self.folder, "narrow", signed_by=self.authority, only_below=["example.net"]
        )
        self.assertIn("may not sign for", self.refuses(between.issue(NAME, chain=[between])))

    def test_usage(self) -> None:
        """A certificate for clients is none of a server."""
        self.assertIn("by a server", self.refuses(self.authority.issue(NAME, usage="client")))
        self.connects(self.authority.issue(NAME, usage="unsaid"))

    def test_short_key(self) -> None:
        """1024 bits of RSA."""
        context = server_context(*self.authority.issue(NAME, key="rsa", bits=1024))
        client = Outgoing(self.terms()).connection(NAME)
        text = str(self.assertRaises(Refused, shake, client, server_of(context)))
        self.assertEqual(text, "the key of the certificate is too short")


class RevokedTests(OutgoingCase):
    """Lists of revoked certificates."""

    def test_revoked(self) -> None:
        """The one in the list; another one is not."""
        bad = self.authority.issue(NAME, stem="bad")
        lists = (str(self.authority.revoke(bad[0])),)
        self.assertEqual(self.refuses(bad, revoked=lists), "the certificate is revoked")
        self.connects(self.authority.issue(NAME), revoked=lists)

    def test_revoked_authority(self) -> None:
        """An authority below the root."""
        between = Authority(self.folder, "between", signed_by=self.authority)
        files = between.issue(NAME, chain=[between])
        lists = [str(self.authority.revoke(between.file)), str(between.revoke())]
        text = self.refuses(files, revoked=tuple(lists))
        self.assertEqual(text, "the certificate of its authority CN=between is revoked")

    def test_list_is_missing(self) -> None:
        """Each authority that has signed something needs one."""
        between = Authority(self.folder, "between", signed_by=self.authority)
        files = between.issue(NAME, chain=[between])
        root, mine = str(self.authority.revoke()), str(between.revoke())
        text = self.refuses(files, revoked=(root,))
        self.assertIn("no list of revoked certificates of CN=between", text)
        text = self.refuses(files, revoked=(mine,))
        self.assertIn("no list of revoked certificates of CN=right", text)
        self.connects(files, revoked=(root, mine))

    def test_trusted_itself(self) -> None:
        """What is trusted as it is needs nobody's list."""
        mine = str(Authority(self.folder, "between", signed_by=self.authority).revoke())
        files = self_signed(self.folder, NAME)
        self.connects(files, authorities=str(files[0]), revoked=(mine,))

    def test_list_is_out_of_date(self) -> None:
        """It is nothing to rely on."""
        lists = (str(self.authority.revoke(days=(-9, -1))),)
        text = self.refuses(self.authority.issue(NAME), revoked=lists)
        self.assertEqual(text, "the list of revoked certificates of CN=right is out of date")


class PinTests(OutgoingCase):
    """Pins are asked for in addition."""

    def test_right(self) -> None:
        """The certificate, or its public key; one of several."""
        files = self.authority.issue(NAME)
        certificate = load(files[0])
        for pin in (fingerprint(certificate), public_key(certificate)):
            self.connects(files, pins=("0" * 64, pin))

    def test_wrong(self) -> None:
        """What it would have to be is said."""
        files = self.authority.issue(NAME)
        pin = fingerprint(load(self.authority.file))
        text = self.refuses(files, pins=(pin,))
        self.assertIn(fingerprint(load(files[0])), text)
        self.assertIn(public_key(load(files[0])), text)

    def test_nothing_else_is_left_out(self) -> None:
        """A pinned certificate must be right in all else."""
        other = Authority(self.folder, "wrong").issue(NAME, stem="other")
        text = self.refuses(other, pins=(fingerprint(load(other[0])),))
        self.assertIn("not trusted", text)
        mine = self.authority.issue("localhost")
        self.assertIn("not for", self.refuses(mine, pins=(fingerprint(load(mine[0])),)))


class OursTests(OutgoingCase):
    """The certificate that we show."""

    def shakes(self, newest: int = SSL.TLS1_3_VERSION, **options: object) -> None:
        """With a server that wants one of our authority."""
        files = self.authority.issue("mx.example.org", stem="server")
        context = server_context(*files, client_ca=self.authority.file, newest=newest)
        server = server_of(context)
        shake(Outgoing(self.terms(**options)).connection(NAME), server)
        shown = server.get_peer_certificate()
        assert shown is not None

    def shown(self, authority: Authority) -> dict[str, object]:
        """Options for a certificate of ours."""
        certificate, key = authority.issue("filter.example.org", usage="client")
        return {"certificate": str(certificate), "key": str(key)}

    def test_shown(self) -> None:
        """Also in one file, also with an authority between, in both versions."""
        for newest in (SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION):
            self.shakes(newest, **self.shown(self.authority))
        between = Authority(self.folder, "between", signed_by=self.authority)
        certificate, key = between.issue("filter.example.org", chain=[between], stem="both")
        certificate.write_bytes(key.read_bytes() + certificate.read_bytes())
        self.shakes(certificate=str(certificate))

    def test_none(self) -> None:
        """A server that wants one tells, however it says that."""
        for newest in (SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION):
            error = self.assertRaises(Refused, self.shakes, newest)
            self.assertIn("it wants a certificate of ours", str(error))

    def test_wrong(self) -> None:
        """One that it does not like."""
        wrong = self.shown(Authority(self.folder, "wrong"))
        for newest in (SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION):
            error = self.assertRaises(Refused, self.shakes, newest, **wrong)
            self.assertIn("it refused the certificate that we showed: ", str(error))


class PeerTests(OutgoingCase):
    """Those who speak no TLS, or not as they should."""

    def hears(self, data: bytes) -> str:
        """What is said of one who answers this."""
        client = Outgoing(self.terms()).connection(NAME)
        self.assertRaises(SSL.WantReadError, client.do_handshake)
        if data:
            client.bio_write(data)
        client.bio_shutdown()
        return str(self.assertRaises(Refused, client.do_handshake))

    def test_old(self) -> None:
        """TLS 1.0 and 1.1, by server's choice and by its alert."""
        files = self.authority.issue(NAME)
        for newest in (SSL.TLS1_VERSION, SSL.TLS1_1_VERSION):
            client = Outgoing(self.terms()).connection(NAME)
            server = server_of(server_context(*files, newest=newest))
            text = str(self.assertRaises(Refused, shake, client, server))
            self.assertEqual(text, "it does not speak TLS 1.2 or TLS 1.3")
        hello = b"\x02\x00\x00\x26\x03\x02" + bytes(32) + b"\x00\xc0\x13\x00"
        text = self.hears(b"\x16\x03\x02\x00\x2a" + hello)
        self.assertEqual(text, "it does not speak TLS 1.2 or TLS 1.3")

    def test_no_tls(self) -> None:
        """Other protocols, and none."""
        for data in (b"220 mx.example.org ESMTP\r\n", b"-ERR\r\n", b"HTTP/1.1 400 \r\n", bytes(99)):
            self.assertEqual(self.hears(data), "it does not speak TLS there")
        for data in (b"", b"\x16\x03", b"\x16\x03\x03\x00\x40\x02"):
            self.assertIn("it ended the connection in the handshake", self.hears(data))

    def test_alerts(self) -> None:
        """What it ended it with."""
        cases = {
            40: "it refused the handshake: no cipher in common",
            80: "it ended the connection: internal error",
            112: "it has no certificate for mx.example.org",
        }
        for number, expected in cases.items():
            self.assertIn(expected, self.hears(b"\x15\x03\x03\x00\x02\x02" + bytes([number])))

    def test_garbage(self) -> None:
        """Records that make no sense."""
        for data in (b"\x16\x03\x03\x00\x04\x63\x00\x00\x00", b"\x17\x03\x03\x00\x01x"):
            self.assertIn("what it said is not right: ", self.hears(data))

    def test_large_chain(self) -> None:
        """Beyond what OpenSSL takes."""
        files = self.authority.issue(NAME)
        files[0].write_bytes(files[0].read_bytes() + self.authority.file.read_bytes() * 400)
        self.assertEqual(self.refuses(files), "its certificates are larger than 100 KiB")

    def test_nobody_is_let_through(self) -> None:
        """A handshake in which nothing was verified does not count, whatever OpenSSL says."""
        careless = SSL.Context(SSL.TLS_CLIENT_METHOD)
        client = Verified(careless, NAME, Demands())
        server = server_of(server_context(*self.authority.issue(NAME)))
        error = self.assertRaises(Refused, shake, client, server)
        self.assertEqual(str(error), "the certificate was not verified")


class SessionTests(OutgoingCase):
    """Sessions, which are not resumed."""

    def test_resumed(self) -> None:
        """A handshake that shows no certificate does not count, however it came about."""
        files = self.authority.issue(NAME)
        for newest in (SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION):
            context = server_context(*files, newest=newest)
            outgoing = Outgoing(self.terms())
            first, second = outgoing.connection(NAME), outgoing.connection(NAME)
            shake(first, server_of(context))
            session = first.get_session()
            assert session is not None
            second.set_session(session)
            error = self.assertRaises(Refused, shake, second, server_of(context))
            self.assertEqual(str(error), "the certificate was not verified")
            self.assertFalse(second.is_known)
