"""TLS and logins on the way."""

from ipaddress import ip_address

from mailfilter.checks.received_ways import ReceivedWays
from mailfilter.scan.envelope import Envelope

from .header_case import Case, HeaderCase


class ReceivedWaysTests(HeaderCase):
    check = ReceivedWays

    def test_symbols(self) -> None:
        safe = "Received: from a by b with ESMTPS"
        plain = "Received: from a by b with ESMTP"
        login = "Received: from a by b with ESMTPSA"
        live = Envelope(listener="test", client_ip=ip_address("192.0.2.1"))
        clear: list[Case] = [(plain, live), (f"{plain}\n{safe}", live), ("X: y", live)]
        kept: list[Case] = [plain, f"{plain}\n{safe}", "X: y"]
        self.compare(
            {
                "RCVD_TLS_ALL": (
                    [safe, f"{safe}\n{login}"],
                    [*clear, *kept, f"{safe}\n{plain}"],
                ),
                "RCVD_TLS_LAST": ([f"{safe}\n{plain}"], [*clear, *kept, safe]),
                "RCVD_NO_TLS_LAST": ([*clear, (safe, live)], [*kept, safe, f"{safe}\n{plain}"]),
                "RCVD_VIA_SMTP_AUTH": ([login, f"{plain}\n{login}"], [safe, *clear, *kept]),
            }
        )
