"""What a milter session tells becomes an envelope; what it does not tell stays `None`."""

from dataclasses import replace
from ipaddress import ip_address
from typing import Any, ClassVar

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec.milter import Connect, Mail, MilterReader, Rcpt
from mailfilter.codec.milter_session import Session, Transaction
from mailfilter.scan.envelope import Envelope, Recipient, TlsFacts
from mailfilter.servers.milter_envelope import MAX_ADDRESS_TEXT, MAX_VALUE, build_envelope, read_ip
from mailfilter.servers.peer import Peers

from ..codec.milter_mta import recordings
from .milter_server import LISTENER


def transaction(
    connect: Connect | None = None,
    helo: bytes | None = None,
    sender: bytes = b"<>",
    sender_args: tuple[bytes, ...] = (),
    recipients: tuple[Rcpt, ...] = (),
    macros: dict[bytes, bytes] | None = None,
) -> Transaction:
    """A message of which little is known."""
    return Transaction(
        connect, helo, Mail(sender, sender_args), recipients, macros or {}, b"", b"", 0, 0
    )


def envelope(told: Transaction, **settings: Any) -> Envelope:
    """Its envelope, by a listener of these settings."""
    listener = replace(LISTENER, **settings)
    return build_envelope("here", listener, told, Peers("here", listener).peer(None))


def recorded(title: str) -> Envelope:
    """The envelope of the last message of a recorded session."""
    session = Session(10**6)
    outcomes = [session.handle(event) for event in MilterReader().receive(recordings()[title].mta)]
    return envelope([each for each in outcomes if isinstance(each, Transaction)][-1])


