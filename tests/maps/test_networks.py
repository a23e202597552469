"""Maps of networks against `ipaddress`, and what they refuse."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from random import Random

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.maps import Found, MapError
from mailfilter.maps.networks import Networks


def made(*lines: str) -> Networks:
    return Networks("\n".join(lines).encode())


class NetworkTests(SynchronousTestCase):
    """What is found."""

    def test_longest_wins(self) -> None:
        table = made(
            "10.0.0.0/8 all", "10.1.0.0/16 some", "10.1.2.3 one", "2001:db8::/32 docs", "::1"
        )
        self.assertEqual(table.size, 5)
        for value, expected in (
            ("10.9.9.9", Found("10.0.0.0/8", "all")),
            ("10.1.9.9", Found("10.1.0.0/16", "some")),
            ("10.1.2.3", Found("10.1.2.3", "one")),
            ("11.0.0.0", None),
            ("2001:db8:ffff::1", Found("2001:db8::/32", "docs")),
            ("2001:db9::", None),
            ("::1", Found("::1", "")),
            ("::ffff:10.1.2.3", Found("10.1.2.3", "one")),
            ("::10.1.2.3", None),
            ("", None),
            ("10.1.2", None),
            ("10.1.2.3/32", None),
            ("10.1.2.3\0", None),
            ("\ud800", None),
            ("x" * 100_000, None),
            ("::1%lo", None),
        ):
            self.assertEqual(table.find(value), expected, value[:50])
        self.assertEqual(table.find(IPv4Address("10.1.2.3")), Found("10.1.2.3", "one"))
        self.assertEqual(table.find(IPv6Address("::ffff:10.1.2.3")), Found("10.1.2.3", "one"))
        self.assertEqual(table.find(IPv6Address("::1")), Found("::1", ""))
        self.assertIsNone(table.find(None))

    def test_forms(self) -> None:
        """Bits beyond the prefix do not count, IPv4 in IPv6 is IPv4, the last of a kind holds."""
        table = made(
            "192.0.2.77/24 a", "192.0.2.0/24 b", "::ffff:198.51.100.0/120", "0.0.0.0/0 any"
        )
        self.assertEqual(table.size, 3)
        self.assertEqual(table.find("192.0.2.1"), Found("192.0.2.0/24", "b"))
        self.assertEqual(table.find("198.51.100.9"), Found("198.51.100.0/24", ""))
        self.assertEqual(table.find("8.8.8.8"), Found("0.0.0.0/0", "any"))
        self.assertIsNone(table.find("2001:db8::"))

    def test_refused(self) -> None:
        for text in (
            *("example.org", "1.2.3", "1.2.3.4/33", "1.2.3.4/", "1.2.3.4/-1", "1.2.3.4/+8"),
            *("1.2.3.4/255.255.255.0", "1.2.3.4/8/8", "::/129", "::1%lo", "[::1]", "1.2.3.4:25"),
            *("01.2.3.4", "1.2.3.4/\u0661", "256.1.1.1", "/8", "1.2.3.4-1.2.3.9", "1.2.3.4,"),
        ):
            with self.assertRaises(MapError) as caught:
                made("10.0.0.1", "# no", text)
            self.assertEqual(caught.exception.line, 3, text)
            self.assertIn("192.0.2.0/24", caught.exception.expected)

    def test_as_the_library(self) -> None:
        """Random networks and addresses, with that of Python as the judge."""
        random = Random(7)
        networks = {}
        for _ in range(300):
            bits = random.choice((32, 128))
            length = random.randrange(bits + 1) if random.random() < 0.3 else bits // 4
            packed = random.getrandbits(bits).to_bytes(bits // 8, "big")
            networks[ip_network((packed, length), strict=False)] = ""
        table = made(*map(str, networks))
        for network in list(networks):
            for offset in (0, network.num_addresses - 1, network.num_addresses):
                number = int(network.network_address) + offset
                if number >= 2**network.max_prefixlen:
                    continue
                address = ip_address(number.to_bytes(network.max_prefixlen // 8, "big"))
                fits = [item for item in networks if address in item]
                best = max(fits, key=lambda item: item.prefixlen, default=None)
                found = table.find(address)
                if best is None:
                    self.assertIsNone(found, str(address))
                    continue
                assert found is not None
                self.assertEqual(ip_network(found.key), best)
