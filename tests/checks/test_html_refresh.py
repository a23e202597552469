"""HTML that leads elsewhere without a click."""

from mailfilter.checks.html_refresh import HtmlRefresh

from .url_case import UrlCase, html, link, plain


def meta(content: str, name: str = "refresh") -> bytes:
    return html(f'<head><meta http-equiv="{name}" content="{content}"></head><p>x</p>')


class HtmlRefreshTests(UrlCase):
    check = HtmlRefresh

    def test_symbols(self) -> None:
        self.compare(
            {
                "HTML_META_REFRESH_URL": (
                    [
                        meta("0; url=http://evil.example/"),
                        meta("5;URL='https://evil.example/x'", "Refresh"),
                    ],
                    [
                        meta("30"),
                        meta("text/html; charset=utf-8", "content-type"),
                        link("http://example.com/"),
                        plain('<meta http-equiv="refresh" content="0; url=http://evil.example/">'),
                    ],
                )
            }
        )

    def test_option(self) -> None:
        raw = meta("0; url=http://u@EVIL.example/x")
        self.assertEqual(self.found(raw), {"HTML_META_REFRESH_URL": ("evil.example",)})
