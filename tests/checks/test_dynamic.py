"""Host names of lines of customers."""

from ipaddress import ip_address

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.checks._dynamic import dynamic_level, is_line, levels_of
from mailfilter.scan.origin import Origin

ADDRESS = ip_address("192.0.2.1")
LINE = "dsl-192-0-2-1.example.net"


class DynamicLevelTests(SynchronousTestCase):
    def test_levels(self) -> None:
        table = {
            5: [
                "dsl-192-0-2-1.pool.example.net",
                "192.0.2.1.dynamic.example.com",
                "dsl-1-2-3-4.example.net",
            ],
            4: ["192000002001.adsl.example.com", "c0000201.dhcp.example.net"],
            3: [
                "192-0-2-1.example.net",
                "host.192.0.2.1.example",
                "ip.1-2-0-192.isp.example",
                "p2.0.192.example.net",
                "192x0x2x1.example.net",
            ],
            2: ["host-2-1.dhcp.example.net", "pc0000201a.example.net", "192000002001.a.example"],
            0: [
                "",
                "mail.example.com",
                "mx2.example.com",
                "pool.example.com",
                "smtp-out-2-1.example.com",
                "deadbeef.example.com",
                "a1.b2.c3.example.com",
                "x" * 500 + ".192-0-2-1.example.com",
            ],
        }
        for level, names in table.items():
            for name in names:
                self.assertEqual(dynamic_level(name, ADDRESS), level, name)

    def test_servers(self) -> None:
        for name in (
            "static-192-0-2-1.example.net",
            "mail-192-0-2-1.example.net",
            "192-0-2-1.compute.example.net",
            "static.1.2.0.192.clients.server.example",
        ):
            self.assertEqual(dynamic_level(name, ADDRESS), 1, name)

    def test_numbers_of_pools(self) -> None:
        """Numbers without a word for lines are the host's address, or tell nothing."""
        for name in (
            "host-2-1.example.net",
            "send192-0.example.net",
            "m2-1.example.net",
            "qs51p00im-qukt01072101.example.net",
            "out162-62-57-252.example.net",
            "f8192.192.example.net",
            "20260102123.example.net",
        ):
            self.assertEqual(dynamic_level(name, ADDRESS), 0, name)

    def test_ipv6(self) -> None:
        address = ip_address("2001:db8:12::1")
        self.assertEqual(dynamic_level("2001-db8-12--1.example.net", address), 3)
        self.assertEqual(dynamic_level("2001-0db8-0012-0.dsl.example.net", address), 5)
        self.assertEqual(dynamic_level("mail12-1.example.net", address), 0)


class IsLineTests(SynchronousTestCase):
    def test_is_line(self) -> None:
        table = {
            LINE: True,
            "h-2-1.pool.example.net": True,
            "static-192-0-2-1.example.net": True,
            "192-0-2-1.example.net": False,
            "static.example.net": False,
            "dsl.example.net": False,
        }
        for name, expected in table.items():
            self.assertEqual(is_line(name, ADDRESS), expected, name)


class LevelsOfTests(SynchronousTestCase):
    def levels(self, helo: str | None, hostname: str | None) -> tuple[int, int]:
        return levels_of(Origin(ADDRESS, helo, hostname))

    def test_one_name(self) -> None:
        self.assertEqual(self.levels(LINE, LINE), (5, 0))
        self.assertEqual(self.levels(LINE.upper() + ".", None), (5, 0))

    def test_higher(self) -> None:
        self.assertEqual(self.levels("192-0-2-1.example.net", LINE), (0, 5))
        self.assertEqual(self.levels(LINE, "192-0-2-1.example.net"), (5, 0))
        self.assertEqual(self.levels(None, LINE), (0, 5))

    def test_none(self) -> None:
        self.assertEqual(self.levels("mail.example.com", "mail.example.com"), (0, 0))
        self.assertEqual(levels_of(Origin(None, LINE, LINE)), (0, 0))

    def test_private_address(self) -> None:
        self.assertEqual(self.levels("[192.168.1.50]", LINE), (0, 0))
        self.assertEqual(self.levels("[IPv6:fd00::1]", LINE), (0, 0))

    def test_other_addresses(self) -> None:
        for helo in ("192.168.1.50", "[8.8.8.8]", "192.0.2.1", "[999.1.1.1]", "[x]", "localhost"):
            self.assertEqual(self.levels(helo, LINE), (0, 5), helo)
