"""HAProxy in two stages with a unix socket between, where it does not know who a client is."""

import functools
import json

from .haproxy import CONTROLLER, Haproxy, ProxiedFilter
from .haproxy_case import PLACE, CurlCase, passed_on, refused, started
from .processes import private_directory, wait_until
from .tls_page import issue

FRONT = "bind :443 ssl crt /etc/haproxy/tls/filter.pem ca-file /etc/haproxy/tls/ca.pem"
TO_FILTER = "server one unix@/mailfilter/team.sock check send-proxy-v2-ssl-cn"


@functools.cache
def staged_filter() -> ProxiedFilter:
    """A controller to which everybody at a loopback address of 127.0.0.2 may come."""
    made = started(ProxiedFilter(CONTROLLER, {"10.0.1.0/24": f"{PLACE}/32"}))
    for name in ("anna", "ben"):
        issue(made.authority, name)
    return made


@functools.cache
def staged(*, ends_tls: str, told: str = "", taken: str = "") -> Haproxy:
    """Two stages, of which one ends TLS; `told` and `taken` is what they say to each other."""
    made, between = staged_filter(), private_directory() / "between.sock"
    whole = f"{FRONT} verify optional"
    first = {"listen team": "listen front", TO_FILTER: f"server second unix@{between}{told}"}
    second = {whole: f"bind unix@{between}{taken}"}
    if ends_tls == "second":
        first[whole] = "bind :443"
        second[whole] += FRONT.removeprefix("bind :443") + " verify optional"
    return Haproxy(made.section(second), made.section(first))


class StagesTests(CurlCase):
    """The filter takes nobody for HAProxy itself."""

    def make_filter(self) -> ProxiedFilter:
        """See `LiveCase`."""
        return staged_filter()

    def test_strangers(self) -> None:
        """Without a password they get nothing, wherever they are and whatever they show."""
        for ends_tls in ("first", "second"):
            self.port = staged(ends_tls=ends_tls).ports["front"]
            for who in ("", "ben"):
                for source in ("", PLACE):
                    self.assertEqual(self.curl(who, "/stat", source=source).status, 401)
            self.assertEqual(self.curl("", "/ping").status, 200)
        wait_until(lambda: passed_on(self.filter) >= 10, "all to be counted")
        self.assertEqual(refused(self.filter), {})

    def test_known(self) -> None:
        """By a certificate, if the stage that has seen it is the one that tells of it."""
        self.port = staged(ends_tls="second").ports["front"]
        session = json.loads(self.curl("anna", "/api/session").body)
        self.assertEqual(session["who"], "unknown, by unix, anna")
        self.assertFalse(session["read_only"])
        self.port = staged(ends_tls="first").ports["front"]
        self.assertEqual(self.curl("anna", "/stat").status, 401)

    def test_told(self) -> None:
        """The page's way to know addresses."""
        proxy = staged(ends_tls="first", told=" send-proxy-v2", taken=" accept-proxy")
        self.port = proxy.ports["front"]
        self.assertEqual(self.curl("", "/stat", source=PLACE).status, 200)
        self.assertEqual(self.curl("", "/stat").status, 401)

    def test_quiet(self) -> None:
        """Checks of HAProxy and clients it does not tell of are no matter for the log."""
        self.port = staged(ends_tls="first").ports["front"]
        mark = self.filter.log_size()
        self.assertEqual(self.curl("", "/ping").status, 200)
        self.assertNotIn("PROXY protocol", self.filter.log(mark))
