"""Client certificates: who is let in, as whom, and why not."""

from typing import Any

from OpenSSL.crypto import X509

from mailfilter.config.model import Identity
from mailfilter.tls.facts import fingerprint, public_key
from tests.authority import Authority, load, self_signed

from .spamd_case import CHECK, CHECKED
from .tls_case import VERSIONS, Files, TlsCase, TlsClient, identity

KNOWN = {"mx1": identity("mx1.example.net", trusted=True)}
TRUSTED = "mx1.example.net"


class ClientCase(TlsCase):
    def known(self, client: TlsClient) -> str | None:
        """Who a client is; it is served."""
        self.assertTrue(client.is_up, client.error)
        client.send(CHECK)
        self.assertEqual(client.received, CHECKED, client.error)
        return self.scanner.calls[-1][0].identity

    def in_vain(self, files: Files | None, reason: str, words: str, alert: str) -> None:
        """A client is refused, over each version, by an alert."""
        for version in VERSIONS:
            self.counted.clear()
            self.clock.advance(60)
            client = self.client(version, files)
            client.send(CHECK)
            self.assertIn(alert, client.error)
            self.assertEqual(client.received, b"")
            self.refused(reason, words)
            client.gone()
            self.assertFalse(self.site.connections)
        self.assertFalse(self.scanner.calls)


