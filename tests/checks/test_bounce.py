"""Bounces."""

from mailfilter.checks.bounce import Bounce

from .header_case import HeaderCase, envelope

REPORT = (
    "Content-Type: multipart/report; boundary=b\n\n--b\n\nhi\n"
    "--b\nContent-Type: message/delivery-status\n\nAction: failed\n--b--\n"
)
OTHER = REPORT.replace("delivery-status", "feedback-report")


class BounceTests(HeaderCase):
    check = Bounce

    def test_symbols(self) -> None:
        daemon = "From: MAILER-DAEMON@example.com"
        null = envelope("")
        self.compare(
            {
                "BOUNCE": (
                    [(REPORT, null), (daemon, null), f"Return-Path: <>\n{daemon}"],
                    [
                        REPORT,
                        daemon,
                        (OTHER, null),
                        (daemon, envelope("a@b.example")),
                        ("From: a@b.example", null),
                        f"Return-Path: <a@b.example>\n{REPORT}",
                        "X: y",
                    ],
                )
            }
        )
