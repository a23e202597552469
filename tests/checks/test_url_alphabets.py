"""Links with letters of several alphabets in one word."""

from mailfilter.checks.url_alphabets import UrlAlphabets

from .url_case import UrlCase, html, link, plain

MIXED = "http://p\u0430ypal.com/"


class UrlAlphabetsTests(UrlCase):
    check = UrlAlphabets

    def test_symbols(self) -> None:
        honest = [
            link("http://пример.example.com/"),
            link("http://google例え.jp/"),
            link("http://example.com/iPhone-купить"),
            link("http://example.com/10\u00b5m-\u03bcm-k\u03a9"),
            link("http://example.com/", "Mоre"),
            plain("http://example.com/ и"),
        ]
        self.compare(
            {
                "OMOGRAPH_URL": (
                    [
                        link(MIXED),
                        link(MIXED, "http://paypal.com/"),
                        plain(MIXED),
                        link("http://xn--pypal-4ve.com/"),
                    ],
                    [*honest, link("http://example.com/p\u0430ypal")],
                ),
                "R_MIXED_CHARSET_URL": (
                    [
                        link(MIXED),
                        link("http://example.com/p\u0430ypal"),
                        link("http://example.com/p%D0%B0ypal"),
                        link("http://example.com/", "www.p\u0430ypal.com"),
                        link("http://example.com/", "https://p\u0430ypal.com/login"),
                    ],
                    honest,
                ),
            }
        )

    def test_many(self) -> None:
        """Words are looked at up to a number."""
        words = "/".join("я" * 3 for _ in range(400))
        source = "".join(f'<a href="http://example.com/{at}/{words}">x</a>' for at in range(50))
        mixed = '<a href="http://example.com/p\u0430ypal">x</a>'
        self.assertEqual(self.found(html(source + mixed)), {})
        self.assertIn("R_MIXED_CHARSET_URL", self.found(html(mixed + source)))
