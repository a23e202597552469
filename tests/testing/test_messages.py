"""Messages for tests."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.mail import parse
from mailfilter.testing.messages import make_message


class MessageTests(SynchronousTestCase):
    """What is made is what is read."""

    def test_plain(self) -> None:
        """A small message, with all that one must have."""
        message = parse(make_message())
        self.assertEqual((message.subject, message.text.visible.strip()), ("a test", ""))
        self.assertEqual(message.from_[0].address, "alice@example.org")
        self.assertEqual((message.anomalies, message.message_id), ((), "test@example.org"))

    def test_parts(self) -> None:
        """Text, HTML, or both, and files."""
        for text, html, expected in (
            ("caf\u00e9", None, ["text/plain"]),
            (None, "<p>x</p>", ["text/html"]),
            ("x", "<p>x</p>", ["text/plain", "text/html"]),
        ):
            raw = make_message(text=text, html=html, files={"a.zip": b"PK"})
            leaves = parse(raw).leaves
            types = [part.type for part in leaves]
            self.assertEqual(types, [*expected, "application/octet-stream"])
            self.assertEqual((leaves[-1].filename, leaves[-1].decoded), ("a.zip", b"PK"))
            self.assertEqual(leaves[0].text.strip(), text or html)

    def test_fields(self) -> None:
        """More fields, and others in place of those that are there."""
        raw = make_message(subject="caf\u00e9", fields={"To": "x@example.org", "X-A": "1"})
        message = parse(raw)
        self.assertEqual((message.subject, message.to[0].address), ("caf\u00e9", "x@example.org"))
        self.assertEqual([header.text for header in message.headers.all("x-a")], ["1"])
        self.assertNotIn(b"\n", raw.replace(b"\r\n", b""))
