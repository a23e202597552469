"""Bounces."""

from mailfilter.checks.bounce import Bounce

from .header_case import HeaderCase, envelope

REPORT = (
    "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\nhi\n"
    "--b\nContent-Type: message/delivery-status\n\nAction: failed\n--b--\n"
)
OTHER = REPORT.replace("delivery-status", "feedback-report")


class BounceTests(HeaderCase):
    check = Bounce

    def test_symbols(self) -> None:
        daemon = "From: MAILER-DAEMON@example.com"
        told = f"{daemon}\nSubject: Undelivered Mail Returned to Sender"
        failure = "Subject: failure notice\nFrom: {}@example.com"
        returned = (
            "Content-Type: multipart/mixed; boundary=b\n{}\n\n--b\n"
            "Content-Type: message/rfc822\n\nSubject: x\n\nx\n--b--\n"
        )
        null = envelope("")
        self.compare(
            {
                "BOUNCE": (
                    [
                        (REPORT, null),
                        (told, null),
                        (failure.format("postmaster"), null),
                        (returned.format(daemon), null),
                        (returned.format("Subject: Returned mail: see transcript"), null),
                        f"Return-Path: <>\n{told}",
                    ],
                    [
                        REPORT,
                        told,
                        (OTHER, null),
                        (daemon, null),
                        (failure.format("ann"), null),
                        (returned.format("From: ann@example.com"), null),
                        ("Subject: hello\n" + daemon, null),
                        (told, envelope("a@b.example")),
                        ("From: a@b.example", null),
                        f"Return-Path: <a@b.example>\n{REPORT}",
                        "X: y",
                    ],
                )
            }
        )
