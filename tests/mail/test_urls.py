"""The URLs of a message, from all its places."""

from base64 import b64encode

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.mail import Message, parse
from mailfilter.mail.url_budget import UrlBudget
from mailfilter.mail.urls import MAX_OTHER, MAX_REFUSED, collect_urls

MIXED = b"""Subject: see http://subject.example.com/
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain

Plain http://plain.example.org/ and bob@example.org.
--b
Content-Type: text/html

<a href="http://target.example/">http://shown.example/</a> <img src="//img.example/x.png">
--b
Content-Type: text/calendar

BEGIN:VCALENDAR
URL:http://calendar.exam
 ple.net/x
--b
Content-Type: application/pdf
Content-Disposition: attachment; filename="http://name.example.com/x"

--b
Content-Type: application/octet-stream
Content-Disposition: attachment; filename="report.com"

--b--
"""


def html(source: str) -> Message:
    return parse(b"Content-Type: text/html; charset=utf-8\r\n\r\n" + source.encode())


def found(message: Message) -> list[tuple[str, str]]:
    return [(one.where, one.url.text) for one in message.urls]


class PlaceTests(SynchronousTestCase):
    def test_places(self) -> None:
        message = parse(MIXED)
        self.assertEqual(
            found(message),
            [
                ("subject", "http://subject.example.com/"),
                ("html", "http://target.example/"),
                ("html", "https://img.example/x.png"),
                ("text", "http://plain.example.org/"),
                ("text", "mailto:bob@example.org"),
                ("text", "http://shown.example/"),
                ("calendar", "http://calendar.example.net/x"),
                ("attachment", "http://name.example.com/x"),
            ],
        )
        self.assertEqual(
            message.url_domains,
            (
                "example.com",
                "target.example",
                "img.example",
                "example.org",
                "shown.example",
                "example.net",
            ),
        )
        self.assertFalse(message.found_urls.is_cut)

    def test_links(self) -> None:
        """A link has its text, and tells whether a reader must click."""
        target, image = parse(MIXED).urls[1:3]
        self.assertEqual((target.shown, target.is_clicked), ("http://shown.example/", True))
        self.assertEqual((image.shown, image.is_clicked), ("", False))

    def test_addresses(self) -> None:
        """What programs follow, though there is no scheme; not what leads nowhere."""
        for href, expected in (
            ("//a.example/x", ["https://a.example/x"]),
            ("\\\\a.example/x", ["https://a.example/x"]),
            ("www.a.example", ["http://www.a.example/"]),
            ("mailto:bob@example.org?subject=x", ["mailto:bob@example.org"]),
            ("ht\ntp:a.example", ["http://a.example/"]),
            ("app:start", ["app:start"]),
            ("a/b.html", []),
            ("#top", []),
            ("javascript:http://a.example", []),
            ("data:text/html,http://a.example", []),
            ("cid:1@a.example", []),
            ("", []),
        ):
            urls = html(f'<a href="{href}">x</a>').urls
            self.assertEqual([one.url.text for one in urls], expected, href)

    def test_web(self) -> None:
        """An address of mail and a program's scheme lead to no host."""
        for text, expected in (
            ("http://a.example", True),
            ("file://a.example/x", True),
            ("mailto:bob@a.example", False),
            ("app:start", False),
            ("file:///x", False),
        ):
            (one,) = html(f'<a href="{text}">x</a>').urls
            self.assertIs(one.is_web, expected, text)

    def test_once(self) -> None:
        message = html('<a href="http://a.example">x</a>' * 3 + '<a href="http://a.example">y</a>')
        self.assertEqual([one.shown for one in message.urls], ["x", "y"])

    def test_refused(self) -> None:
        message = html('<a href="http://a%00b.example">x</a> <a href="nothing">x</a>')
        self.assertEqual(message.urls, ())
        self.assertEqual(message.found_urls.refused, ("http://a%00b.example",))
        many = html("".join(f'<a href="http://{at} %00">x</a>' for at in range(MAX_REFUSED + 9)))
        self.assertEqual(len(many.found_urls.refused), MAX_REFUSED)

    def test_ambiguous(self) -> None:
        """What another program may show counts, too."""
        body = b64encode(b'<a href="http://a.example/">http://b.example/</a>')
        raw = b"Content-Type: text/html\nContent-Transfer-Encoding: 7bit\n"
        raw += b"Content-Transfer-Encoding: base64\n\n" + body
        self.assertEqual(
            found(parse(raw)), [("html", "http://a.example/"), ("text", "http://b.example/")]
        )
        self.assertEqual(found(parse(raw + b"\n" * MAX_OTHER)), [])


class InnerTests(SynchronousTestCase):
    """URLs within others."""

    def test_inner(self) -> None:
        for href, expected in (
            (
                "http://r.example/?u=http%3A%2F%2Fa.example%2Fx%3Fy%3Dz&v=1",
                ["http://a.example/x?y=z"],
            ),
            ("http://r.example/?u=http%253A%252F%252Fa.example", ["http://a.example/"]),
            ("http://r.example/?http://a.example/x", ["http://a.example/x"]),
            (
                "http://r.example/?u=HTTPS://a.example&v=http://b.example",
                ["https://a.example/", "http://b.example/"],
            ),
            ("http://r.example/go/https://a.example/x", ["https://a.example/x"]),
            ("http://r.example/#https://a.example/x", ["https://a.example/x"]),
            (
                "http://r.example/?u=http%3A%2F%2Fa.example%3Fu%3Dhttp%3A%2F%2Fb.example",
                ["http://a.example/?u=http://b.example"],
            ),
            ("http://r.example/?u=http&v=https:", []),
            ("http://r.example/?u=http://%00", []),
            ("mailto:a@b.example?body=http://a.example", []),
        ):
            urls = html(f'<a href="{href}">x</a>').urls
            self.assertEqual([url.text for url in urls[0].inner], expected, href)
            inner = [one.url.text for one in urls if one.where == "query"]
            self.assertEqual(inner, expected, href)


class HostileTests(SynchronousTestCase):
    def test_many(self) -> None:
        """However many there are, as many are taken as are allowed, and that is told."""
        plain = b"Subject: x\r\n\r\n" + b"http://a.example " * 100_000
        links = b"Content-Type: text/html\r\n\r\n" + b"".join(
            b"<a href=http://a.example/%d>x</a>" % at for at in range(20_000)
        )
        inner = b"Content-Type: text/html\r\n\r\n<a href='http://a.example/?" + b"&".join(
            b"http://a.example/%d" % at for at in range(1000)
        )
        for raw in (plain, links):
            message = parse(raw)
            self.assertLessEqual(len(message.urls), 10_240)
        message = parse(inner + b"'>x</a>")
        self.assertLess(len(message.urls), 200)
        for budget in (UrlBudget(urls=1), UrlBudget(hosts=1)):
            self.assertTrue(collect_urls(parse(MIXED), budget).is_cut)
