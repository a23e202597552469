"""Little text beside pictures, and much that is hidden."""

from mailfilter.checks.html_few_words import HtmlFewWords

from .url_case import UrlCase, html, plain

IMAGE = '<img src="http://example.com/a.png">'
LINKED = f'<a href="http://example.com/">{IMAGE}</a>'
PIXEL = '<img src="http://example.com/a.png" width="1" height="1">'
MAILING = (
    "From: a@example.com\n"
    "List-Unsubscribe: <https://example.com/u>\n"
    "List-Unsubscribe-Post: List-Unsubscribe=One-Click\n"
)
ANSWER = "In-Reply-To: <a@example.com>\n"


def text(words: int) -> str:
    """A paragraph of so many words."""
    return f"<p>{'word ' * words}</p>"


class HtmlFewWordsTests(UrlCase):
    check = HtmlFewWords

    def test_symbols(self) -> None:
        hidden = f'<div style="display:none">{"secret " * 30}</div>'
        self.compare(
            {
                "PICTURE_FEW_WORDS": (
                    [html(LINKED), html(LINKED + text(19))],
                    [
                        html(LINKED + text(20)),
                        html(IMAGE),
                        html(LINKED, ANSWER),
                        html(LINKED, "References: <a@example.com>\n"),
                        html(LINKED, MAILING),
                        plain("hi"),
                    ],
                ),
                "PICTURE_SOME_WORDS": (
                    [html(LINKED + text(20)), html(LINKED + text(59))],
                    [
                        html(LINKED + text(19)),
                        html(LINKED + text(60)),
                        html(LINKED + PIXEL + text(20)),
                        html(LINKED + text(20), MAILING),
                    ],
                ),
                "PICTURE_CENTERED": (
                    [html(f"<center>{IMAGE}</center>{text(10)}")],
                    [
                        html(f"<center>{IMAGE}</center>{text(200)}"),
                        html(IMAGE),
                        html("<center>hi</center>"),
                    ],
                ),
                "PIXEL_FEW_WORDS": (
                    [html(PIXEL + text(59))],
                    [
                        html(PIXEL + text(60)),
                        html(IMAGE + text(9)),
                        html(PIXEL, ANSWER),
                        html(LINKED + PIXEL + text(9)),
                        html(LINKED + PIXEL + text(9), MAILING),
                    ],
                ),
                "HIDDEN_OUTWEIGHS": (
                    [html(text(20) + hidden), html(text(20) + hidden, ANSWER)],
                    [
                        html(text(60) + hidden),
                        html('hi <div style="display:none">secret</div>'),
                        html(f"hi <!--{hidden}-->"),
                    ],
                ),
                "HIDDEN_UNSEEN": (
                    [
                        html('hi <p style="visibility:hidden">secret</p>'),
                        html('hi <p style="opacity:0">secret</p>'),
                    ],
                    [html('hi <p style="display:none">secret</p>'), html("hi <!-- secret -->")],
                ),
            }
        )
