"""Text that is there and not seen."""

from mailfilter.checks.html_hidden import HtmlHidden

from .url_case import UrlCase, html, plain


class HtmlHiddenTests(UrlCase):
    check = HtmlHidden

    def test_symbols(self) -> None:
        self.compare(
            {
                "MANY_INVISIBLE_PARTS": (
                    [html("<p>hi</p>" + '<div style="display:none">a</div><p>b</p>' * 10)],
                    [
                        html('<div style="display:none">a</div><p>hi</p>'),
                        html("<p>hi</p>" * 20),
                        plain("hi"),
                    ],
                ),
                "R_WHITE_ON_WHITE": (
                    [
                        html('<p style="color:#fff">one two three</p><p>hi'),
                        html(
                            '<table><td background="x" ><p style="background:#fff;color:#fff">1 2 a'
                        ),
                        html('<table><td background=""><p style="color:#fff">one two three</p>'),
                        html('<body bgcolor="#000"><font color="#010101">one two three</font>'),
                    ],
                    [
                        html('<p style="color:#fff">one two</p>'),
                        html('<p style="color:#fff">one | two | - | *</p>'),
                        html('<table><td background="x"><p style="color:#fff">one two three</p>'),
                        html('<p style="background:url(x);color:#fff">one two three</p>'),
                        html('<p style="color:#fff;background:#000">one two three</p>'),
                        plain("hi"),
                    ],
                ),
                "ZERO_FONT": (
                    [html('<p style="font-size:0">one two three</p><p>hi')],
                    [
                        html('<p style="font-size:0">one</p>'),
                        html('<p style="font-size:12px">one two three</p>'),
                        plain("hi"),
                        b"",
                    ],
                ),
            }
        )
