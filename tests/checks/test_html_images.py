"""Pictures instead of text."""

from mailfilter.checks.html_images import HtmlImages
from mailfilter.scan.check import Hit
from mailfilter.testing.checks import run_check

from .url_case import UrlCase, html, plain

ENCLOSED = '<img src="cid:a@example.com" width="600" height="400">'
IMAGE = '<img src="http://example.com/a.png">'
LARGE = '<img src="http://example.com/a.png" width="600" height="400">'
HUGE = '<img src="http://example.com/a.png" width="2000" height="1500">'
ICON = '<img src="http://example.com/a.png" width="50" height="50">'
LONG = f"<p>{'word ' * 60}</p>"


def sized(characters: int) -> bytes:
    """HTML of about so many characters with an image in a link."""
    source = f'<a href="http://example.com/">{IMAGE}</a>{LONG}'
    return html(f"{source}<!--{'x' * (characters - len(source) - 7)}-->")


def told(characters: int) -> bytes:
    """HTML of about so many characters, most of them words, with an enclosed image in a link."""
    source = f'<a href="http://example.com/">{ENCLOSED}</a><p>'
    return html(source + ("word " * characters)[: characters - len(source)])


def linked(text: str, image: str) -> bytes:
    """A short text, and an image in a link; as long as not to be short HTML."""
    return html(f"<p>{text}</p><a href='http://example.com/'>{image}</a><!--{'x' * 2100}-->")


class HtmlImagesTests(UrlCase):
    check = HtmlImages

    def test_symbols(self) -> None:
        self.compare(
            {
                "HTML_SHORT_LINK_IMG_1": (
                    [sized(500), sized(1020), told(600)],
                    [
                        sized(1030),
                        html(IMAGE + LONG),
                        html(f"<a href='http://example.com/'>x</a>{LONG}"),
                        plain("hi"),
                    ],
                ),
                "HTML_SHORT_LINK_IMG_2": (
                    [sized(1030), sized(1530), told(1200)],
                    [sized(1020), sized(1540)],
                ),
                "HTML_SHORT_LINK_IMG_3": (
                    [sized(1540), sized(2040), told(1700)],
                    [sized(1530), sized(2060)],
                ),
                "R_EMPTY_IMAGE": (
                    [html(IMAGE), html(f"<p>hi</p>{IMAGE}"), html(LARGE)],
                    [
                        html(IMAGE + LONG),
                        html('<img src="http://example.com/a" width="1" height="1">'),
                        html("<p>hi"),
                        b"",
                    ],
                ),
                "R_SUSPICIOUS_IMAGES": (
                    [
                        linked("Look at this picture, friend.", LARGE),
                        linked("Look at this picture, friend.", LARGE + LARGE),
                        linked("word " * 9, LARGE),
                    ],
                    [
                        html(f"<p>Look at this picture, friend.</p>{LARGE}"),
                        linked("Look at this picture, friend.", IMAGE),
                        linked("word " * 12, LARGE),
                        linked("Look at this picture, friend.", HUGE + ICON * 20),
                        html(LARGE),
                    ],
                ),
            }
        )

    def test_weight(self) -> None:
        """The fewer words, the more."""
        table = {5: 0.33, 9: 0.05, 4: 0.43}
        for words, weight in table.items():
            found = run_check(HtmlImages, linked("words " * words, LARGE))
            self.assertEqual(list(found), [Hit("R_SUSPICIOUS_IMAGES", weight)], words)
