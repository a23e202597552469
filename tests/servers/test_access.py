"""Who is let in at the controller, by what, and what for (http-controller.md 2.3)."""

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from mailfilter.servers import access as module
from mailfilter.servers import controller_client
from mailfilter.servers.access import Access, Allowed
from mailfilter.servers.derivation import Undecided
from mailfilter.servers.http_reply import Reply
from mailfilter.tls.known import Known

from .access_case import LOOPBACK, STRANGER, UNIX, AccessCase, head_of, peer_of

INSIDE = "10.0.0.7"
PROXY = "10.9.9.9"

PROXY_SIGNS = (
    "X-Forwarded-For: 127.0.0.1",
    "X-Forwarded-For: 10.0.0.7",
    "X-Forwarded-For: unix",
    "X-Forwarded-For:",
    "X-Real-IP: 127.0.0.1",
    "Forwarded: for=127.0.0.1",
    "Via: 1.1 localhost",
    "X-Forwarded-Host: localhost",
)


class PlaceTests(AccessCase):
    """Without a password."""

    def test_open(self) -> None:
        """While nothing is set this machine may do everything, and nobody else anything."""
        for peer in (LOOPBACK, "127.9.9.9", "::1", "::ffff:127.0.0.1"):
            self.assert_decided("loopback+", peer)
        self.assert_decided("unix+", UNIX)
        for peer in (STRANGER, INSIDE, "::2", "fe80::1%eth0", "nonsense"):
            self.assert_decided("401", peer)
            self.assert_decided("401", peer, "Password: x")

    def test_not_open(self) -> None:
        """As soon as anything is set, this machine is let in by that alone."""
        for settings in (
            {"password": "x"},
            {"enable_password": "x"},
            {"secure_ip": ("10.0.0.0/24",)},
        ):
            self.use(**settings)
            self.assert_decided("401", LOOPBACK)
            self.assert_decided("unix+", UNIX)

    def test_secure(self) -> None:
        """Networks that need no password, whatever they send as one."""
        self.use(secure_ip=("10.0.0.0/24", "2001:db8::/64"), password="x")
        for peer in (INSIDE, "2001:db8::1", "::ffff:10.0.0.7"):
            self.assert_decided("secure_ip+", peer)
            self.assert_decided("secure_ip+", peer, "Password: wrong")
        self.assert_decided("401", "10.0.1.1")

    def test_forwarded(self) -> None:
        """What a proxy passes on is nobody's on this machine, whatever is in there."""
        for peer in (LOOPBACK, UNIX, "::1"):
            for sign in PROXY_SIGNS:
                self.assert_decided("401", peer, sign)
        self.use(secure_ip=("10.0.0.0/24", "127.0.0.1"))
        for peer in (LOOPBACK, INSIDE, STRANGER):
            for sign in PROXY_SIGNS:
                self.assert_decided("401", peer, sign)

    def test_proxy(self) -> None:
        """From a proxy of ours the address counts that it tells, if that is secure."""
        self.use(secure_ip=("10.0.0.0/24",), trusted_proxies=(PROXY, LOOPBACK))
        for peer in (PROXY, LOOPBACK, UNIX):
            self.assert_decided("secure_ip+", peer, "X-Forwarded-For: 10.0.0.7")
            self.assert_decided("secure_ip+", peer, f"X-Forwarded-For: 10.0.0.7, {PROXY}")
            self.assert_decided("secure_ip+", peer, "X-Real-IP: 10.0.0.7")
            for spoofed in (
                f"X-Forwarded-For: 10.0.0.7, {STRANGER}",
                f"X-Forwarded-For: 10.0.0.7, {STRANGER}, {PROXY}",
                "X-Forwarded-For: 10.0.0.7, unknown",
                "X-Forwarded-For: 10.0.0.7,",
                "Forwarded: for=10.0.0.7",
            ):
                self.assert_decided("401", peer, spoofed)
        self.assert_decided("401", STRANGER, "X-Forwarded-For: 10.0.0.7")
        # Itself it is let in only if its own address is secure.
        self.assert_decided("401", PROXY)

    def test_proxy_of_loopback(self) -> None:
        """This machine is open for nobody by a proxy, be that on this machine and ours."""
        self.use(trusted_proxies=(LOOPBACK,))
        self.assert_decided("loopback+", LOOPBACK)
        for sign in PROXY_SIGNS:
            self.assert_decided("401", LOOPBACK, sign)
            self.assert_decided("401", UNIX, sign)

    def test_rebinding(self) -> None:
        """Under the name of somebody else nobody is let in by where it is."""
        self.assert_decided("401", LOOPBACK, host="evil.example")
        self.assert_decided("401", LOOPBACK, host="evil.example:11334")
        self.assert_decided("loopback+", LOOPBACK, host=None)
        self.assert_decided("unix+", UNIX, host="evil.example")
        self.use(hosts=("Filter.example",), secure_ip=("10.0.0.0/24", LOOPBACK))
        for peer in (LOOPBACK, INSIDE):
            self.assert_decided("401", peer, host="evil.example")
            self.assert_decided("secure_ip+", peer, host="filter.example:80")

    def test_rebinding_with_password(self) -> None:
        """A password is as good under any name."""
        self.use(password="x")
        self.assert_decided("password+", STRANGER, "Password: x", host="evil.example")

    def test_log(self) -> None:
        """Why somebody is not let in is logged, once a minute for each source."""
        lines: list[str] = []
        self.patch(
            controller_client.log,
            "warn",
            lambda text, **values: lines.append(text.format(**values)),
        )
        for _ in range(3):
            self.decide(LOOPBACK, "X-Forwarded-For: 10.0.0.7")
        self.assertEqual(len(lines), 1)
        self.assertIn("controller.trusted_proxies", lines[0])
        self.decide("::1", host="evil.example\r\nx")
        self.assertIn("controller.hosts", lines[1])
        self.assertNotIn("\n", lines[1])
        self.clock.advance(60)
        self.decide(LOOPBACK, "Via: x")
        self.assertEqual(len(lines), 3)


