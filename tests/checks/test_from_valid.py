"""Authors whose address is none, and messages with several."""

from mailfilter.checks.from_valid import MOST, FromValid

from .header_case import HeaderCase


class FromValidTests(HeaderCase):
    check = FromValid

    def test_symbols(self) -> None:
        good = [
            "From: a@example.com",
            'From: "A, B" <a@[192.0.2.1]>',
            'From: "a b"@example.com',
            "From: ü@bücher.example",
            "From: root@localhost",
            "From: a@b.example\nFrom: A <A@b.example>",
            "X: y",
        ]
        self.compare(
            {
                "FROM_INVALID": (
                    [
                        "From:",
                        "From: Ann",
                        "From: Example, Ann <a@example.com>",
                        "From: <ann>",
                        "From: a@b/c.example",
                        "From: .a@example.com",
                        "From: a..b@example.com",
                        "From: a@example..com",
                        f"From: a@{'b' * 64}.example",
                    ],
                    good,
                ),
                "MULTIPLE_FROM": (
                    ["From: a@b.example, c@d.example", "From: a@b.example\nFrom: c@d.example"],
                    good,
                ),
            }
        )

    def test_option(self) -> None:
        many = ", ".join(f"a{number}@b.example" for number in range(9))
        options = self.found(f"From: {many}")["MULTIPLE_FROM"]
        self.assertEqual(options, tuple(f"a{number}@b.example" for number in range(MOST)))
