"""Host names of lines of customers."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.checks._dynamic import dynamic_level


class DynamicLevelTests(SynchronousTestCase):
    def test_levels(self) -> None:
        table = {
            5: ["dsl-192-0-2-1.pool.example.net", "192.0.2.1.dynamic.example.com"],
            4: ["192000002001.adsl.example.com", "c0000201.dhcp.example.net"],
            3: ["192-0-2-1.example.net", "host.192.0.2.1.example", "ip.1-2-3-4.isp.example"],
            2: ["host-2-1.dhcp.example.net", "pc0000201a.example.net", "192000002001.a.example"],
            1: ["host-2-1.example.net"],
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
                self.assertEqual(dynamic_level(name), level, name)

    def test_servers(self) -> None:
        self.assertEqual(dynamic_level("static-192-0-2-1.example.net"), 1)