class PasswordTests(AccessCase):
    """With one."""

    def test_one(self) -> None:
        """`password` alone is good for everything."""
        self.use(password="look")
        self.assert_decided("password+", STRANGER, "Password: look")
        self.assert_decided("password+", STRANGER, query="password=look")
        self.assert_decided("401", STRANGER)

    def test_two(self) -> None:
        """Beside `enable_password` it is good for looking."""
        self.use(password="look", enable_password="change")
        self.assert_decided("password+", STRANGER, "Password: change")
        self.assertEqual(self.decide(STRANGER, "Password: look"), "password")
        self.assertEqual(self.decide(STRANGER, "Password: look", change=True), "401")

    def test_enable_alone(self) -> None:
        """Without it nobody looks either."""
        self.use(enable_password="change")
        self.assert_decided("password+", STRANGER, "Password: change")
        self.assert_decided("401", STRANGER, "Password: look")

    def test_wrong(self) -> None:
        self.use(password="look", max_auth_failures=1000)
        for text in ("Look", "look ", "loo", "lookx", "$1$", "\xff", "l" * 5000):
            self.assert_decided("401", STRANGER, query=f"password={text}")

    def test_empty(self) -> None:
        """An empty header is none, and no failure; the query counts then."""
        self.use(password="look", max_auth_failures=1)
        for _ in range(3):
            self.assert_decided("401", STRANGER, "Password:")
            self.assert_decided("401", STRANGER, query="password=")
        self.assert_decided("password+", STRANGER, "Password:", query="password=look")

    def test_header_first(self) -> None:
        self.use(password="look")
        self.assert_decided("401", STRANGER, "Password: x", query="password=look")

    def test_shipped(self) -> None:
        """What everybody knows is good on this machine alone, and not by a proxy."""
        for password in ("q1", "q2"):
            self.use(password=password, trusted_proxies=(LOOPBACK,))
            told = f"Password: {password}"
            self.assert_decided("password+", LOOPBACK, told)
            self.assert_decided("401", STRANGER, told)
            self.assert_decided("401", LOOPBACK, told, "X-Forwarded-For: 127.0.0.1")
            self.assert_decided("401", UNIX, told, "X-Real-IP: 127.0.0.1")

    def test_who(self) -> None:
        """Who it was is known afterwards."""
        self.use(password="look", enable_password="change", trusted_proxies=(PROXY,))
        for peer, header, expected in (
            (STRANGER, "Password: look", f"{STRANGER}, by password"),
            (STRANGER, "Password: change", f"{STRANGER}, by enable_password"),
        ):
            found = self.successResultOf(self.begin(peer, header))
            assert isinstance(found, Allowed)
            self.assertEqual(found.who, expected)
        found = self.successResultOf(
            self.begin(PROXY, "Password: look", f"X-Forwarded-For: {STRANGER}")
        )
        assert isinstance(found, Allowed)
        self.assertEqual(found.who, f"{STRANGER} (by {PROXY}), by password")

    def test_undecided(self) -> None:
        """Where no verdict is to be had, that is no wrong password."""
        answers: list[Deferred[bool]] = []

        async def check(stored: str, password: bytes) -> bool:
            answers.append(Deferred())
            return await answers[-1]

        self.use(password=HASH, max_auth_failures=1)
        self.access = Access(self.access._controller, self.clock, check)
        for _ in range(2):
            deciding = self.begin(STRANGER, "Password: secretpw")
            answers[-1].errback(Failure(Undecided("later")))
            found = self.successResultOf(deciding)
            assert isinstance(found, Reply)
            self.assertEqual(found.status, 503)
        deciding = self.begin(STRANGER, "Password: secretpw")
        answers[-1].callback(True)
        self.assertIsInstance(self.successResultOf(deciding), Allowed)

    def test_hash(self) -> None:
        self.use(password=HASH)
        self.assert_decided("password+", STRANGER, "Password: secretpw")
        self.assert_decided("401", STRANGER, f"Password: {HASH}")


