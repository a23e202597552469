"""Names of clients."""

from ipaddress import ip_address

from mailfilter.checks.client_name import ClientName
from mailfilter.scan.envelope import Envelope

from .header_case import Case, HeaderCase


def client(
    name: str | None, helo: str | None = "x.example", ip: str = "8.8.8.8", user: str | None = None
) -> Case:
    address = ip_address(ip)
    return "X: y", Envelope(listener="test", client_ip=address, hostname=name, helo=helo, user=user)


class ClientNameTests(HeaderCase):
    check = ClientName

    def test_symbols(self) -> None:
        levels = {
            1: "8-8-8-8.static.example.net",
            2: "h-8-8.dhcp.example.net",
            3: "8-8-8-8.example.net",
            4: "008008008008.dsl.example.net",
            5: "8-8-8-8.dsl.example.net",
        }
        good = [
            "X: y",
            client("mail.example.com"),
            client(levels[5], ip="192.168.1.1"),
            client(levels[5], user="ann"),
            client(None, user="ann"),
            client(None, None),
            client(levels[5], levels[5]),
            client(levels[5], "[192.168.1.50]"),
            client("192-0-2-1.example.net"),
        ]
        table = {
            f"HFILTER_HOSTNAME_{level}": (
                [client(levels[level])],
                [*good, *(client(name) for other, name in levels.items() if other != level)],
            )
            for level in levels
        }
        self.compare(
            table | {"HFILTER_HOSTNAME_UNKNOWN": ([client(None)], [*good, client(levels[3])])}
        )