class RequiredTests(ClientCase):
    def setUp(self) -> None:
        super().setUp()
        self.serve(client_auth="required", identities=KNOWN)

    def test_good(self) -> None:
        files = self.theirs.issue("mx1.example.net")
        for version in VERSIONS:
            for size in (1, 2**20):
                client = self.client(version, files, pump=False)
                client.pump(size)
                self.assertEqual(self.known(client), "mx1")

    def test_believed(self) -> None:
        """As its identity says, whatever its network."""
        files = self.theirs.issue("mx1.example.net")
        client = self.client(files=files, host="203.0.113.9")
        client.send(CHECK.replace(b"\r\n\r\n", b"\r\nUser: somebody\r\n\r\n", 1))
        self.assertEqual(self.scanner.calls[-1][0].identity, "mx1")

    def test_none(self) -> None:
        self.in_vain(None, "certificate", "no certificate was shown", "alert")

    def test_nobody(self) -> None:
        files = self.theirs.issue("mx9.example.net")
        words = "CN=mx9.example.net with mx9.example.net, SHA-256"
        self.in_vain(files, "identity", words, "alert certificate unknown")

    def test_expired(self) -> None:
        files = self.theirs.issue(TRUSTED, days=(-9, -1))
        self.in_vain(files, "certificate", "expired on", "alert certificate expired")

    def test_not_yet(self) -> None:
        files = self.theirs.issue(TRUSTED, days=(1, 9))
        self.in_vain(files, "certificate", "does not hold before", "alert bad certificate")

    def test_unknown_authority(self) -> None:
        words = "from an authority that is not trusted: CN=ours (client_ca)"
        files = self.authority.issue(TRUSTED)
        self.in_vain(files, "certificate", words, "alert unknown ca")
        files = self.authority.issue(TRUSTED, stem="chain", chain=[self.authority])
        self.in_vain(files, "certificate", words, "alert unknown ca")

    def test_same_name_of_authority(self) -> None:
        """One that only calls itself as the right one."""
        (self.folder / "other").mkdir()
        fake = Authority(self.folder / "other", "theirs")
        files = fake.issue(TRUSTED)
        self.in_vain(files, "certificate", "signature of the certificate is not right", "alert")

    def test_self_signed(self) -> None:
        files = self_signed(self.folder, TRUSTED)
        words = "self-signed, and not one that is trusted (client_ca, or fingerprints of an identi"
        self.in_vain(files, "certificate", words, "alert unknown ca")

    def test_usage(self) -> None:
        files = self.theirs.issue(TRUSTED, usage="server")
        self.in_vain(files, "certificate", "is not for clients", "alert unsupported certificate")

    def test_usage_unsaid(self) -> None:
        files = self.theirs.issue(TRUSTED, usage="unsaid")
        words, alert = 'client_usage = "any" takes it', "alert unsupported certificate"
        self.in_vain(files, "certificate", words, alert)
        self.serve(client_auth="required", identities=KNOWN, client_usage="any")
        self.assertEqual(self.known(self.client(files=files)), "mx1")

    def test_short_key(self) -> None:
        files = self.theirs.issue(TRUSTED, key="rsa", bits=1024)
        context = self.context()
        context.set_cipher_list(b"ALL:@SECLEVEL=0")
        context.use_certificate_chain_file(str(files[0]))
        context.use_privatekey_file(str(files[1]))
        self.counted.clear()
        client = self.client(context=context)
        client.send(CHECK)
        self.assertTrue(client.error)
        self.refused("certificate", "key of the certificate is too short")

    def test_chain(self) -> None:
        """Through an authority that the client shows, too, but not through ten."""
        below = Authority(self.folder, "below", signed_by=self.theirs)
        files = below.issue(TRUSTED, chain=[below])
        self.assertEqual(self.known(self.client(files=files)), "mx1")
        self.serve(client_auth="required", identities=KNOWN)
        authorities = [self.theirs]
        for number in range(10):
            last = authorities[-1]
            authorities.append(Authority(self.folder, f"level{number}", signed_by=last))
        files = authorities[-1].issue(TRUSTED, stem="long", chain=authorities[:0:-1])
        self.in_vain(files, "certificate", "too many authorities", "alert unknown ca")

    def test_missing_link(self) -> None:
        below = Authority(self.folder, "below", signed_by=self.theirs)
        files = below.issue(TRUSTED)
        self.in_vain(files, "certificate", "not trusted: CN=below", "alert unknown ca")

    def test_large_chain(self) -> None:
        """Over 100 KiB."""
        names = [f"host{number}.{'x' * 60}.example.net" for number in range(1400)]
        files = self.theirs.issue(*names, stem="large")
        for version in VERSIONS:
            self.counted.clear()
            self.clock.advance(60)
            client = self.client(version, files)
            client.send(CHECK)
            self.assertTrue(client.error)
            self.refused("protocol", "certificates: 100 KiB")

    def test_name_constraints(self) -> None:
        below = Authority(self.folder, "narrow", signed_by=self.theirs, only_below=["example.com"])
        files = below.issue(TRUSTED, chain=[below])
        self.in_vain(files, "certificate", "its authority may not sign for", "alert")

    def test_intermediate_as_authority(self) -> None:
        """`client_ca` need not have the root."""
        below = Authority(self.folder, "below", signed_by=self.authority)
        self.theirs = below
        self.serve(client_auth="required", identities=KNOWN)
        self.assertEqual(self.known(self.client(files=below.issue(TRUSTED))), "mx1")


class RevokedTests(ClientCase):
    def require(self, *lists: object) -> None:
        self.serve(client_auth="required", identities=KNOWN, revoked=lists)  # type: ignore[arg-type]

    def test_revoked(self) -> None:
        good, bad = self.theirs.issue(TRUSTED), self.theirs.issue(TRUSTED, stem="bad")
        self.require(self.theirs.revoke(bad[0]))
        self.in_vain(bad, "certificate", "is revoked", "alert certificate revoked")
        self.assertEqual(self.known(self.client(files=good)), "mx1")

    def test_out_of_date(self) -> None:
        self.require(self.theirs.revoke(days=(-9, -1)))
        files = self.theirs.issue(TRUSTED)
        words = "list of revoked certificates of CN=theirs is out of date (client_crl)"
        self.in_vain(files, "certificate", words, "alert")

    def test_missing(self) -> None:
        """If there are any lists, all authorities need one."""
        self.require(self.authority.revoke())
        files = self.theirs.issue(TRUSTED)
        words = "no list of revoked certificates of CN=theirs"
        self.in_vain(files, "certificate", words, "alert")

    def test_chain(self) -> None:
        """That of an authority in between is asked for, too."""
        below = Authority(self.folder, "below", signed_by=self.theirs)
        files = below.issue(TRUSTED, chain=[below])
        self.require(self.theirs.revoke())
        self.in_vain(files, "certificate", "no list of revoked certificates of CN=below", "alert")
        self.require(self.theirs.revoke(), below.revoke())
        self.assertEqual(self.known(self.client(files=files)), "mx1")
        self.require(self.theirs.revoke(below.file), below.revoke())
        self.in_vain(files, "certificate", "CN=below is revoked", "alert certificate revoked")

    def test_intermediate_as_authority(self) -> None:
        """What is in `client_ca` needs no list of whoever is above."""
        self.theirs = Authority(self.folder, "below", signed_by=self.authority)
        self.require(self.theirs.revoke())
        self.assertEqual(self.known(self.client(files=self.theirs.issue(TRUSTED))), "mx1")


