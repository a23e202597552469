"""Sessions that go on in another connection: whoever it is, is looked at again."""

from datetime import UTC, datetime

from OpenSSL import SSL

from mailfilter.tls import contexts
from mailfilter.tls.book import Book

from .spamd_case import CHECK
from .test_tls_clients import KNOWN, TRUSTED, ClientCase
from .tls_case import VERSIONS


class ResumedTests(ClientCase):
    def setUp(self) -> None:
        super().setUp()
        self.serve(client_auth="required", identities=KNOWN)

    def session(self, context: SSL.Context) -> SSL.Session:
        """Of a connection that has gone well."""
        client = self.client(context=context)
        self.assertEqual(self.known(client), "mx1")
        session = client.ssl.get_session()
        # OpenSSL resumes none that has not ended well.
        client.end()
        assert session is not None
        self.counted.clear()
        return session

    def test_known(self) -> None:
        for version in VERSIONS:
            context = self.context(version, self.theirs.issue(TRUSTED))
            session = self.session(context)
            client = self.client(context=context, session=session)
            self.assertEqual(self.known(client), "mx1")
            self.assertEqual(self.counted, ["tls/handshakes", "tls/resumed"])

    def test_expired(self) -> None:
        """The certificate has held, and does not any more."""
        for version in VERSIONS:
            files = self.theirs.issue(TRUSTED, days=(-1, 1))
            context = self.context(version, files)
            session = self.session(context)
            self.clock.advance(60)
            self.days_later(2)
            client = self.client(context=context, session=session)
            client.send(CHECK)
            self.assertEqual(client.received, b"")
            self.assertTrue(client.has_end)
            self.refused("certificate", "expired on")

    def days_later(self, days: float) -> None:
        """Twisted's clock stands still; that by which certificates are looked at goes on."""
        handshakes = self.factory.handshakes
        wall = handshakes.wall_clock()
        handshakes.wall_clock = lambda: wall + days * 86400

    def test_changed(self) -> None:
        """Nothing that was agreed on before a change is good after it."""
        for version in VERSIONS:
            files = self.theirs.issue(TRUSTED)
            context = self.context(version, files)
            session = self.session(context)
            self.factory.side = self.side()
            self.assertEqual(self.known(self.client(context=context, session=session)), "mx1")
            self.assertEqual(self.counted, ["tls/handshakes"])

    def test_identity_gone(self) -> None:
        files = self.theirs.issue(TRUSTED)
        context = self.context(files=files)
        session = self.session(context)
        self.factory.side.book = Book({})
        client = self.client(context=context, session=session)
        client.send(CHECK)
        self.assertEqual(client.received, b"")
        self.refused("identity", "nobody")
        self.assertEqual(len(self.scanner.calls), 1)

    def test_list_ends(self) -> None:
        """Where lists of what was revoked run out, everybody has to be verified again."""
        files = self.theirs.issue(TRUSTED)
        lists = [self.theirs.revoke(days=(-1, 3)), self.authority.revoke(days=(-9, -1))]
        for version in VERSIONS:
            self.serve(client_auth="required", identities=KNOWN, revoked=lists)
            context = self.context(version, files)
            session = self.session(context)
            self.days_later(2.9)
            self.assertEqual(self.known(self.client(context=context, session=session)), "mx1")
            self.assertEqual(self.counted, ["tls/handshakes", "tls/resumed"])
            self.counted.clear()
            self.days_later(0.2)
            self.assertEqual(self.known(self.client(context=context, session=session)), "mx1")
            self.assertEqual(self.counted, ["tls/handshakes"])

    def test_authority_ends(self) -> None:
        """One that has done so before does not matter: it has vouched for nobody since."""
        ends = self.theirs.certificate.not_valid_after_utc.timestamp()
        self.assertEqual(self.side().ends, ends)
        self.assertEqual(self.side(now=ends + 1).ends, float("inf"))

    def test_end_within_a_handshake(self) -> None:
        for version in VERSIONS:
            self.serve(client_auth="required", identities=KNOWN)
            context = self.context(version, self.theirs.issue(TRUSTED))
            session = self.session(context)
            self.clock.advance(60)
            client = self.client(context=context, session=session, pump=False)
            self.factory.side.ends = datetime.now(UTC).timestamp()
            client.pump()
            client.send(CHECK)
            self.assertEqual(client.received, b"")
            self.refused("certificate", "a session from before something of client_ca")

    def test_never_verified(self) -> None:
        """Whoever was neither verified nor resumes a session is not taken, however that came."""
        self.patch(contexts, "verify", lambda *_: 0)
        self.serve(client_auth="required", identities=KNOWN)
        for version in VERSIONS:
            self.counted.clear()
            self.clock.advance(60)
            client = self.client(version, self.theirs.issue(TRUSTED))
            client.send(CHECK)
            self.assertEqual(client.received, b"")
            self.refused("certificate", "its certificate was not verified")
