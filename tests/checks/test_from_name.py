"""Names of authors."""

from mailfilter.checks.from_name import FromName

from .header_case import HeaderCase, envelope


class FromNameTests(HeaderCase):
    check = FromName

    def test_symbols(self) -> None:
        plain = "From: Ann Example <ann@example.com>"
        bare = "From: ann@example.com"
        local = envelope("x@example.org", "bob@mine.example")
        self.compare(
            {
                "FROM_HAS_DN": ([plain, "From: x@a.example (Ann)"], [bare, "X: y"]),
                "FROM_NO_DN": ([bare, "From: <a@b.example>"], [plain, "From: a@b.c, d@e.f"]),
                "FROM_DN_EQ_ADDR": (
                    ['From: "Ann@example.com" <ann@Example.com>'],
                    [plain, bare, 'From: "bob@example.com" <ann@example.com>'],
                ),
                "FROM_NAME_EXCESS_SPACE": (
                    ['From: "Ann     Example" <ann@example.com>'],
                    [plain, 'From: "Ann  Example" <ann@example.com>'],
                ),
                "FROM_NAME_HAS_TITLE": (
                    ["From: Mr. John <a@b.example>", "From: DR Eve <a@b.example>"],
                    [plain, "From: Mrinal <a@b.example>", "From: Drive <a@b.example>"],
                ),
                "FROM_NEQ_DISPLAY_NAME": (
                    [
                        'From: "bob@bank.example" <a@evil.example>',
                        "From: =?utf-8?q?Bob_=28bob=40bank=2Eexample=29?= <a@evil.example>",
                    ],
                    [
                        plain,
                        'From: "ann@www.example.com" <ann@example.com>',
                        'From: "Ann @ home" <ann@example.com>',
                        ('From: "bob@mine.example" <a@evil.example>', local),
                    ],
                ),
                "SPOOF_DISPLAY_NAME": (
                    [('From: "boss@mine.example" <a@evil.example>', local)],
                    [
                        ('From: "boss@mine.example" <a@mine.example>', local),
                        'From: "boss@mine.example" <a@evil.example>',
                    ],
                ),
            }
        )

    def test_option(self) -> None:
        found = self.found('From: "BOB@bank.example" <a@evil.example>')
        self.assertEqual(found["FROM_NEQ_DISPLAY_NAME"], ("a@evil.example", "bob@bank.example"))
