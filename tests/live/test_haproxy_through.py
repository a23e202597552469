"""HAProxy in front of listeners that ask who is there: TLS of our own, and the controller."""

import functools
import json

from .haproxy import CONTROLLER, THROUGH, Haproxy, ProxiedFilter
from .haproxy_case import FIRST, PLACE, SECOND, CurlCase, started
from .processes import wait_until
from .tls_page import issue

ENDS = ("pem", "key")


@functools.cache
def through_filter() -> ProxiedFilter:
    """One that speaks TLS itself."""
    made = started(ProxiedFilter(THROUGH))
    issue(made.authority, "mx9.example.net")
    return made


@functools.cache
def through_proxy(version: str) -> Haproxy:
    """In front of that."""
    return Haproxy(through_filter().section({FIRST: version}))


class ThroughTests(CurlCase):
    """HAProxy passes on TLS that it cannot read."""

    def make_filter(self) -> ProxiedFilter:
        """See `LiveCase`."""
        return through_filter()

    def test_known(self) -> None:
        """By the certificate that the filter itself has seen."""
        for version in (FIRST, SECOND):
            self.port = through_proxy(version).ports["https"]
            self.assertEqual(self.scan("mx1")["identity"], "mx1")
            self.assertEqual(self.curl("", "/ping").status, 0)

    def test_anew(self) -> None:
        """HAProxy reads it, and speaks TLS anew, by a certificate that is good for itself alone."""
        made = self.filter.authority
        for kind, names in (("both", ("filter",)), ("shown", ("mx1",))):
            octets = [(made / f"{name}.{end}").read_bytes() for name in names for end in ENDS]
            (made / f"{kind}.pem").write_bytes(b"".join(octets))
        front = f"bind :11444 ssl crt {made}/both.pem ca-file {made}/ca.pem verify optional"
        back = f"check send-proxy-v2-ssl-cn ssl verify none crt {made}/shown.pem"
        changes = {"bind :11444": front, f"check {FIRST}": back}
        self.port = Haproxy(self.filter.section(changes)).ports["https"]
        for who in ("", "mx1", "mx9"):
            self.assertIsNone(self.scan(who)["identity"], who)

    def test_place(self) -> None:
        """It is the client's address that is in the log."""
        self.port = through_proxy(FIRST).ports["https"]
        mark = self.filter.log_size()
        self.assertEqual(self.curl("mx9", "/ping", source=PLACE).status, 0)
        wait_until(lambda: f"'{PLACE}': TLS refused" in self.filter.log(mark), "a line about it")


@functools.cache
def controller_filter() -> ProxiedFilter:
    """A controller with people who are known."""
    made = started(ProxiedFilter(CONTROLLER, {"10.0.1.0/24": f"{PLACE}/32"}))
    for name in ("anna", "ben"):
        issue(made.authority, name)
    return made


@functools.cache
def controller_proxy() -> Haproxy:
    """In front of that."""
    return Haproxy(controller_filter().section())


class ControllerTests(CurlCase):
    """The controller behind HAProxy."""

    def make_filter(self) -> ProxiedFilter:
        """See `LiveCase`."""
        return controller_filter()

    def setUp(self) -> None:
        """Start HAProxy."""
        super().setUp()
        self.port = controller_proxy().ports["team"]

    def test_identity(self) -> None:
        """By a certificate that HAProxy has verified."""
        session = json.loads(self.curl("anna", "/api/session").body)
        self.assertEqual((session["who"], session["how"]), ("127.0.0.1, anna", "identity"))
        self.assertFalse(session["read_only"])

    def test_place(self) -> None:
        """By the address that HAProxy tells; its own is good for nothing."""
        for who in ("", "ben"):
            self.assertEqual(self.curl(who, "/stat", source=PLACE).status, 200)
            self.assertEqual(self.curl(who, "/stat").status, 401)