class OptionalTests(ClientCase):
    def setUp(self) -> None:
        super().setUp()
        self.serve(client_auth="optional", identities=KNOWN)

    def test_strangers(self) -> None:
        """Who shows nothing, or is nobody."""
        nobody = self.theirs.issue("mx9.example.net")
        for version in VERSIONS:
            self.assertIsNone(self.known(self.client(version)))
            self.assertIsNone(self.known(self.client(version, nobody)))
            files = self.theirs.issue(TRUSTED)
            self.assertEqual(self.known(self.client(version, files)), "mx1")

    def test_bad(self) -> None:
        """Who shows a bad one is refused all the same."""
        files = self.theirs.issue(TRUSTED, days=(-9, -1))
        self.in_vain(files, "certificate", "expired on", "alert certificate expired")

    def test_admitted(self) -> None:
        """Who is known, but not admitted here, is nobody here."""
        known = {**KNOWN, "mx2": identity("mx2.example.net")}
        self.serve(client_auth="optional", identities=known, admitted=("mx2",))
        self.assertIsNone(self.known(self.client(files=self.theirs.issue(TRUSTED))))
        files = self.theirs.issue("mx2.example.net")
        self.assertEqual(self.known(self.client(files=files)), "mx2")


class OffTests(ClientCase):
    def test_not_asked(self) -> None:
        self.serve(identities=KNOWN)
        for version in VERSIONS:
            client = self.client(version, self.theirs.issue(TRUSTED))
            self.assertIsNone(self.known(client))


