"""Certificates of clients that are not right in ways that are easily passed over."""

from cryptography import x509
from cryptography.x509.oid import ExtensionOID
from OpenSSL.crypto import X509

from mailfilter.config.model import Identity
from mailfilter.tls.facts import fingerprint, public_key
from tests.authority import Authority, load

from .test_tls_clients import KNOWN, TRUSTED, ClientCase
from .tls_case import Files


class UnreadableTests(ClientCase):
    """What cannot be read is nobody's, and no stranger's either."""

    def unreadable(self) -> Files:
        """OpenSSL takes it, `cryptography` does not: a name in eight bits."""
        value = b"\x82\x06mx1\xff\xfe\x80"
        octets = b"\x30" + bytes([len(value)]) + value
        names = x509.UnrecognizedExtension(ExtensionOID.SUBJECT_ALTERNATIVE_NAME, octets)
        return self.theirs.issue_for(load(self.pair[0]).subject, names, stem="unreadable")

    def test_refused(self) -> None:
        files = self.unreadable()
        for auth in ("required", "optional"):
            self.serve(client_auth=auth, identities=KNOWN)
            self.in_vain(files, "certificate", "is not well formed", "alert")

    def test_also_where_any_would_do(self) -> None:
        self.serve(client_auth="required", identities={"any": Identity(any_certificate=True)})
        self.in_vain(self.unreadable(), "certificate", "is not well formed", "alert")


class SettledTests(ClientCase):
    def test_none_shown(self) -> None:
        """Should OpenSSL let somebody through without a certificate, we do not."""
        for auth, is_taken in (("required", False), ("optional", True), ("off", True)):
            self.serve(client_auth=auth, identities=KNOWN)
            tls = self.factory.side.connection(0.0)
            self.assertEqual(tls.settle(0.0) is None, is_taken, auth)


class PinnedTests(ClientCase):
    """A pin is in place of an authority, and of nothing else."""

    def pin(self, files: Files, *, by_key: bool = False, **settings: object) -> None:
        certificate = load(files[0])
        pins = Identity(fingerprints=(fingerprint(certificate),))
        if by_key:
            pins = Identity(public_keys=(public_key(certificate),))
        self.serve(client_auth="required", identities={"mx1": pins}, **settings)  # type: ignore[arg-type]

    def test_not_yet(self) -> None:
        files = self.theirs.issue(TRUSTED, days=(1, 9))
        self.pin(files)
        self.in_vain(files, "certificate", "does not hold before", "alert")

    def test_wrong_signature(self) -> None:
        (self.folder / "other").mkdir()
        files = Authority(self.folder / "other", "theirs").issue(TRUSTED)
        for by_key in (False, True):
            self.pin(files, by_key=by_key)
            self.in_vain(files, "certificate", "signature of the certificate is not right", "alert")

    def test_list_of_tomorrow(self) -> None:
        """One that does not hold yet is of no account, as one that is out of date."""
        files = self.theirs.issue(TRUSTED)
        self.pin(files, revoked=[self.theirs.revoke(days=(1, 9))])
        self.assertEqual(self.known(self.client(files=files)), "mx1")

    def test_doubt_of_others(self) -> None:
        """What is said of the authority of one that is not pinned."""
        files = self.theirs.issue(TRUSTED)
        self.pin(files)
        tls = self.factory.side.connection(0.0)
        other = self.theirs.issue("other.example.net")
        authority = X509.from_cryptography(self.theirs.certificate)
        self.assertIsNone(tls.judge(authority, 10, 1))
        refusal = tls.judge(X509.from_cryptography(load(other[0])), 0, 0)
        assert refusal is not None
        self.assertIn("of its authority CN=theirs expired on", refusal.text)