class IdentityTests(AccessCase):
    """By a certificate."""

    reader = Known("ops", is_trusted=False, may_read=True)
    writer = Known("boss", is_trusted=True, may_read=True, may_change=True)
    mta = Known("mx", is_trusted=True)

    def test_rights(self) -> None:
        for password in ("", "look"):
            self.use(password=password)
            self.assert_decided("identity+", STRANGER, known=self.writer)
            self.assertEqual(self.decide(STRANGER, known=self.reader), "identity")
            self.assertEqual(self.decide(STRANGER, known=self.reader, change=True), "401")
            self.assert_decided("401", STRANGER, known=self.mta)

    def test_and_password(self) -> None:
        """Who may only look may change things by a password, as anybody."""
        self.use(password="look", enable_password="change")
        found = self.decide(STRANGER, "Password: change", known=self.reader, change=True)
        self.assertEqual(found, "password+")

    def test_not_lent(self) -> None:
        """The certificate of a proxy says nothing of whoever it asks for."""
        self.use(trusted_proxies=(PROXY,))
        for sign in PROXY_SIGNS:
            self.assert_decided("401", PROXY, sign, known=self.writer)
            self.assert_decided("401", STRANGER, sign, known=self.writer)

    def test_who(self) -> None:
        found = self.successResultOf(self.begin(STRANGER, known=self.writer))
        self.assertEqual(found, Allowed(f"{STRANGER}, boss", True, "identity"))

    def test_any_name(self) -> None:
        """TLS has proved the name."""
        self.assert_decided("identity+", STRANGER, known=self.writer, host="mx.example")


HASH = "$1$hwsecowsszgt6cut5m7ropgetxphnt76$4ddjykk9cyysofchsb7oz549e8rf4qjb4ytdsbi4gua3jhfad5gb"


class TimingTests(AccessCase):
    """Octet by octet nothing is compared."""

    def test_constant(self) -> None:
        """Known passwords are compared by what takes as long whatever they are."""
        compared = []

        def compare(one: bytes, other: bytes) -> bool:
            compared.append((one, other))
            return one == other

        self.patch(module, "compare_digest", compare)
        self.use(password="q1")
        self.decide(STRANGER, "Password: q1")
        self.assertEqual(compared, [(b"q1", b"q1"), (b"q1", b"q2")])

    def test_secret(self) -> None:
        """Neither who is let in nor what is logged shows a password."""
        self.use(password="geheim")
        for peer, header in ((STRANGER, "Password: geheim"), (LOOPBACK, "Password: falsch")):
            deciding = self.access.decide(head_of(header), peer_of(peer), None, is_change=False)
            found = self.successResultOf(Deferred.fromCoroutine(deciding))
            self.assertNotIn("geheim", repr(found))
