"""Style sheets elsewhere."""

from mailfilter.checks.html_stylesheet import HtmlStylesheet

from .url_case import UrlCase, html, plain


class HtmlStylesheetTests(UrlCase):
    check = HtmlStylesheet

    def test_symbols(self) -> None:
        self.compare(
            {
                "EXT_CSS": (
                    [html('<link rel="stylesheet" href="https://example.com/a.css"><p>hi')],
                    [
                        html("<style>p {color: red}</style><p>hi"),
                        html('<link rel="icon" href="https://example.com/a.ico"><p>hi'),
                        plain("hi"),
                        b"",
                    ],
                ),
            }
        )
