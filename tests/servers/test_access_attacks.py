"""Guesses at passwords, and pages of somebody else: bad-input.md 24."""

import itertools

from twisted.internet.defer import CancelledError, Deferred

from mailfilter.config.model import Controller
from mailfilter.servers.access import CROSS_SITE, Access, Allowed
from mailfilter.servers.http_reply import Reply
from mailfilter.tls.known import Known

from .access_case import LOOPBACK, STRANGER, UNIX, AccessCase

HASH = "$1$hwsecowsszgt6cut5m7ropgetxphnt76$4ddjykk9cyysofchsb7oz549e8rf4qjb4ytdsbi4gua3jhfad5gb"

FOREIGN: tuple[tuple[str, ...], ...] = (
    ("Origin: http://evil.example",),
    ("Origin: null",),
    ("Referer: http://evil.example/",),
    ("Sec-Fetch-Site: cross-site",),
    ("Sec-Fetch-Site: same-site",),
)
OWN: tuple[tuple[str, ...], ...] = (
    ("Origin: http://localhost:11334",),
    ("Referer: http://localhost:11334/web/",),
    ("Sec-Fetch-Site: same-origin",),
    ("Sec-Fetch-Site: none",),
    ("Origin: http://localhost:11334", "Sec-Fetch-Site: same-origin"),
)


class ForgeryTests(AccessCase):
    """CSRF: who asks is somebody, what he asks for is somebody else's wish."""

    def test_places(self) -> None:
        """Where somebody is let in by where he is, or by a certificate, no page may use that."""
        known = Known("ops", is_trusted=False, may_read=True, may_change=True)
        self.use(secure_ip=("10.0.0.0/24",))
        secure = self.access
        self.use()
        for access, peer, identity in (
            (self.access, LOOPBACK, None),
            (self.access, UNIX, None),
            (secure, "10.0.0.7", None),
            (self.access, STRANGER, known),
        ):
            self.access = access
            for headers in FOREIGN:
                for method in ("GET", "HEAD", "POST"):
                    named = {"known": identity, "method": method}
                    self.assert_decided("403", peer, *headers, **named)
                    found = self.decide(peer, *headers, "X-Mailfilter: 1", change=True, **named)
                    self.assertIn("+", found)
            for headers in ((), *OWN):
                self.assertIn("+", self.decide(peer, *headers, change=True, known=identity))

    def test_hidden(self) -> None:
        """A browser that may not say for whose page it asks (plain HTTP, GET, no Referer)."""
        self.use(secure_ip=("10.0.0.0/24",))
        for header in (
            "Accept-Language: en",
            "Upgrade-Insecure-Requests: 1",
            "User-Agent: Mozilla/5.0 (X11; Linux x86_64)",
        ):
            for method in ("GET", "HEAD"):
                asked = {"method": method, "change": True}
                self.assertEqual(self.decide("10.0.0.7", header, **asked), "403")
                for own in ("X-Mailfilter: 1", "Sec-Fetch-Site: same-origin"):
                    self.assertIn("+", self.decide("10.0.0.7", header, own, **asked))
            self.assertIn("+", self.decide("10.0.0.7", header, method="GET"))
            self.assertIn("+", self.decide("10.0.0.7", header, method="POST", change=True))
        script = ("User-Agent: curl/8.5.0", "Accept: */*")
        self.assertIn("+", self.decide("10.0.0.7", *script, method="GET", change=True))

    def test_nobody(self) -> None:
        """Who would not be let in anyway is told that."""
        for headers in FOREIGN:
            self.assert_decided("401", STRANGER, *headers)

    def test_text(self) -> None:
        found = self.successResultOf(self.begin(LOOPBACK, *FOREIGN[0], change=True))
        self.assertEqual(found, CROSS_SITE)
        assert isinstance(found, Reply)
        self.assertIn(b"another site", found.body)
        self.assertIn(b"X-Mailfilter", found.body)

    def test_password(self) -> None:
        """The right password as header proves that no page of somebody else is behind it."""
        self.use(password="x")
        for headers, change in itertools.product(FOREIGN, (False, True)):
            for method in ("GET", "POST"):
                named = {"change": change, "method": method}
                found = self.decide(STRANGER, "Password: x", *headers, **named)
                self.assertEqual(found, "password+")
                self.assertEqual(self.decide(UNIX, "Password: x", *headers, **named), "password+")

    def test_wrong_password(self) -> None:
        """A page may well send any password."""
        for password in ("", "x"):
            self.use(password=password)
            for headers in FOREIGN:
                found = self.decide(UNIX, "Password: y", *headers, change=True)
                self.assertEqual(found, "401" if password else "403")

    def test_query(self) -> None:
        """A password in the query any page may have sent: it is not tried, nor counted."""
        self.use(password="x", max_auth_failures=1)
        for headers in FOREIGN:
            for password in ("x", "y"):
                self.assert_decided("403", STRANGER, *headers, query=f"password={password}")
        self.assert_decided("password+", STRANGER, query="password=x")

    def test_neighbours(self) -> None:
        """The interface of another filter may show this one."""
        self.use(neighbours={"mx2": "http://mx2.example:11334/"})
        headers = ("Origin: http://mx2.example:11334", "Sec-Fetch-Site: cross-site")
        self.assert_decided("loopback+", LOOPBACK, *headers)
        self.assert_decided("403", LOOPBACK, *FOREIGN[0])


