"""Forwarded mail."""

from mailfilter.checks.forwarding import Forwarding

from .header_case import Case, HeaderCase, envelope


class ForwardingTests(HeaderCase):
    check = Forwarding

    def test_symbols(self) -> None:
        caf = envelope("ann+caf_=bob=b.example@a.example", "bob@b.example")
        srs = envelope("SRS0=ab=cd=b.example=a@f.example", "bob@b.example")
        told = envelope("a@b.example", "bob@b.example")
        to = "X-Forwarded-To: bob@b.example"
        others: list[Case] = ["X: y", ("X: y", told), ("Delivered-To: <Bob@b.example>", told)]
        self.compare(
            {
                "FWD_GOOGLE": ([(to, caf)], [*others, to, ("X: y", caf), (to, told)]),
                "FWD_MAILRU": (["X-MailRu-Forward: 1"], others),
                "FWD_SIEVE": (["X-Sieve-Redirected-From: a@b.example"], others),
                "FWD_SRS": (
                    [("X: y", srs), ("X: y", envelope("srs1+x=y@z.example"))],
                    [*others, ("X: y", envelope("srs0@z.example"))],
                ),
                "FWD_YANDEX": (["X-Yandex-Forward: 1"], others),
                "FORWARDED": (
                    [("Delivered-To: ann@a.example", told), ("Resent-To: <c@d.example>", told)],
                    [*others, (to, told), "Delivered-To: ann@a.example", ("Delivered-To: x", told)],
                ),
            }
        )
