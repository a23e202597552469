"""Senders of the envelope."""

from mailfilter.checks.envelope_sender import EnvelopeSender
from mailfilter.scan.envelope import Envelope

from .header_case import HeaderCase, envelope


class EnvelopeSenderTests(HeaderCase):
    check = EnvelopeSender

    def test_symbols(self) -> None:
        author = "From: ann@example.com"
        same = (author, envelope("ann@example.com", "bob@example.org"))
        other = (author, envelope("list@example.net"))
        verp = envelope("list-bounces+bob=example.org@example.net", "Bob@example.org")
        prvs = (author, envelope("prvs=123abcdef0=ann@example.com"))
        self.compare(
            {
                "ENVFROM_INVALID": (
                    [
                        (author, envelope("ann")),
                        (author, envelope("a b@example.com")),
                        (author, envelope("ann@exa mple.com")),
                        (author, envelope("@example.com")),
                        (author, Envelope(listener="test", lacks_sender=True)),
                    ],
                    [same, other, author, (author, envelope("")), (author, verp)],
                ),
                "ENVFROM_PRVS": (
                    [prvs],
                    [same, other, (author, envelope("prvs=123abcdef0=bob@example.com"))],
                ),
                "ENVFROM_VERP": (
                    [(author, verp), (author, envelope("x-b-c.example@d.example", "b@c.example"))],
                    [same, other, (author, envelope("bob@example.net", "bob@example.org"))],
                ),
                "FORGED_SENDER": (
                    [
                        other,
                        (f"{author}\nSender: x@a.example", envelope("b@b.example")),
                        (f"{author}\nTo: c@d.example", envelope("b@b.example", "c@d.example")),
                    ],
                    [
                        same,
                        prvs,
                        author,
                        (author, verp),
                        (author, envelope("b@mail.example.com")),
                        (f"{author}\nList-Id: <x.example.net>", envelope("b@b.example")),
                        (f"{author}\nSender: x@a.b.example", envelope("c@b.example")),
                    ],
                ),
            }
        )

    def test_no_single_author(self) -> None:
        for fields in ("X: y", "From: a@b.example, c@d.example"):
            self.assertEqual(self.found((fields, envelope("e@f.example"))), {})
