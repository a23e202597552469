"""Which requests a page of somebody else may be behind, and under which names we are ours."""

from socket import gethostname

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.servers.same_origin import is_of_other_site, is_our_name, read_origin, read_origins
from tests.config.case import EXAMPLES

from .access_case import head_of

HOST = "mx.example:11334"

OURS: tuple[tuple[str, ...], ...] = (
    (),
    ("User-Agent: curl",),
    (f"Origin: http://{HOST}",),
    (f"Origin: HTTP://{HOST.upper()}",),
    (f"Referer: http://{HOST}/web/?x=y#z",),
    (f"Referer: http://{HOST}",),
    (f"Origin: http://{HOST}", f"Referer: http://{HOST}/web/", "Sec-Fetch-Site: same-origin"),
    ("Sec-Fetch-Site: same-origin",),
    ("Sec-Fetch-Site: none",),
    ("Origin: http://evil.example", "X-Mailfilter: 1"),
    ("Sec-Fetch-Site: cross-site", "X-Mailfilter: 1"),
)
"""As no page of somebody else has them sent."""

FOREIGN: tuple[tuple[str, ...], ...] = (
    ("Origin: http://evil.example",),
    ("Origin: http://mx.example",),
    ("Origin: http://mx.example:11335",),
    ("Origin: http://mx.example.evil.example:11334",),
    ("Origin: http://evil.example#mx.example:11334",),
    ("Origin: http://mx.example:11334@evil.example",),
    ("Origin: http://evil.example\\@mx.example:11334",),
    ("Origin: null",),
    ("Origin:",),
    ("Origin: mx.example:11334",),
    ("Origin: ftp://mx.example:11334",),
    (f"Origin: http://{HOST} http://evil.example",),
    (f"Origin: http://{HOST}", "Origin: http://evil.example"),
    (f"Origin: http://{HOST}", "Referer: http://evil.example/"),
    (f"Origin: http://{HOST}", "Sec-Fetch-Site: cross-site"),
    ("Referer: http://evil.example/mx.example:11334",),
    ("Referer: about:blank",),
    ("Referer:",),
    ("Sec-Fetch-Site: cross-site",),
    ("Sec-Fetch-Site: same-site",),
    ("Sec-Fetch-Site:",),
    ("Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: cross-site"),
    ("Origin: http://evil.example", "X-Mailfilter: 0"),
    ("Origin: http://evil.example", "X-Mailfilter:"),
)

PORTS = (
    ("https://mx.example", "mx.example"),
    ("https://mx.example", "mx.example:443"),
    ("https://mx.example:443", "mx.example"),
    ("http://mx.example", "mx.example:80"),
    ("http://[::1]:11334", "[::1]:11334"),
    ("http://127.0.0.1:11334", "127.0.0.1:11334"),
    ("http://mx.example.", "mx.example"),
)
"""Origins and hosts that are the same."""

NAMES: tuple[tuple[str | None, bool, bool], ...] = (
    (None, True, True),
    ("", True, True),
    ("localhost", True, True),
    ("LOCALHOST:11334", True, True),
    ("localhost.", True, True),
    ("mail.localhost", True, True),
    ("127.0.0.1:11334", True, True),
    ("192.0.2.1", True, True),
    ("[::1]:11334", True, True),
    (gethostname(), True, True),
    ("filter.example.org", True, True),
    ("Filter.Example.Org.:8443", True, True),
    ("filter", False, True),
    ("evil.example", False, False),
    ("127.0.0.1.evil.example", False, False),
    ("localhost.evil.example", False, False),
    ("evil.example:80@localhost", False, False),
    ("localhost, evil.example", False, False),
    ("localhost evil.example", False, False),
    ("filter.example.org.evil.example", False, False),
    ("xn--e.example", False, False),
    (".", False, False),
    (":80", False, False),
    ("localhost:x", False, False),
)
"""Name, whether a client on this machine may use it, and one elsewhere."""


class ForeignTests(SynchronousTestCase):
    def test_ours(self) -> None:
        for headers in OURS:
            self.assertFalse(is_of_other_site(head_of(*headers, host=HOST)), headers)

    def test_foreign(self) -> None:
        for headers in FOREIGN:
            self.assertTrue(is_of_other_site(head_of(*headers, host=HOST)), headers)

    def test_ports(self) -> None:
        """The usual port is the same as none."""
        for origin, host in PORTS:
            self.assertFalse(is_of_other_site(head_of(f"Origin: {origin}", host=host)), origin)
        found = is_of_other_site(head_of("Origin: http://mx.example", host="mx.example:443"))
        self.assertTrue(found)

    def test_host(self) -> None:
        """Without a name of ours, or with two, nothing is the same."""
        origin = f"Origin: http://{HOST}"
        for host, *more in ((None,), ("",), (HOST, f"Host: {HOST}"), (HOST, "Host: x"), ("a b",)):
            self.assertTrue(is_of_other_site(head_of(origin, *more, host=host)), (host, more))

    def test_neighbours(self) -> None:
        """Other filters whose interface may show this one."""
        ours = read_origins(["http://mx2.example:11334/x/", "nonsense"])
        self.assertEqual(ours, {("mx2.example", 11334)})
        told = ("Origin: http://mx2.example:11334", "Sec-Fetch-Site: cross-site")
        self.assertFalse(is_of_other_site(head_of(*told, host=HOST), ours))
        self.assertTrue(
            is_of_other_site(head_of(*told, "Referer: http://evil.example/", host=HOST), ours)
        )
        self.assertTrue(is_of_other_site(head_of("Sec-Fetch-Site: cross-site", host=HOST), ours))

    def test_origin(self) -> None:
        self.assertEqual(read_origin("https://MX.example./"), ("mx.example", 443))
        for text in ("", "http://", "http://:80", "//mx.example", "http:mx.example", "null"):
            self.assertIsNone(read_origin(text), text)

    @EXAMPLES
    @given(st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=40))
    def test_any(self, text: str) -> None:
        """Nothing else comes of whatever is sent."""
        for name in ("Origin", "Referer", "Sec-Fetch-Site", "Host"):
            head = head_of(f"{name}: {text}", host=None)
            is_of_other_site(head)
            is_our_name(head, (), is_near=True)


class NameTests(SynchronousTestCase):
    def test_names(self) -> None:
        """DNS rebinding: a page of somebody else, whose name points at us by now."""
        for host, near, far in NAMES:
            head = head_of(host=host)
            names = ("filter.example.org",)
            self.assertEqual(is_our_name(head, names, is_near=True), near, host)
            self.assertEqual(is_our_name(head, names, is_near=False), far, host)

    def test_two(self) -> None:
        head = head_of("Host: localhost", host="localhost")
        self.assertFalse(is_our_name(head, (), is_near=True))