class EnvelopeTests(SynchronousTestCase):
    def test_nothing_told(self) -> None:
        self.assertEqual(envelope(transaction()), Envelope(listener="here", sender=""))

    def test_everything_told(self) -> None:
        told = transaction(
            Connect(b"mail.example.net", b"4", 25, b"192.0.2.7"),
            b"helo.example.net",
            b"<a@example.org>",
            (b"SIZE=100", b"BODY=8BITMIME"),
            (Rcpt(b"<b@example.net>", (b"NOTIFY=NEVER",)), Rcpt(b"<c@example.net>", ())),
            {
                b"auth_authen": b"user",
                b"i": b"4711",
                b"daemon_name": b"mx",
                b"j": b"mx.example.net",
                b"tls_version": b"TLSv1.3",
                b"cipher": b"AES",
                b"cert_subject": b"CN=a",
                b"cert_issuer": b"CN=b",
            },
        )
        self.assertEqual(
            envelope(told),
            Envelope(
                listener="here",
                client_ip=ip_address("192.0.2.7"),
                helo="helo.example.net",
                hostname="mail.example.net",
                sender="a@example.org",
                sender_args=("SIZE=100", "BODY=8BITMIME"),
                recipients=(
                    Recipient("b@example.net", ("NOTIFY=NEVER",)),
                    Recipient("c@example.net"),
                ),
                user="user",
                queue_id="4711",
                mta_name="mx",
                mta_host="mx.example.net",
                tls=TlsFacts("TLSv1.3", "AES", "CN=a", "CN=b"),
            ),
        )

    def test_empty_macros_tell_nothing(self) -> None:
        names = (b"auth_authen", b"i", b"daemon_name", b"j", b"tls_version", b"cert_subject")
        told = transaction(macros=dict.fromkeys(names, b""))
        self.assertEqual(envelope(told), Envelope(listener="here", sender=""))

    def test_mta_name(self) -> None:
        told = transaction(macros={b"j": b"mx.example.net", b"daemon_name": b""})
        self.assertEqual(envelope(told).mta_name, "mx.example.net")

    def test_clients(self) -> None:
        for connect, ip, name in (
            (Connect(b"unknown", b"4", 1, b"192.0.2.7"), "192.0.2.7", None),
            (Connect(b"UNKNOWN", b"4", 1, b"192.0.2.7"), "192.0.2.7", None),
            (Connect(b"[192.0.2.7]", b"4", 1, b"192.0.2.7"), "192.0.2.7", None),
            (Connect(b"[IPv6:2001:db8::5]", b"6", 1, b"2001:db8::5"), "2001:db8::5", None),
            (Connect(b"", b"6", 1, b"IPv6:2001:db8::5"), "2001:db8::5", None),
            (Connect(b"localhost", b"L", 0, b"/run/mta"), None, None),
            (Connect(b"localhost", b"U", 0, b""), None, "localhost"),
            (Connect(b"h", b"4", 1, b"unknown"), None, "h"),
            (Connect(b"h\xff\n", b"4", 1, b""), None, "h\ufffd\n"),
        ):
            found = envelope(transaction(connect, macros={b"client_addr": b"198.51.100.1"}))
            told = None if found.client_ip is None else str(found.client_ip)
            self.assertEqual((told, found.hostname), (ip, name), connect)

    def test_the_macro_stands_in_where_no_connection_was_told(self) -> None:
        for value, expected in ((b"192.0.2.7", "192.0.2.7"), (b"unknown", "None"), (b"", "None")):
            found = envelope(transaction(macros={b"client_addr": value}))
            self.assertEqual(str(found.client_ip), expected)

    def test_addresses(self) -> None:
        for value, expected in {
            b"192.0.2.7": "192.0.2.7",
            b"[192.0.2.7]": "192.0.2.7",
            b"IPv6:2001:db8::5": "2001:db8::5",
            b"ipv6:2001:DB8::5": "2001:db8::5",
            b"[IPv6:2001:db8::5]": "2001:db8::5",
            b"fe80::1%eth0": "fe80::1",
            b"::ffff:192.0.2.7": "192.0.2.7",
            b"IPv6:::ffff:192.0.2.7": "192.0.2.7",
            b"": "None",
            b"unknown": "None",
            b"192.0.2": "None",
            b"192.0.2.7\n": "None",
            b"\xff" * 1000: "None",
            b"[" * MAX_ADDRESS_TEXT + b"192.0.2.7": "None",
        }.items():
            self.assertEqual(str(read_ip(value)), expected, value)

    def test_rewritten_addresses(self) -> None:
        """Sendmail writes address fields anew when it hands a message on."""
        for version, expected in (
            (b"8.17.1.9/8.17.1.9/Debian-2+deb12u2", True),
            (b"8.12.0", True),
            (b"Postfix 3.7.11", False),
            (b"Postfix 8.0", False),
            (b"", False),
        ):
            found = envelope(transaction(macros={b"v": version}))
            self.assertEqual(found.rewrites_addresses, expected, version)
        self.assertFalse(envelope(transaction()).rewrites_addresses)

    def test_rewritten_sender(self) -> None:
        """Postfix tells what it makes of a sender; what others tell may lack the domain."""
        for sender, version, told, expected in (
            (b"<bob%a.test>", b"Postfix 3.7.11", b"bob@a.test", "bob@a.test"),
            (b"<bob@a.test>", b"Postfix 3.7.11", b"bob@a.test", None),
            (b"<bob@a.test>", b"8.17.1", b"bob", None),
            (b"<bob%a.test>", b"Postfix 3.7.11", b"", None),
            (b"<>", b"Postfix 3.7.11", b"", None),
        ):
            macros = {b"v": version, b"mail_addr": told}
            found = envelope(transaction(sender=sender, macros=macros))
            self.assertEqual(found.rewritten_sender, expected, (sender, told))

    def test_brackets_of_addresses(self) -> None:
        for sender, expected in {
            b"<>": "",
            b"": "",
            b"<a@b>": "a@b",
            b"a@b": "a@b",
            b"<a@b": "<a@b",
            b'<"a b"@c>': '"a b"@c',
            "<ä@b>".encode(): "ä@b",
            b"<\xff>": "\ufffd",
        }.items():
            self.assertEqual(envelope(transaction(sender=sender)).sender, expected)

    def test_values_are_bounded(self) -> None:
        huge = b"x" * 10**6
        found = envelope(transaction(helo=huge, sender=huge, macros={b"i": huge}))
        for value in (found.helo, found.sender, found.queue_id):
            self.assertEqual(value, "x" * MAX_VALUE)

    def test_long_recipients(self) -> None:
        """A part of one would be another one, for which a profile may be meant."""
        part = b"@a.example".rjust(MAX_VALUE, b"x")
        for address, expected in ((part, (part.decode(),)), (part + b".example.net", ())):
            found = envelope(transaction(recipients=(Rcpt(address, ()), Rcpt(b"b@c", ()))))
            addresses = tuple(item.address for item in found.recipients)
            self.assertEqual(addresses, (*expected, "b@c"))
            self.assertEqual(found.lacks_recipients, not expected)
            self.assertEqual(len(found.notes), 0 if expected else 1)

    def test_recorded_login_and_tls(self) -> None:
        for title, mta_name in (
            ("postfix TLS + AUTH macros", "mx.lab.test"),
            ("sendmail TLS + AUTH macros", "auth"),
        ):
            found = recorded(title)
            assert found.tls is not None and found.queue_id is not None
            self.assertEqual((found.user, found.mta_name), ("labuser", mta_name))
            self.assertEqual(found.tls, TlsFacts(version="TLSv1.3", cipher=found.tls.cipher))
            self.assertTrue(found.tls.cipher)
            self.assertEqual(found.sender, "s@example.org")

    def test_recorded_clients(self) -> None:
        found = recorded("postfix IPv6 client")
        self.assertEqual((found.client_ip, found.hostname), (ip_address("2001:db8::5"), None))
        found = recorded("postfix XCLIENT name, address, port")
        self.assertEqual(
            (found.client_ip, found.hostname), (ip_address("203.0.113.5"), "mail.example.net")
        )
        self.assertEqual(recorded("sendmail null sender").sender, "")

    def test_recorded_refused_recipients_are_not_shown(self) -> None:
        found = recorded("postfix refused recipient among good ones")
        self.assertNotIn("unknown@lab.test", [each.address for each in found.recipients])


