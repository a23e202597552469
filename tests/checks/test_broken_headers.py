"""Damaged headers."""

from mailfilter.checks.broken_headers import BrokenHeaders

from .header_case import HeaderCase


class BrokenHeadersTests(HeaderCase):
    check = BrokenHeaders

    def test_symbols(self) -> None:
        good = ["From: a@b.example\nTo: c@d.example", "From: Jürgen <ü@b.example>\nTo: ü@d.example"]
        latin = "J\udcfcrgen <a@b.example>"
        self.compare(
            {
                "BROKEN_HEADERS": (
                    ["Subject: x\nno field\nX: y", " x\nSubject: x", "Subject: x\n: y\nX: y"],
                    [*good, "Subject: x\n folded", "Subject: x\nno field at all"],
                ),
                "INVALID_FROM_8BIT": ([f"From: {latin}"], [*good, f"To: {latin}"]),
                "INVALID_RCPT_8BIT": (
                    [f"To: {latin}", f"Cc: {latin}", f"To: a@b.example\nTo: {latin}"],
                    [*good, f"From: {latin}", f"Subject: {latin}"],
                ),
            }
        )
