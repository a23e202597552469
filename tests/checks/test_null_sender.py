"""Senders of bounces, and of domains of one label."""

from dataclasses import replace

from mailfilter.checks.null_sender import NullSender

from .header_case import Case, HeaderCase, envelope


class NullSenderTests(HeaderCase):
    check = NullSender

    def test_symbols(self) -> None:
        one: Case = ("X: y", envelope("", "a@b.example"))
        two: Case = ("X: y", envelope("", "a@b.example", "c@b.example"))
        short = envelope("a@host", "a@b.example")
        others: list[Case] = [
            "X: y",
            ("X: y", envelope("a@b.example", "c@d.example", "e@d.example")),
            ("X: y", envelope("a@[192.0.2.1]")),
            ("X: y", envelope("a")),
            ("X: y", replace(short, user="ann")),
            ("X: y", replace(envelope(""), lacks_sender=True)),
        ]
        self.compare(
            {
                "HFILTER_FROM_BOUNCE": ([one, two], [*others, ("X: y", short)]),
                "HFILTER_RCPT_BOUNCEMOREONE": ([two], [*others, one, ("X: y", short)]),
                "HFILTER_FROMHOST_NOT_FQDN": ([("X: y", short)], [*others, one, two]),
            }
        )
