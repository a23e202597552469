"""Servers as people name them."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.client.rspamc.address import MAX_PATH, Server, read_bind, read_pin, read_server
from mailfilter.client.rspamc.exchange import Misused

# text: (server for what is no control command, how it is shown, its Host)
GOOD: dict[str, tuple[Server, str, str]] = {
    "localhost": (Server("localhost", 11334), "localhost:11334", "localhost:11334"),
    "LocalHost": (Server("LocalHost", 11334), "LocalHost:11334", "LocalHost:11334"),
    "127.0.0.1": (Server("127.0.0.1", 11334), "127.0.0.1:11334", "127.0.0.1:11334"),
    "::1": (Server("::1", 11334), "[::1]:11334", "[::1]:11334"),
    "[::1]": (Server("::1", 11334), "[::1]:11334", "[::1]:11334"),
    "127.0.0.2": (Server("127.0.0.2", 11333), "127.0.0.2:11333", "127.0.0.2:11333"),
    "mx": (Server("mx", 11333), "mx:11333", "mx:11333"),
    "a_b.example.org.": (
        Server("a_b.example.org.", 11333),
        "a_b.example.org.:11333",
        "a_b.example.org.:11333",
    ),
    "mx.example.org:80": (Server("mx.example.org", 80), "mx.example.org:80", "mx.example.org:80"),
    "localhost:11333": (Server("localhost", 11333), "localhost:11333", "localhost:11333"),
    "mx:65535": (Server("mx", 65535), "mx:65535", "mx:65535"),
    "mx:0080": (Server("mx", 80), "mx:80", "mx:80"),
    "[2001:db8::1]:25": (Server("2001:db8::1", 25), "[2001:db8::1]:25", "[2001:db8::1]:25"),
    "2001:db8::1": (Server("2001:db8::1", 11333), "[2001:db8::1]:11333", "[2001:db8::1]:11333"),
    "fe80::1%eth0": (Server("fe80::1%eth0", 11333), "[fe80::1%eth0]:11333", "[fe80::1]:11333"),
    "/run/filter.sock": (Server(path="/run/filter.sock"), "/run/filter.sock", "localhost"),
    "unix:/run/filter.sock": (Server(path="/run/filter.sock"), "/run/filter.sock", "localhost"),
    "unix:here.sock": (Server(path="here.sock"), "here.sock", "localhost"),
    "unix:a\nb": (Server(path="a\nb"), "a?b", "localhost"),
    "unix:a\udcff": (Server(path="a\udcff"), "a?", "localhost"),
    "http://mx": (Server("mx", 11333), "mx:11333", "mx:11333"),
    "http://mx:80/": (Server("mx", 80), "mx:80", "mx:80"),
    "https://mx": (Server("mx", 11333, is_tls=True), "https://mx:11333", "mx:11333"),
    "HTTPS://mx:443/": (Server("mx", 443, is_tls=True), "https://mx:443", "mx:443"),
    "https://[::1]": (Server("::1", 11334, is_tls=True), "https://[::1]:11334", "[::1]:11334"),
}

# text: what is said of it
BAD: dict[str, str] = {
    "": "neither an address nor a name",
    " ": "neither an address nor a name",
    "mx example": "neither an address nor a name",
    "mx\n": "neither an address nor a name",
    "m\u00e4x": "neither an address nor a name",
    "-a..b": "neither an address nor a name",
    "user@mx": "neither an address nor a name",
    "x" * 254: "neither an address nor a name",
    "mx/path": "neither an address nor a name",
    "::g": "neither an address nor a name",
    "[::g]:1": "neither an address nor a name",
    "fe80::1%": "neither an address nor a name",
    "fe80::1%e/h": "neither an address nor a name",
    "mx:1:2": "neither an address nor a name",
    "http://": "neither an address nor a name",
    "http://mx/checkv2": "neither an address nor a name",
    "https://mx:443/path": "a port is a number",
    "[mx]:1": "in brackets is an IPv6 address",
    "[::1": "in brackets is an IPv6 address",
    "[::1]25": "in brackets is an IPv6 address",
    "mx:": "no port behind the colon",
    "mx:0": "a port is a number from 1 to 65535",
    "mx:65536": "a port is a number from 1 to 65535",
    "mx:-1": "a port is a number from 1 to 65535",
    "mx:\u0661": "a port is a number from 1 to 65535",
    "mx:8a": "a port is a number from 1 to 65535",
    "mx:" + "9" * 5000: "a port is a number from 1 to 65535",
    "ftp://mx": "a URL of another kind",
    "unix:": "a path of a socket has 1 to",
    "/" + "x" * MAX_PATH: "a path of a socket has 1 to",
    "/a\0b": "a path of a socket has 1 to",
}


class ServerTests(SynchronousTestCase):
    """Where to connect."""

    def test_good(self) -> None:
        """All ways of naming one."""
        for text, (server, shown, host) in GOOD.items():
            found = read_server(text, is_control=False, is_tls=False)
            self.assertEqual(found, server, text)
            self.assertEqual((str(found), found.host_header), (shown, host), text)

    def test_control(self) -> None:
        """Its port is another one, unless it is said."""
        ports = {"mx": 11334, "localhost": 11334, "mx:11333": 11333, "https://mx": 11334}
        for text, port in ports.items():
            self.assertEqual(read_server(text, is_control=True, is_tls=False).port, port, text)

    def test_tls(self) -> None:
        """It may be asked for beside."""
        for text in ("mx", "https://mx", "mx:11333"):
            found = read_server(text, is_control=False, is_tls=True)
            self.assertEqual(found, Server("mx", 11333, is_tls=True))
        for text, words in {"http://mx": "TLS was asked for", "/run/a": "a path has none"}.items():
            with self.assertRaises(Misused) as caught:
                read_server(text, is_control=False, is_tls=True)
            self.assertIn(words, str(caught.exception))

    def test_bad(self) -> None:
        """It is said what is wrong, and what was expected, on one line of bounded length."""
        for text, words in BAD.items():
            with self.assertRaises(Misused) as caught:
                read_server(text, is_control=False, is_tls=False)
            said = str(caught.exception)
            self.assertIn(words, said, text)
            self.assertIn("expected host, host:port,", said)
            self.assertTrue(said.isascii() and said.isprintable(), said)
            self.assertLess(len(said), 600)


class BindTests(SynchronousTestCase):
    """Where to connect from."""

    def test_good(self) -> None:
        """Addresses."""
        for text, address in {"127.0.0.1": "127.0.0.1", "::1": "::1", "[::1]": "::1"}.items():
            self.assertEqual(read_bind(text), address)

    def test_bad(self) -> None:
        """And nothing else."""
        for text in ("", "mx", "127.0.0.1:80", "[127.0.0.1", "::1\n"):
            error = self.assertRaises(Misused, read_bind, text)
            self.assertIn("expected an address of IPv4 or IPv6", str(error))


class PinTests(SynchronousTestCase):
    """Which certificates."""

    def test_good(self) -> None:
        """As OpenSSL prints them, too."""
        plain = "0f" * 32
        for text in (plain, plain.upper(), ":".join(["0F"] * 32), f" {plain}\n"):
            self.assertEqual(read_pin(text), plain)

    def test_bad(self) -> None:
        """Other lengths, other digits."""
        for text in ("", "0f" * 31, "0f" * 33, "0g" * 32, "\u0661" * 64, "0f:" * 32):
            error = self.assertRaises(Misused, read_pin, text)
            self.assertIn("expected SHA-256", str(error))