class NameTests(SynchronousTestCase):
    """Names of client and MTA where MTAs differ."""

    def test_a_name_of_helo_is_no_reverse_name(self) -> None:
        """Stalwart writes it where there is none."""
        connect = Connect(b"helo.example", b"4", 25, b"192.0.2.7")
        for ptr, expected in ((b"unknown", None), (b"", None), (b"helo.example", "helo.example")):
            told = transaction(connect, macros={b"client_ptr": ptr})
            self.assertEqual(envelope(told).hostname, expected, ptr)

    def test_without_a_connection(self) -> None:
        for name, expected in ((b"a.example", "a.example"), (b"unknown", None), (b"[::1]", None)):
            told = transaction(macros={b"client_name": name})
            self.assertEqual(envelope(told).hostname, expected, name)

    def test_host(self) -> None:
        """Sendmail's {daemon_name} is no host name."""
        told = transaction(macros={b"daemon_name": b"MTA", b"j": b"mx.example.net"})
        self.assertEqual(envelope(told).mta_host, "mx.example.net")
        told = transaction(macros={b"daemon_name": b"MTA"})
        self.assertIsNone(envelope(told).mta_host)


class CertificateTests(SynchronousTestCase):
    """A client's certificate counts as a login if it is verified and of the right issuer."""

    MACROS: ClassVar[dict[bytes, bytes]] = {
        b"v": b"Postfix 3.7.11",
        b"cert_subject": b"joe",
        b"cert_issuer": b"Our CA",
    }

    def user(self, issuer: str = "Our CA", **macros: bytes) -> str | None:
        told = {**self.MACROS, **{name.encode(): value for name, value in macros.items()}}
        return envelope(transaction(macros=told), cert_issuer=issuer).user

    def test_of_the_issuer(self) -> None:
        self.assertEqual(self.user(), "joe")
        self.assertIsNone(self.user("Other CA"))
        self.assertIsNone(self.user(""))
        self.assertIsNone(self.user(cert_issuer=b""))
        self.assertIsNone(self.user("", cert_issuer=b""))
        self.assertIsNone(self.user(cert_subject=b""))

    def test_verified(self) -> None:
        """Sendmail tells of certificates that it has not verified, too."""
        self.assertEqual(self.user(v=b"8.17.1", verify=b"OK"), "joe")
        for verify in (b"FAIL", b"NO", b"", b"ok"):
            self.assertIsNone(self.user(v=b"8.17.1", verify=verify), verify)
            self.assertIsNone(self.user(verify=verify), verify)
        self.assertIsNone(self.user(v=b"8.17.1"))
        self.assertIsNone(self.user(v=b""))

    def test_a_login_goes_first(self) -> None:
        self.assertEqual(self.user(auth_authen=b"ann"), "ann")