class GuessTests(AccessCase):
    """Guesses: three within ten seconds."""

    def setUp(self) -> None:
        super().setUp()
        self.use(password="x", max_auth_failures=3, auth_failure_window=10.0)

    def test_throttle(self) -> None:
        """Nothing is tried any more, the right password neither, until the time has passed."""
        found = [self.decide(STRANGER, "Password: y") for _ in range(5)]
        self.assertEqual(found, ["401", "401", "401", "429", "429"])
        self.assertEqual(self.decide(STRANGER, "Password: x"), "429")
        self.assertEqual(self.decide("203.0.113.10", "Password: x"), "password+")
        self.clock.advance(10)
        self.assertEqual(self.decide(STRANGER, "Password: x"), "password+")

    def test_reply(self) -> None:
        for _ in range(3):
            self.decide(STRANGER, "Password: y")
        self.clock.advance(0.5)
        found = self.successResultOf(self.begin(STRANGER, "Password: y"))
        assert isinstance(found, Reply)
        self.assertEqual(found.error, "Too many authentication failures")
        self.assertEqual(found.extra, (("Retry-After", "10"),))

    def test_places(self) -> None:
        """Whoever needs no password never waits."""
        for _ in range(4):
            self.decide(UNIX, "X-Real-IP: x", "Password: y")
        self.assertEqual(self.decide(UNIX, "X-Real-IP: x", "Password: y"), "429")
        self.assertEqual(self.decide(UNIX), "unix+")

    def test_none(self) -> None:
        """No password is no guess."""
        for _ in range(9):
            self.assertEqual(self.decide(STRANGER), "401")
        self.assertEqual(self.decide(STRANGER, "Password: x"), "password+")

    def test_source(self) -> None:
        """A /64 of IPv6 is one source; who comes by a proxy of ours is counted by its address."""
        for number in range(3):
            self.decide(f"2001:db8::{number}", "Password: y")
        self.assertEqual(self.decide("2001:db8::9", "Password: x"), "429")
        self.assertEqual(self.decide("2001:db8:0:1::9", "Password: x"), "password+")
        self.use(password="x", max_auth_failures=1, trusted_proxies=(LOOPBACK,))
        for peer in (LOOPBACK, UNIX):
            self.decide(peer, "Password: y", f"X-Forwarded-For: {peer}.1, 192.0.2.1")
        forwarded = "X-Forwarded-For: 192.0.2.1"
        self.assertEqual(self.decide(LOOPBACK, "Password: x", forwarded), "429")
        other = "X-Forwarded-For: 192.0.2.1, 192.0.2.2"
        self.assertEqual(self.decide(LOOPBACK, "Password: x", other), "password+")

    def test_made_up_source(self) -> None:
        """An address that is not believed is none to begin anew with."""
        found = [
            self.decide(STRANGER, "Password: y", f"X-Forwarded-For: 192.0.2.{number}")
            for number in range(5)
        ]
        self.assertEqual(found, ["401", "401", "401", "429", "429"])

    def test_success(self) -> None:
        for _ in range(5):
            self.decide(STRANGER, "Password: y")
            self.decide(STRANGER, "Password: y")
            self.assertEqual(self.decide(STRANGER, "Password: x"), "password+")

    def test_reads_and_changes(self) -> None:
        """A password for looking is no guess at that for changes, nor does it make guesses good."""
        self.use(password="x", enable_password="z", max_auth_failures=3)
        for _ in range(2):
            for _ in range(5):
                self.assertEqual(self.decide(STRANGER, "Password: x", change=True), "401")
            self.assertEqual(self.decide(STRANGER, "Password: y", change=True), "401")
            self.assertEqual(self.decide(STRANGER, "Password: x"), "password")
        self.assertEqual(self.decide(STRANGER, "Password: y", change=True), "401")
        self.assertEqual(self.decide(STRANGER, "Password: z"), "429")

    def test_told(self) -> None:
        """What one process learns the others know, too."""
        other = Access(Controller(password="x", max_auth_failures=3), self.clock)
        self.access.tell = lambda source, is_right: other.hear(source, is_right=is_right)
        for _ in range(2):
            self.decide(STRANGER, "Password: y")
        self.decide(STRANGER, "Password: x")
        for _ in range(3):
            self.decide("2001:db8::1", "Password: y")
        self.access = other
        self.assertEqual(self.decide("2001:db8::2", "Password: x"), "429")
        self.assertEqual(self.decide(STRANGER, "Password: y"), "401")
        self.assertEqual(self.decide(STRANGER, "Password: y"), "401")
        self.assertEqual(self.decide(STRANGER, "Password: x"), "password+")


