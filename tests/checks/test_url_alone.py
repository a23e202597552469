"""Messages that are a link."""

from mailfilter.checks.url_alone import UrlAlone

from .url_case import UrlCase, html, plain


class UrlAloneTests(UrlCase):
    check = UrlAlone

    def test_symbols(self) -> None:
        self.compare(
            {
                "HFILTER_URL_ONELINE": (
                    [plain("Look what I have found for you at http://example.com/a")],
                    [
                        plain("http://example.com/a"),
                        plain("Look what I have found:\nhttp://example.com/a\nBye"),
                        plain("Look at me"),
                        html("<p>Look what I have found for you at http://example.com/a"),
                        b"",
                    ],
                ),
                "HFILTER_URL_ONLY": (
                    [
                        plain("http://example.com/a\n"),
                        plain("hi http://example.com/a/long/path\nhttps://example.org/b"),
                    ],
                    [
                        plain("Look what I have found for you at http://example.com/a"),
                        plain("hi"),
                        html("<p>http://example.com/a"),
                        plain("http://example.com/a " + "word " * 1000),
                    ],
                ),
            }
        )
