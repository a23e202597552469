"""Words of several alphabets."""

from mailfilter.checks.text_alphabets import MAX_LOOKED, TextAlphabets

from .url_case import UrlCase, html, plain

MIXED = (
    "Your \u0440\u0430y\u0440al \u0430cc\u043eunt has b\u0435\u0435n l\u043ecked. "
    "Pl\u0435as\u0435 v\u0435rify y\u043eur d\u0435tails n\u043ew."
)


class TextAlphabetsTests(UrlCase):
    check = TextAlphabets

    def test_symbols(self) -> None:
        self.compare(
            {
                "R_MIXED_CHARSET": (
                    [
                        plain("\u0440aypal \u0430ccount l\u043egin"),
                        plain(MIXED),
                        html("<p>\u0440aypal \u0430ccount l\u043egin</p>"),
                    ],
                    [
                        plain("\u0440aypal account login"),
                        plain(
                            "\u043f\u0440\u0438\u0432\u0435\u0442 hello \u043c\u0438\u0440 world"
                        ),
                        plain("Gr\u00fc\u00dfe aus K\u00f6ln \u00fcber M\u00fcnchen"),
                        plain("hi"),
                        b"",
                    ],
                ),
            }
        )

    def test_bound(self) -> None:
        odd = "\u0440aypal \u0430ccount l\u043egin"
        for before, found in ((MAX_LOOKED - 3, True), (MAX_LOOKED, False)):
            self.assertEqual(bool(self.found(plain("\u043c\u0438\u0440 " * before + odd))), found)
