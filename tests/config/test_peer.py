"""Servers that we connect to."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.config.peer import Peer, parse_peer

GOOD = {
    "localhost:6379": Peer("localhost", 6379),
    "192.0.2.1:1": Peer("192.0.2.1", 1),
    "[2001:db8::1]:65535": Peer("2001:db8::1", 65535),
    "/run/redis.sock": Peer(path="/run/redis.sock"),
}
BAD = (
    "",
    "localhost",
    ":6379",
    "localhost:",
    "localhost:0",
    "localhost:65536",
    "localhost:99999999999999999999",
    "localhost:x",
    "localhost:٣",
    "::1:6379",
    "[::1]",
    "[nonsense]:6379",
    "redis://localhost:6379",
    "a b:6379",
    "a\r\nb:6379",
    "/" + "x" * 200,
    "/run/\0",
    "x" * 300 + ":1",
)


class PeerTests(SynchronousTestCase):
    """Descriptions of peers."""

    def test_good(self) -> None:
        """They are taken apart, and written as they were."""
        for text, peer in GOOD.items():
            self.assertEqual(parse_peer(text), peer)
            self.assertEqual(str(peer), text)

    def test_local(self) -> None:
        """What stays on this machine."""
        local = ("localhost:1", "127.0.0.9:1", "[::1]:1", "/run/redis.sock")
        self.assertTrue(all(parse_peer(text).is_local for text in local))
        far = ("192.0.2.1:1", "redis.example.org:1", "[2001:db8::1]:1")
        self.assertFalse(any(parse_peer(text).is_local for text in far))

    def test_reasons(self) -> None:
        """It is said what is wrong."""
        for text, said in {
            "redis.example.org": "there is no port from 1 to 65535",
            "[2001:db8::1]": "there is no port from 1 to 65535",
            "2001:db8::1:6379": "an IPv6 address stands in brackets",
            "https://mx.example.org:443": "it is no URL",
            "https://mx.example.org": "it is no URL",
            "user@mx.example.org:1": "a host is an address, or a name",
            "b\u00fccher.example:1": "a host is an address, or a name",
            ":1": "there is no host",
        }.items():
            error = self.assertRaises(ValueError, parse_peer, text)
            self.assertTrue(str(error).startswith(said), f"{text}: {error}")

    def test_bad(self) -> None:
        """What is none is refused."""
        for text in BAD:
            with self.assertRaises(ValueError, msg=text):
                parse_peer(text)
