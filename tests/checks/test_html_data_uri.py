"""Addresses that are data."""

from mailfilter.checks.html_data_uri import HtmlDataUri

from .url_case import UrlCase, html, link, plain


class HtmlDataUriTests(UrlCase):
    check = HtmlDataUri

    def test_symbols(self) -> None:
        self.compare(
            {
                "DATA_URI_OBFU": (
                    [
                        link("data:text/html;base64,PGI+"),
                        link("DATA:TEXT/HTML,x"),
                        link("data:,x"),
                        link("data:application/xhtml+xml,x"),
                    ],
                    [
                        link("data:image/png;base64,AA=="),
                        link("http://example.com/?data:text/html"),
                        plain("data:text/html,x"),
                    ],
                ),
                "HAS_DATA_URI": (
                    [html('<img src="data:image/png;base64,AA==">'), link("data:text/html,x")],
                    [html('<img src="cid:x">'), plain("data:image/png;base64,AA=="), b""],
                ),
            }
        )
