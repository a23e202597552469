"""What clients call themselves."""

from ipaddress import ip_address

from mailfilter.checks.helo import Helo
from mailfilter.scan.envelope import Envelope

from .header_case import Case, HeaderCase


def helo(text: str | None, ip: str = "8.8.8.8", user: str | None = None) -> Case:
    return "X: y", Envelope(listener="test", client_ip=ip_address(ip), helo=text, user=user)


class HeloTests(HeaderCase):
    check = Helo

    def test_client_name(self) -> None:
        """One name that is told twice is counted once."""
        line = "8-8-8-8.dsl.example.net"
        address = ip_address("8.8.8.8")
        for hostname, found in ((line, ["HFILTER_HELO_5"]), (None, ["HFILTER_HELO_5"])):
            told = Envelope(listener="test", client_ip=address, hostname=hostname, helo=line)
            self.assertEqual(list(self.found(("X: y", told))), found)
        told = Envelope(
            listener="test", client_ip=address, hostname=line, helo="8-8-8-8.example.net"
        )
        self.assertEqual(self.found(("X: y", told)), {})

    def test_symbols(self) -> None:
        good = [
            helo("mail.example.com"),
            helo("[8.8.8.8]"),
            helo("[IPv6:2606:4700::1]"),
            helo(None),
            helo("", "8.8.8.8"),
            helo("host", "192.168.1.1"),
            helo("127.0.0.1", user="ann"),
        ]
        levels = {
            1: "8-8-8-8.static.example.net",
            2: "h-8-8.dhcp.example.net",
            3: "8-8-8-8.example.net",
            4: "008008008008.dsl.example.net",
            5: "8-8-8-8.dsl.example.net",
        }
        table = {
            f"HFILTER_HELO_{level}": (
                [helo(levels[level])],
                [*good, *(helo(name) for other, name in levels.items() if other != level)],
            )
            for level in levels
        }
        self.compare(
            table
            | {
                "HFILTER_HELO_BADIP": (
                    [helo("127.0.0.1"), helo("[10.0.0.1]"), helo("LOCALHOST"), helo("::1")],
                    [*good, helo("8.8.8.8"), helo("10.0.0.1.example.com")],
                ),
                "HFILTER_HELO_BAREIP": (
                    [helo("8.8.8.8"), helo("2606:4700::1")],
                    [*good, helo("127.0.0.1"), helo("a.8.8.8.8")],
                ),
                "HFILTER_HELO_NOT_FQDN": (
                    [helo("host"), helo("host."), helo("999.1.1.1"), helo("a:b")],
                    [*good, helo("localhost"), helo("8.8.8.8")],
                ),
            }
        )
