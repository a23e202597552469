"""Messages to their authors."""

from mailfilter.checks.to_from import ToFrom

from .header_case import HeaderCase


class ToFromTests(HeaderCase):
    check = ToFrom

    def test_symbols(self) -> None:
        same = "From: A <a@b.example>\nTo: A@B.example"
        near = "From: a@b.example\nTo: C@B.example"
        others = [
            "From: a@b.example\nTo: a@c.example",
            "From: a@b.example",
            "To: a@b.example",
            "From: a@b.example, c@b.example\nTo: a@b.example",
            "From: a\nTo: a",
            "From: a@b.example\nTo: c@d.example, c@b.example",
        ]
        self.compare(
            {
                "TO_EQ_FROM": ([same], [*others, near, f"{same}, c@b.example"]),
                "TO_DOM_EQ_FROM_DOM": ([near], [*others, same]),
            }
        )
