"""Messages that come straight from where they were written."""

from dataclasses import replace
from ipaddress import ip_address

from mailfilter.checks.once_received import OnceReceived
from mailfilter.scan.envelope import Envelope

from .header_case import Case, HeaderCase


class OnceReceivedTests(HeaderCase):
    check = OnceReceived

    def test_symbols(self) -> None:
        one = "Received: from mail.example.com (mail.example.com [192.0.2.1]) by b with SMTP"
        line = "Received: from x (dsl-192-0-2-1.example.net [192.0.2.1]) by b with SMTP"
        local = "Received: by b with local id 1"
        live = Envelope(listener="test", client_ip=ip_address("192.0.2.1"))
        server = replace(live, hostname="192-0-2-1.example.com", helo="192-0-2-1.example.com")
        pool = replace(live, hostname="mailout192-0.example.com")
        home = replace(live, hostname="192-0-2-1.dynamic.example.com")
        others: list[Case] = [
            f"{one}\n{line}",
            local,
            "X: y",
            (local, live),
            ("X: y", replace(home, user="ann")),
        ]
        self.compare(
            {
                "ONCE_RECEIVED": ([one, line, ("X: y", live), (one, live)], others),
                "ONCE_RECEIVED_STRICT": (
                    [line, ("X: y", home), (line, home)],
                    [one, ("X: y", live), ("X: y", server), ("X: y", pool), (local, home), *others],
                ),
            }
        )
