"""What a message says to its reader."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.mail import Text, parse


def alternatives(plain: bytes, html: bytes) -> Text:
    """The text of a message with a plain and an HTML part."""
    return parse(
        b"Content-Type: multipart/alternative; boundary=b\n\n"
        b"--b\nContent-Type: text/plain; charset=utf-8\n\n" + plain + b"\n"
        b"--b\nContent-Type: text/html; charset=utf-8\n\n" + html + b"\n--b--\n"
    ).text


class MessageText(SynchronousTestCase):
    """`Message.text`."""

    def test_once(self) -> None:
        """What both alternatives say is there once."""
        text = alternatives(b"Hello you,\n\nit is me", b"<p>Hello <b>you</b>,<p>it is me")
        self.assertEqual(text.visible, "Hello you,\nit is me")
        self.assertEqual(text.lines, ("Hello you,", "it is me"))
        self.assertEqual(text.words, ("hello", "you", "it", "is", "me"))
        self.assertEqual(text.plain, "Hello you,\n\nit is me")

    def test_both(self) -> None:
        """Alternatives that say different things are both there."""
        text = alternatives(b"Good morning", b"<p>Buy now")
        self.assertEqual(text.visible, "Good morning\nBuy now")
        self.assertEqual(text.words, ("good", "morning", "buy", "now"))

    def test_hidden(self) -> None:
        """Text that is hidden is not visible, and known."""
        text = alternatives(b"Buy now", b"<p>Buy now<p style='display:none'>nice weather")
        self.assertEqual(text.visible, "Buy now")
        self.assertTrue(text.has_hidden)
        self.assertEqual([one.text for one in text.hidden], ["nice weather"])
