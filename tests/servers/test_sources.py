"""Where connections come from."""

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.servers.sources import host_of, source_of


class SourceTests(SynchronousTestCase):
    def test_networks(self) -> None:
        """One client has all of a /64 of IPv6; zones are of this machine alone."""
        for host, source in (
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2::", "2001:db8:1:2::/64"),
            ("fe80::1%eth0", "fe80::/64"),
        ):
            found = source_of(IPv6Address("TCP", host, 1))
            self.assertEqual(found, source, host)
        mapped = [source_of(IPv6Address("TCP", f"::ffff:192.0.2.{at}", 1)) for at in (1, 2)]
        self.assertNotEqual(*mapped)
        self.assertEqual(source_of(IPv4Address("TCP", "192.0.2.1", 1)), "192.0.2.1")

    def test_none(self) -> None:
        for address in (None, UNIXAddress(None)):
            self.assertIsNone(source_of(address))
            self.assertEqual(host_of(address), "unix")
