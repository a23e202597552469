"""Forwarded mail."""

from ipaddress import ip_address

from mailfilter.checks.forwarding import Forwarding
from mailfilter.scan.envelope import Envelope, Recipient

from .header_case import Case, HeaderCase, envelope


def client(name: str) -> Envelope:
    return Envelope(
        listener="test",
        sender="a@b.example",
        recipients=(Recipient("bob@b.example"),),
        client_ip=ip_address("8.8.8.8"),
        hostname=name,
    )


class ForwardingTests(HeaderCase):
    check = Forwarding

    def test_symbols(self) -> None:
        caf = envelope("ann+caf_=bob=b.example@a.example", "bob@b.example")
        srs = envelope("SRS0=ab=cd=b.example=a@f.example", "bob@b.example")
        told = envelope("a@b.example", "bob@b.example")
        to = "X-Forwarded-To: bob@b.example"
        others: list[Case] = ["X: y", ("X: y", told), ("Delivered-To: <Bob@b.example>", told)]
        via = (
            "Received: from b.example (b.example [192.0.2.1]) by a.example with ESMTPS id 1aB2"
            " for <ann@a.example>; Sat, 28 Nov 2026 10:00:00 +0000\n"
        )
        mail_ru = "X-MailRu-Forward: 1"
        yandex = "X-Yandex-Forward: 9c2ad0b9f2f0e2f9a5d2f9f21c9d1d1c"
        self.compare(
            {
                "FWD_GOOGLE": ([(to, caf)], [*others, to, ("X: y", caf), (to, told)]),
                "FWD_MAILRU": (
                    [(mail_ru, client("f123.i.mail.ru"))],
                    [*others, mail_ru, (mail_ru, client("mail.ru.example.net"))],
                ),
                "FWD_SIEVE": (["X-Sieve-Redirected-From: a@b.example"], others),
                "FWD_SRS": (
                    [("X: y", srs), ("X: y", envelope("srs1+x=y@z.example"))],
                    [*others, ("X: y", envelope("srs0@z.example"))],
                ),
                "FWD_YANDEX": (
                    [(yandex, client("forward1.mail.yandex.net"))],
                    [*others, yandex, (yandex, client("notyandex.net"))],
                ),
                "FORWARDED": (
                    [
                        ("Delivered-To: ann@a.example", told),
                        ("Resent-To: <c@d.example>", told),
                        (f"{via}Delivered-To: ann@a.example\nTo: ann@a.example", told),
                    ],
                    [*others, (to, told), "Delivered-To: ann@a.example", ("Delivered-To: x", told)],
                ),
            }
        )
