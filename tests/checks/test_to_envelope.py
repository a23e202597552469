"""Recipients of the header and of the envelope."""

from mailfilter.checks.to_envelope import ToEnvelope

from .header_case import HeaderCase, envelope


class ToEnvelopeTests(HeaderCase):
    check = ToEnvelope

    def test_symbols(self) -> None:
        told = envelope("", "a@b.example", "c+tag@d.example")
        all_ = ("To: A <A@b.example>\nCc: c@d.example", told)
        some = ("To: a@b.example, x@y.example", told)
        none = ("To: x@y.example", told)
        silent = "To: x@y.example"
        hidden = ("To: undisclosed-recipients:;", told)
        self.compare(
            {
                "TO_MATCH_ENVRCPT_ALL": (
                    [all_, ("To: a@b.example", told)],
                    [some, none, silent, hidden],
                ),
                "TO_MATCH_ENVRCPT_SOME": ([some], [all_, none, silent, hidden]),
                "FORGED_RECIPIENTS": (
                    [none],
                    [
                        all_,
                        some,
                        silent,
                        hidden,
                        ("To: x@y.example\nList-Id: <y.example>", told),
                        ("To: x@y.example\nResent-To: a@b.example", told),
                    ],
                ),
            }
        )
