"""Dates that are none, or far from now."""

from datetime import UTC, datetime
from ipaddress import ip_address

from mailfilter.checks import dates
from mailfilter.checks.dates import Dates
from mailfilter.scan.envelope import Envelope

from .header_case import Case, HeaderCase

LIVE = Envelope(listener="test", client_ip=ip_address("192.0.2.1"))


class DatesTests(HeaderCase):
    check = Dates

    def setUp(self) -> None:
        now = datetime(2024, 5, 10, 12, tzinfo=UTC)
        self.patch(dates, "now", lambda: now)

    def test_symbols(self) -> None:
        kept = "Received: from a by b; Tue, 4 May 2004 10:00:00 +0000\n"
        slow = "Received: from c by a; Thu, 1 Apr 2004 10:00:00 +0000\n"
        near: list[Case] = [
            f"{kept}{slow}Date: Thu, 1 Apr 2004 10:00:00 +0000",
            f"{kept}{slow}Date: Sat, 1 May 2004 10:00:00 +0000",
            ("Date: Thu, 9 May 2024 12:00:00 +0000", LIVE),
            ("Date: Fri, 10 May 2024 14:00:00 +0000", LIVE),
            ("Date: Fri, 10 May 2024 23:59:00 +1100", LIVE),
            f"{kept}Date: Tue, 4 May 2004 11:00:00 +0100",
        ]
        bad: list[Case] = ["Date: yesterday", "Date:", "Date: Fri, 40 May 2024 12:00:00 +0000"]
        old = ("Date: Thu, 9 May 2024 11:59:59 +0000", LIVE)
        ahead = ("Date: Fri, 10 May 2024 14:00:01 +0000", LIVE)
        unknown: list[Case] = ["Date: Tue, 4 May 2004 11:00:00 +0000", "X: y", ("X: y", LIVE)]
        self.compare(
            {
                "DATE_IN_PAST": (
                    [old, f"{kept}Date: Mon, 3 May 2004 09:00:00 +0000"],
                    [*near, *bad, *unknown, ahead],
                ),
                "DATE_IN_FUTURE": (
                    [
                        ahead,
                        f"{kept}Date: Tue, 4 May 2004 12:30:00 +0000",
                        ("Date: Fri, 10 May 2199 12:00:00 +0000", LIVE),
                    ],
                    [*near, *bad, *unknown, old],
                ),
                "INVALID_DATE": (bad, [*near, *unknown, old, ahead]),
            }
        )

    def test_future_of_a_liar(self) -> None:
        """A Received field from tomorrow makes no later date honest."""
        later = "Fri, 17 May 2024 12:00:00 +0000"
        self.assertEqual(
            self.found(f"Received: from a by b; {later}\nDate: {later}"),
            {"DATE_IN_FUTURE": ("7 d 0 h",)},
        )
