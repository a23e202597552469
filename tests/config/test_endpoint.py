"""Endpoint descriptions: the same words that Twisted reads, checked before anything listens."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.endpoints import serverFromString
from twisted.internet.testing import MemoryReactor
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.config.endpoint import parse_endpoint
from mailfilter.config.problem import Unfit

from .case import EXAMPLES

THREE = {"port": "1", "interface": "127.0.0.1", "backlog": "9"}
RIGHT: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("tcp:11332", "tcp", {"port": "11332"}),
    ("tcp:port=0", "tcp", {"port": "0"}),
    ("tcp:1:interface=127.0.0.1:backlog=9", "tcp", THREE),
    ("tcp:1:127.0.0.1:9", "tcp", THREE),
    ("tcp:1:interface=", "tcp", {"port": "1", "interface": ""}),
    (r"tcp6:1:interface=\:\:1", "tcp6", {"port": "1", "interface": "::1"}),
    ("tcp6:1:9", "tcp6", {"port": "1", "backlog": "9"}),
    ("unix:/run/x", "unix", {"address": "/run/x"}),
    (r"unix:a\:b\=c\\d:mode=660", "unix", {"address": "a:b=c\\d", "mode": "660"}),
    ("systemd:domain=INET:name=a", "systemd", {"domain": "INET", "name": "a"}),
    ("systemd:INET6:index=0", "systemd", {"domain": "INET6", "index": "0"}),
)

WRONG: tuple[tuple[str, str], ...] = (
    ("", "expected an endpoint of kind tcp, tcp6, unix or systemd"),
    ("tpc:1", "expected an endpoint of kind tcp, tcp6, unix or systemd; did you mean tcp?"),
    ("tcp=1", "expected an endpoint of kind tcp, tcp6, unix or systemd; did you mean tcp?"),
    ("tcp", "expected tcp:PORT"),
    ("unix", "expected unix:ADDRESS"),
    ("tcp:", "expected a number as port, not ''"),
    ("tcp:x", "expected a number as port, not 'x'"),
    ("tcp:٣", "expected a number as port, not '٣'"),
    ("tcp:65536", "expected a port from 0 to 65535, not 65536"),
    ("tcp:-1", "expected a number as port, not '-1'"),
    ("tcp:" + "9" * 5000, "expected a number as port, not '" + "9" * 5000 + "'"),
    ("tcp:1:backlog=0", "expected a backlog from 1 to 65535, not 0"),
    ("tcp:1:interface=localhost", "expected an IP address as interface, not 'localhost'"),
    (
        "tcp6:1:interface=127.0.0.1",
        "expected an IPv6 address as interface, not 127.0.0.1; tcp is for IPv4",
    ),
    (
        "tcp6:1:interface=::1",
        "expected tcp6 with port, backlog and interface once each, not '';"
        r" a colon inside a value is written \:, as in 'tcp6:1:interface=\:\:1'",
    ),
    (
        "tcp:1:interfce=127.0.0.1",
        "expected tcp with port, interface and backlog once each, not 'interfce=127.0.0.1';"
        " did you mean interface?",
    ),
    ("tcp:1\\", "expected a character after the last backslash"),
    ("unix:", "expected the path of a unix socket"),
    (
        "unix:a=b",
        "expected unix with address, mode, backlog, user and group once each, not 'a=b';"
        r" a colon inside a value is written \:, as in 'tcp6:1:interface=\:\:1'",
    ),
    ("unix:a\0", "expected the path of a unix socket"),
    ("unix:" + "a" * 108, "expected a path of at most 107 octets"),
    ("unix:/x:mode=888", "expected an octal mode such as 660, not '888'"),
    ("unix:/x:user=", "expected the name or number of a user or group, not ''"),
    ("unix:/x:mode=", "expected an octal mode such as 660, not ''"),
    ("systemd:INET", "expected systemd:domain=INET:name=NAME (or index=NUMBER)"),
    ("systemd:INET:name=a:index=0", "expected systemd:domain=INET:name=NAME (or index=NUMBER)"),
    ("systemd:X:name=a", "expected domain INET, INET6 or UNIX, not 'X'"),
    ("systemd:INET:name=", "expected the name of a systemd socket"),
)


class ParseTests(SynchronousTestCase):
    """Descriptions and what is wrong with them."""

    def test_right(self) -> None:
        """Parameters by name and by position, with escapes."""
        for text, kind, parameters in RIGHT:
            endpoint = parse_endpoint(text)
            self.assertEqual((endpoint.kind, endpoint.parameters), (kind, parameters), text)
            self.assertEqual(parse_endpoint(str(endpoint)), endpoint)

    def test_wrong(self) -> None:
        """Each mistake says what was expected."""
        for text, message in WRONG:
            with self.assertRaises(Unfit) as caught:
                parse_endpoint(text)
            self.assertEqual(str(caught.exception), message)

    def test_twisted_agrees(self) -> None:
        """Twisted takes what we take, also as we write it."""
        reactor = MemoryReactor()
        for text, kind, _parameters in RIGHT:
            if kind in ("tcp", "tcp6", "unix"):
                first = vars(serverFromString(reactor, text))
                second = vars(serverFromString(reactor, str(parse_endpoint(text))))
                self.assertEqual(first, second)

    @EXAMPLES
    @given(st.text(st.sampled_from("tcp6unixsystemd:=\\/. 01é\0"), max_size=30))
    def test_anything(self, text: str) -> None:
        """Nothing but Unfit is raised, and what is taken is written back."""
        try:
            endpoint = parse_endpoint(text)
        except Unfit:
            return
        self.assertEqual(parse_endpoint(str(endpoint)), endpoint)


class EndpointTests(SynchronousTestCase):
    """What an endpoint stands for."""

    def test_absolute(self) -> None:
        """Only unix paths can be relative."""
        for text, expected in (
            ("unix:a.sock:mode=600", "unix:/etc/x/a.sock:mode=600"),
            ("unix:../a", "unix:/etc/a"),
            ("unix:/a", "unix:/a"),
            ("tcp:1", "tcp:1"),
        ):
            self.assertEqual(str(parse_endpoint(text).absolute("/etc/x")), expected)

    def test_clashes(self) -> None:
        """Two endpoints that cannot both be listened on, as Linux has it."""
        for first, second, expected in (
            ("tcp:1", "tcp:1", True),
            ("tcp:1", "tcp:2", False),
            ("tcp:1:interface=127.0.0.1", "tcp:1:interface=127.0.0.2", False),
            ("tcp:1:interface=127.0.0.1", "tcp:1", True),
            ("tcp:1:interface=127.0.0.1", "tcp:1:interface=0.0.0.0", True),
            (r"tcp6:1:interface=\:\:1", "tcp6:1", True),
            (r"tcp6:1:interface=\:\:1", r"tcp6:1:interface=0\:\:1", True),
            ("tcp:1:interface=127.0.0.1", "tcp6:1", True),
            ("tcp:1", "tcp6:1", True),
            ("tcp:1", r"tcp6:1:interface=\:\:1", False),
            ("tcp:0", "tcp:0", False),
            ("unix:/a", "unix:/a:mode=600", True),
            ("unix:/a", "unix:/b", False),
            ("unix:/a", "tcp:1", False),
            ("systemd:INET:name=a", "systemd:INET:name=a", True),
            ("systemd:INET:name=a", "systemd:INET:name=b", False),
            ("systemd:INET:name=a", "tcp:1", False),
        ):
            one, two = parse_endpoint(first), parse_endpoint(second)
            self.assertEqual(one.clashes(two), expected, (first, second))
            self.assertEqual(two.clashes(one), expected, (second, first))

    def test_facts(self) -> None:
        """Port, interface and path."""
        for text, facts in (
            ("tcp:1", (1, "0.0.0.0", None)),
            ("tcp6:1", (1, "::", None)),
            (r"tcp6:1:interface=0\:0\:\:1", (1, "::1", None)),
            ("unix:/a", (None, "", "/a")),
            ("systemd:INET:name=a", (None, "", None)),
        ):
            endpoint = parse_endpoint(text)
            self.assertEqual((endpoint.port, endpoint.interface, endpoint.path), facts)
