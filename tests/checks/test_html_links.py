"""Links and pictures beside their author."""

from mailfilter.checks.html_links import HtmlLinks

from .mime_case import mixed, part
from .url_case import UrlCase, html, link, plain

PIXEL = '<img src=" http://example.org/a.gif" width="1" height="1">'
AUTHOR = "From: a@example.com\n"


def page(*hrefs: str, images: tuple[str, ...] = (), text: str = "offer", fields: str = "") -> bytes:
    """HTML with links and pictures, of an author at example.com."""
    source = "".join(f'<a href="{href}">{text}</a> ' for href in hrefs)
    source += "".join(f'<img src="{image}">' for image in images)
    return html(f"<p>Good day</p>{source}", fields or AUTHOR)


def both(href: str) -> bytes:
    """The same link in HTML beside plain text."""
    return mixed(
        part("text/plain", "Good day, this is an offer"),
        part("text/html", f'<p>Good day, <a href="{href}">offer</a>'),
        kind="alternative",
        fields=AUTHOR,
    )


class HtmlLinksTests(UrlCase):
    check = HtmlLinks

    def test_symbols(self) -> None:
        other, pictures = "http://example.net/a", "http://example.org/b.png"
        self.compare(
            {
                "LINKS_ALL_ELSEWHERE": (
                    [page(other), page(other, "http://www.example.net/b")],
                    [
                        page(other, "http://www.example.com/"),
                        page(other, "http://example.org/"),
                        page("http://list-manage.com/a"),
                        page("https://example.zendesk.com/hc/requests/1"),
                        page(other, fields="Subject: x\n"),
                        page(other, fields="From: a@localhost\n"),
                        both(other),
                        plain(other, AUTHOR),
                    ],
                ),
                "LINKS_THREE_OWNERS": (
                    [
                        page(other, images=("http://example.org/a.png",)),
                        html(f'<a href="{other}">offer</a>{PIXEL}<img src="{pictures}">', AUTHOR),
                    ],
                    [
                        page(other),
                        page(other, images=("http://img.example.net/a.png",)),
                        page(other, images=("http://www.example.com/a.png",)),
                        page("http://www.example.com/", images=("http://example.org/a.png",)),
                        page("http://list-manage.com/a", images=("http://example.org/a.png",)),
                        page("https://a.freshdesk.com/b", images=("http://example.org/a.png",)),
                        html(f'<a href="{other}">offer</a>{PIXEL}', AUTHOR),
                        html(
                            f'<a href="{other}">offer</a><img src="{pictures}">'
                            f'<img src="{other}.gif" width="1" height="1">',
                            AUTHOR,
                        ),
                    ],
                ),
                "LINKS_ALL_SAME": (
                    [html("".join(f"<a href='{other}'>{word}</a>" for word in "abc"))],
                    [
                        page(other, other),
                        html("".join(f"<a href='{other}'>{word}</a>" for word in "ab")),
                        html("".join(f"<a href='{other}{word}'>{word}</a>" for word in "abc")),
                    ],
                ),
                "LINKS_ALL_BARE": (
                    [
                        page("http://example.net/", "http://www.example.net"),
                        page("http://example.com", "http://a.example/"),
                        page("http://example.com"),
                    ],
                    [
                        page("http://example.net/"),
                        page("http://example.net/", other),
                        page("http://example.net/?a"),
                        page("http://example.net/", text="www.example.net, EXAMPLE.NET"),
                        both("http://example.net/"),
                    ],
                ),
                "LINKS_CLICK_HERE": (
                    [
                        page(other, text="Click here now"),
                        page(other, text="clique aqui"),
                        page(other, "https://example.zendesk.com/a", text="Click here"),
                        html(f'<a href="{other}">Click here</a><a href="{other}b"> </a>'),
                    ],
                    [
                        page("https://example.zendesk.com/hc/requests/1", text="Cliquez ici"),
                        page(other, text="hereby"),
                        page(other, text=""),
                        link(other, "the offer"),
                        html(PIXEL),
                        html(
                            f'<a href="{other}">here</a>'
                            f'<a href="{other}b">{PIXEL}</a><a href="{other}c">{PIXEL}</a>'
                        ),
                    ],
                ),
                "LINKS_SHORTENED": (
                    [page("https://bit.ly/abc")],
                    [page(other), both("https://bit.ly/abc")],
                ),
                "LINKS_TO_STORAGE": (
                    [page("https://storage.googleapis.com/a/b.html"), both("https://a.web.app/")],
                    [page("https://www.googleapis.com/"), page("https://web.appetite.example/")],
                ),
                "LINKS_RANDOM_HOST": (
                    [page("http://a7f3k9x2.example.net/"), page("http://xkcdqwrtz.example/")],
                    [
                        page("http://web2.example.net/"),
                        page("http://a1-b2-c3-d4.example.net/"),
                        page("http://192.0.2.1/"),
                        page("http://a1b2c3d.example/"),
                        page("ftp://a7f3k9x2.example.net/"),
                        mixed(
                            part("text/plain", "http://a7f3k9x2.example.net/"),
                            part("text/html", f'<a href="{other}">offer</a>'),
                        ),
                        page("http://www.rechtsschutz.example/"),
                        page("http://xn--kqrwtzbnm-x1y2z3.example/"),
                        page("http://d2v8q604.na1.hubspotlinks.com/a"),
                    ],
                ),
                "LINKS_FRAGMENT_ADDRESS": (
                    [
                        page("http://example.net/#b@example.com"),
                        page("http://a.test/#?x=b%40a.test"),
                    ],
                    [
                        page("http://example.net/?b@example.com"),
                        page("http://example.net/#part"),
                        page("https://matrix.to/#/@jane:example.org"),
                    ],
                ),
                "LINKS_FRAGMENT_TOKEN": (
                    [page("http://example.net/#abcdefghijklmnopqrstuvwxyz")],
                    [page("http://example.net/#part"), both("http://a.test/#" + "a" * 30)],
                ),
                "PICTURES_ON_ADDRESS": (
                    [page(images=("http://192.0.2.1/a.png",))],
                    [page("http://192.0.2.1/a.png"), page(images=("http://example.org/a.png",))],
                ),
                "PICTURES_ON_HOSTER": (
                    [page(images=("https://i.imgur.com/a.png",))],
                    [page("https://i.imgur.com/a.png"), page(images=("http://example.org/a",))],
                ),
            }
        )
