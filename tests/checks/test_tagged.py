"""Tags behind a plus sign."""

from mailfilter.checks.tagged import MOST, Tagged

from .header_case import HeaderCase, envelope


class TaggedTests(HeaderCase):
    check = Tagged

    def test_symbols(self) -> None:
        self.compare(
            {
                "TAGGED_FROM": (
                    ["From: a+b@example.com", "From: Ann <a+b+c@example.com>"],
                    ["From: a@b+c.example", "From: +a@b.example", "From: a+@b.example", "X: y"],
                ),
                "TAGGED_RCPT": (
                    [("X: y", envelope("", "a@b.example", "c+d@b.example"))],
                    ["To: a+b@c.example", ("X: y", envelope("a+b@c.example", "a@b+c.example"))],
                ),
            }
        )

    def test_options(self) -> None:
        told = envelope("", *(f"a+{number}@b.example" for number in range(40)))
        found = self.found(("From: a+b+c@d.example", told))
        expected = tuple(str(number) for number in range(MOST))
        self.assertEqual(found, {"TAGGED_FROM": ("b+c",), "TAGGED_RCPT": expected})
