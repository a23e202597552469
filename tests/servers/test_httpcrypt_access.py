"""Who may ask by HTTPCrypt, and who must: keys of clients, and requests that are not sealed."""

from typing import Any

from twisted.internet.address import IPv4Address, UNIXAddress
from twisted.internet.interfaces import IAddress
from twisted.internet.testing import StringTransport

from mailfilter.config.model import Listener
from mailfilter.servers.first_line import ScanFactory
from mailfilter.servers.keyring import Keyring, client_keys
from mailfilter.servers.sources import UnknownAddress
from mailfilter.testing.fake_scanner import FakeScanner
from mailfilter.tls.known import Known

from ..codec.sealed_case import OURS, framed, key_line
from .http_case import CHECK, GOLDEN, PING, VERDICT, Case, error_bytes, reply_bytes
from .sealed_case import CONFIG, FRIEND, GUEST, NOT_OPENED, STRANGER, opened, sealed_by
from .spamd_case import CHECK as LINES
from .spamd_case import request

FAR = IPv4Address("TCP", "192.0.2.7", 1)
NEAR = IPv4Address("TCP", "127.0.0.1", 1)
UNIX = UNIXAddress(None)
UNTOLD = UnknownAddress("127.0.0.1")

REQUIRED = error_bytes(403, "Encryption required")
FORBIDDEN = error_bytes(403, "Unknown key")
CHUNKED_TOO_LARGE = b"Transfer-Encoding: chunked\r\n\r\nffffffff\r\n"
ANSWER = reply_bytes(GOLDEN)
WITH_IP = CHECK.replace(b"\r\n", b"\r\nIP: 198.51.100.1\r\n", 1)


class AccessCase(Case):
    def serve(self, scanner: FakeScanner, **settings: Any) -> None:
        self.scanner = scanner
        self.counted: list[str] = []
        self.listener = Listener(protocol="scan", endpoint="tcp:0", keypairs=("ours",), **settings)
        self.site = ScanFactory(
            scanner, "scan", self.listener, self.clock, count=self.counted.append
        )
        self.site.http.wall_clock = lambda: 1795365491.0
        self.site.keyring = Keyring([OURS], client_keys(CONFIG, self.listener))

    def anew(self, data: bytes, peer: IAddress = FAR, known: Known | None = None) -> bytes:
        """The reply on a new connection, of one who has shown a certificate."""
        protocol: Any = self.site.buildProtocol(peer)
        self.protocol = protocol
        self.protocol.known = known
        self.transport = StringTransport(peerAddress=peer)
        self.protocol.makeConnection(self.transport)
        return self.ask(data)

    def use(self, **settings: Any) -> None:
        self.serve(FakeScanner(VERDICT), **settings)


class ClientKeyTests(AccessCase):
    def told(self) -> tuple[str | None, bool, bool]:
        """Of the last message: who has sent it, whether it is believed, and by what."""
        envelope = self.scanner.calls[-1][0]
        return envelope.identity, envelope.is_trusted, envelope.by_key

    def test_off(self) -> None:
        self.use()
        for client in (FRIEND, STRANGER):
            self.assertEqual(
                opened(self.anew(sealed_by(client, WITH_IP)), client), reply_bytes(GOLDEN)
            )
            self.assertEqual(self.told(), (None, False, False))

    def test_optional(self) -> None:
        self.use(client_keys="optional")
        for client, told in (
            (FRIEND, ("friend", True, True)),
            (GUEST, ("guest", False, True)),
            (STRANGER, (None, False, False)),
        ):
            found = opened(self.anew(sealed_by(client, WITH_IP)), client)
            self.assertEqual(found, reply_bytes(GOLDEN))
            self.assertEqual(self.told(), told)

    def test_required(self) -> None:
        self.use(client_keys="required")
        self.assertEqual(opened(self.anew(sealed_by(FRIEND, CHECK))), reply_bytes(GOLDEN))
        self.assertEqual(opened(self.anew(sealed_by(STRANGER, CHECK)), STRANGER), FORBIDDEN)
        self.assertEqual(opened(self.anew(sealed_by(STRANGER, PING)), STRANGER), FORBIDDEN)
        self.assertEqual(len(self.scanner.calls), 1)
        self.assertEqual(self.counted, ["httpcrypt/opened"] + ["httpcrypt/refused/stranger"] * 2)

    def test_required_for_what_is_too_large(self) -> None:
        """What its size says is for those who are let in alone, though no key is proved yet."""
        self.use(client_keys="required", oversize="reject")
        for client, is_known in ((FRIEND, True), (STRANGER, False)):
            head = b"POST /post HTTP/1.1\r\n%b\r\n" % key_line(OURS, client)
            for body in (b"Content-Length: 99999999999\r\n\r\n", CHUNKED_TOO_LARGE):
                found = opened(self.anew(head + body), client)
                self.assertEqual(found == FORBIDDEN, not is_known)
                self.assertEqual(b'"action":"reject"' in found, is_known)
        told = [envelope.identity for envelope, _ in self.scanner.unscanned_calls]
        self.assertEqual(told, [None, None])
        self.assertEqual(self.counted, ["httpcrypt/refused/stranger"] * 2)

    def test_nobody_learns_which_keys_are_known(self) -> None:
        """Without the secret key, that is."""
        self.use(client_keys="required")
        for client in (FRIEND, STRANGER):
            found = self.anew(framed(bytes(100), key_line(OURS, client)))
            self.assertEqual(found, NOT_OPENED)

    def test_identities_that_are_admitted(self) -> None:
        self.use(client_keys="required", identities=("guest",))
        self.assertEqual(opened(self.anew(sealed_by(FRIEND, CHECK))), FORBIDDEN)
        self.assertEqual(opened(self.anew(sealed_by(GUEST, CHECK)), GUEST), reply_bytes(GOLDEN))

    def test_certificate_and_key(self) -> None:
        """The key comes first; that of a stranger takes nothing away."""
        self.use(client_keys="optional")
        shown = Known("mx", is_trusted=True)
        for client, told in (
            (GUEST, ("guest", False, True)),
            (STRANGER, ("mx", True, False)),
        ):
            self.anew(sealed_by(client, WITH_IP), known=shown)
            self.assertEqual(self.told(), told)

    def test_log(self) -> None:
        self.use(client_keys="optional")
        self.anew(sealed_by(GUEST, WITH_IP))
        (line,) = self.lines()
        self.assertIn("'192.0.2.7, guest'", line)
        self.assertIn("identities.guest.trusted", line)

    def test_plain_request_before(self) -> None:
        """Who asks by a key later has not asked that."""
        self.use(client_keys="optional")
        self.anew(CHECK)
        self.assertEqual(self.told(), (None, False, False))
        self.ask(sealed_by(FRIEND, CHECK))
        self.assertEqual(self.told(), ("friend", True, True))