class AtOnceTests(AccessCase):
    """Guesses that are under way together."""

    def setUp(self) -> None:
        super().setUp()
        self.answers: list[tuple[bytes, Deferred[bool]]] = []

        async def check(stored: str, password: bytes) -> bool:
            self.answers.append((password, Deferred()))
            return await self.answers[-1][1]

        self.access = Access(Controller(password=HASH, max_auth_failures=3), self.clock, check)

    def answer(self) -> None:
        """Find out all that was asked."""
        while self.answers:
            password, deferred = self.answers.pop()
            deferred.callback(password == b"secretpw")

    def test_guesses(self) -> None:
        """A hundred at once are three."""
        asked = [self.begin(STRANGER, f"Password: {number}") for number in range(100)]
        self.assertEqual(len(self.answers), 3)
        statuses = [self._status(item) for item in asked[3:]]
        self.assertEqual(statuses, [429] * 97)
        self.answer()
        self.assertEqual([self._status(item) for item in asked[:3]], [401] * 3)
        self.assertEqual(self.decide(STRANGER, "Password: secretpw"), "429")

    def test_browser(self) -> None:
        """The many requests of a page, with one password, are one attempt."""
        asked = [self.begin(STRANGER, "Password: secretpw") for _ in range(20)]
        self.assertEqual(len(self.answers), 1)
        self.answer()
        for item in asked:
            self.assertIsInstance(self.successResultOf(item), Allowed)

    def test_left(self) -> None:
        """Who does not wait for the answer has failed: or guesses were for nothing."""
        for number in range(3):
            item = self.begin(STRANGER, f"Password: {number}")
            item.cancel()
            self.failureResultOf(item, CancelledError)
        self.assertEqual(self.decide(STRANGER, "Password: secretpw"), "429")
        self.assertEqual(len(self.answers), 3)

    def _status(self, item: Deferred[Allowed | Reply]) -> int:
        found = self.successResultOf(item)
        assert isinstance(found, Reply)
        return found.status
