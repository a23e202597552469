"""HTML parts as a reader sees them."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.mail import HtmlLink, HtmlView, parse
from mailfilter.mail.anomaly import AnomalyKind
from mailfilter.mail.html_budget import HtmlBudget
from mailfilter.mail.html_walk import read_html
from mailfilter.mail.limits import Limits


def part(html: str) -> HtmlView:
    """The view of the only part of a message."""
    found = parse(b"Content-Type: text/html; charset=utf-8\n\n" + html.encode()).root.html
    assert found is not None
    return found


class PartHtml(SynchronousTestCase):
    """`Part.html`."""

    def test_view(self) -> None:
        """All that a document says of itself."""
        view = part(
            "<title> A\n title</title><base href='http://e.example/a/b'><body bgcolor=#fff>Hello"
            "&nbsp;<b>you</b><p>yes<a href='x?a=1&copy=2'>click <i>me</a>"
            "<form action=/go method=POST><input type=password><input></form>"
            "<img src=data:,x width=1 height=20px alt='an image'>"
            "<link rel=stylesheet href='//s.example/s.css'>"
        )
        self.assertEqual(view.text, "Hello you\nyesclick me")
        self.assertEqual(view.title, "A title")
        self.assertEqual(
            view.links,
            (
                HtmlLink("http://e.example/a/x?a=1&copy=2", "click me", "a"),
                HtmlLink("http://e.example/go", "", "form"),
                HtmlLink("data:,x", "", "img"),
                HtmlLink("http://s.example/s.css", "", "link"),
            ),
        )
        self.assertEqual(view.forms, (("/go", "post", ("password", "text")),))
        self.assertEqual(view.images, (("data:,x", 1, 20, "an image"),))
        self.assertEqual(view.data_uris, ("data:,x",))
        self.assertEqual(view.stylesheets, ("//s.example/s.css",))
        self.assertEqual(view.tags["input"], 2)
        self.assertFalse(view.is_cut)

    def test_other_parts(self) -> None:
        """Only text/html has a view."""
        self.assertIsNone(parse(b"\n<p>x").root.html)

    def test_budget(self) -> None:
        """All parts of a message share the tags, and what is left out is told."""
        raw = b"Content-Type: multipart/mixed; boundary=b\n\n" + (
            b"--b\nContent-Type: text/html\n\n<p>a<p>b<p>c\n" * 2 + b"--b--\n"
        )
        message = parse(raw, Limits(html_tags=4))
        first, second = [part.html for part in message.leaves]
        assert first is not None and second is not None
        self.assertEqual((first.text, first.is_cut), ("a\nb\nc", False))
        self.assertEqual((second.text, second.is_cut), ("a", True))
        self.assertIn(AnomalyKind.HTML_CUT, {anomaly.kind for anomaly in message.anomalies})


class Nothing(SynchronousTestCase):
    """Documents that say nothing."""

    def test_empty(self) -> None:
        """No text at all."""
        for source in ("", " ", "<p>", "<", "<!", "<!--", "</", "<a", "&", "<title>", "\x00"):
            with self.subTest(source=source):
                self.assertIn(read_html(source, HtmlBudget(100, 100)).text, ("", "<", "&", "\x00"))