class EncryptedOnlyTests(AccessCase):
    def replies_to(self, data: bytes) -> dict[str, bytes]:
        peers = {"far": FAR, "near": NEAR, "unix": UNIX, "untold": UNTOLD}
        return {name: self.anew(data, peer) for name, peer in peers.items()}

    def refused(self, data: bytes, reply: bytes) -> set[str]:
        """From where that is refused."""
        return {name for name, found in self.replies_to(data).items() if found == reply}

    def test_off(self) -> None:
        self.use()
        self.assertEqual(self.refused(CHECK, REQUIRED), set())

    def test_remote(self) -> None:
        self.use(encrypted_only="remote")
        for data in (CHECK, PING, b"GET /nosuch HTTP/1.1\r\n\r\n"):
            self.assertEqual(self.refused(data, REQUIRED), {"far", "untold"})
        self.assertEqual(len(self.scanner.calls), 2)
        self.assertEqual(self.counted, ["httpcrypt/refused/plain"] * 6)

    def test_networks_that_are_believed(self) -> None:
        """They are as remote as others: it is the network between that is not."""
        self.use(encrypted_only="remote", trusted_peers=("192.0.2.0/24",))
        self.assertEqual(self.refused(CHECK, REQUIRED), {"far", "untold"})
        self.assertEqual(opened(self.anew(sealed_by(STRANGER, CHECK)), STRANGER), ANSWER)
        self.assertTrue(self.scanner.calls[-1][0].is_trusted)

    def test_listener_that_believes_nobody(self) -> None:
        """This machine need not encrypt, whatever is believed of it."""
        self.use(encrypted_only="remote", trusted=False)
        self.assertEqual(self.refused(CHECK, REQUIRED), {"far", "untold"})

    def test_all(self) -> None:
        self.use(encrypted_only="all")
        for data in (CHECK, PING):
            self.assertEqual(self.refused(data, REQUIRED), {"far", "near", "unix", "untold"})
        self.assertEqual(self.scanner.calls, [])

    def test_sealed(self) -> None:
        for value in ("remote", "all"):
            self.use(encrypted_only=value)
            for found in self.replies_to(sealed_by(FRIEND, CHECK)).values():
                self.assertEqual(opened(found), reply_bytes(GOLDEN))

    def test_refused_by_the_head(self) -> None:
        self.use(encrypted_only="all")
        self.assertEqual(self.anew(CHECK[:-5]), REQUIRED)

    def test_key_that_cannot_be_read(self) -> None:
        self.use(encrypted_only="all")
        self.assertEqual(self.anew(framed(CHECK, b"Key: x")), NOT_OPENED)

    def test_certificate_does_not_matter(self) -> None:
        self.use(encrypted_only="all")
        self.assertEqual(self.anew(CHECK, known=Known("mx", is_trusted=True)), REQUIRED)

    def test_lines(self) -> None:
        self.use(encrypted_only="remote")
        for data, reply in (
            (LINES, b"SPAMD/1.0 76 Bad header line: Encryption required\r\n"),
            (b"PING SPAMC/1.2\r\n\r\n", b"SPAMD/1.0 76 Bad header line: Encryption required\r\n"),
            (request(b"CHECK RSPAMC/1.3"), b"RSPAMD/1.3 76 Encryption required\r\n"),
        ):
            found = self.replies_to(data)
            for name in ("far", "untold"):
                self.assertEqual(found[name], reply, name)
            for name in ("near", "unix"):
                self.assertNotIn(b"Encryption", found[name])
        self.assertEqual(self.counted, ["httpcrypt/refused/plain"] * 6)