class PinnedTests(ClientCase):
    def pin(self, files: Files, **settings: Any) -> None:
        pins = {"mx1": Identity(fingerprints=(fingerprint(load(files[0])),))}
        self.serve(client_auth="required", identities=pins, **settings)

    def test_needs_no_authority(self) -> None:
        below = Authority(self.folder, "below", signed_by=self.authority)
        for files in (
            self_signed(self.folder, "a.example"),
            self.authority.issue("b.example"),
            self.authority.issue("c.example", chain=[self.authority]),
            below.issue("d.example", chain=[below]),
            below.issue("e.example", chain=[below, self.authority]),
            self.theirs.issue("f.example"),
        ):
            self.pin(files)
            for version in VERSIONS:
                self.assertEqual(self.known(self.client(version, files)), "mx1")

    def test_nor_lists(self) -> None:
        files = self.authority.issue("b.example", chain=[self.authority])
        self.pin(files, revoked=[self.theirs.revoke()])
        self.assertEqual(self.known(self.client(files=files)), "mx1")

    def test_nor_good_lists(self) -> None:
        """One that is out of date, or of somebody unknown, is of no account; but what is on it."""
        files = self.theirs.issue("b.example")
        self.pin(files, revoked=[self.theirs.revoke(days=(-9, -1))])
        self.assertEqual(self.known(self.client(files=files)), "mx1")
        (self.folder / "other").mkdir()
        fake = Authority(self.folder / "other", "ours")
        files = self.authority.issue("c.example", chain=[self.authority])
        self.pin(files, revoked=[fake.revoke()])
        self.assertEqual(self.known(self.client(files=files)), "mx1")
        files = self.authority.issue("e.example")
        self.pin(files, revoked=[self.authority.revoke()])
        self.assertEqual(self.known(self.client(files=files)), "mx1")
        self.scanner.calls.clear()
        files = self.theirs.issue("d.example")
        self.pin(files, revoked=[self.theirs.revoke(files[0], days=(-9, -1))])
        self.in_vain(files, "certificate", "is revoked", "alert certificate revoked")

    def test_public_key(self) -> None:
        files = self_signed(self.folder, "a.example")
        pins = {"mx1": Identity(public_keys=(public_key(load(files[0])),))}
        self.serve(client_auth="required", identities=pins)
        self.assertEqual(self.known(self.client(files=files)), "mx1")

    def test_others(self) -> None:
        """Nobody else gets in by that."""
        self.pin(self_signed(self.folder, "a.example"))
        alert = "alert unknown ca"
        files = self.authority.issue(TRUSTED)
        self.in_vain(files, "certificate", "authority that is not trusted: CN=ours", alert)
        files = self_signed(self.folder, "other.example")
        self.in_vain(files, "certificate", "self-signed", alert)
        files = self.authority.issue(TRUSTED, stem="chain", chain=[self.authority])
        self.in_vain(files, "certificate", "authority that is not trusted: CN=ours", alert)
        files = self.theirs.issue(TRUSTED)
        self.in_vain(files, "identity", "nobody", "alert certificate unknown")

    def test_others_by_name(self) -> None:
        """Beside a pin, chains are looked at to their end."""
        files = self_signed(self.folder, "a.example")
        known = {**KNOWN, "pinned": Identity(fingerprints=(fingerprint(load(files[0])),))}
        self.serve(client_auth="required", identities=known)
        below = Authority(self.folder, "narrow", signed_by=self.theirs, only_below=["example.com"])
        files = below.issue(TRUSTED, stem="narrow2", chain=[below])
        self.in_vain(files, "certificate", "may not sign for", "alert")
        below = Authority(self.folder, "below", signed_by=self.authority)
        files = below.issue(TRUSTED, chain=[below])
        self.in_vain(files, "certificate", "authority that is not trusted", "alert unknown ca")

    def test_first_doubt(self) -> None:
        """What is said of one that is not pinned is what was wrong first, with pins as without."""
        other = Authority(self.folder, "leaf", signed_by=self.theirs, may_sign=False)
        files = other.issue(TRUSTED, chain=[other])
        lists = [self.theirs.revoke()]
        words = "certificate of its authority CN=leaf has signed another one, and is no authority"
        pinned = Identity(fingerprints=(fingerprint(load(self.authority.file)),))
        for known in (KNOWN, {**KNOWN, "pinned": pinned}):
            self.serve(client_auth="required", identities=known, revoked=lists)
            self.in_vain(files, "certificate", words, "alert unknown ca")

    def test_late_faults(self) -> None:
        """What is said of an authority behind the certificate itself counts, too."""
        files = self_signed(self.folder, "a.example")
        known = {**KNOWN, "pinned": Identity(fingerprints=(fingerprint(load(files[0])),))}
        self.serve(client_auth="required", identities=known)
        authority = X509.from_cryptography(self.theirs.certificate)
        for path, is_taken in ((files[0], True), (self.theirs.issue(TRUSTED)[0], False)):
            tls = self.factory.side.connection(0.0)
            self.assertIsNone(tls.judge(X509.from_cryptography(load(path)), 0, 0))
            self.assertEqual(tls.judge(authority, 47, 1) is None, is_taken)

    def test_still_looked_at(self) -> None:
        """Expired, not for clients, revoked: a pin does not help."""
        files = self.theirs.issue(TRUSTED, days=(-9, -1))
        self.pin(files)
        self.in_vain(files, "certificate", "expired on", "alert certificate expired")
        files = self.theirs.issue(TRUSTED, usage="server")
        self.pin(files)
        self.in_vain(files, "certificate", "not for clients", "alert unsupported certificate")
        files = self.theirs.issue(TRUSTED)
        self.pin(files, revoked=[self.theirs.revoke(files[0])])
        self.in_vain(files, "certificate", "is revoked", "alert certificate revoked")
