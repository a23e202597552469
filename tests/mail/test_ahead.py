"""Reading a message ahead of who asks."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.mail import parse, read_ahead
from mailfilter.mail.urls import PIECE

HEAD = b"Subject: x\nContent-Type: text/html; charset=utf-8\n\n"


def _urls(count: int) -> bytes:
    """A text of so many."""
    return b" ".join(b"http://a.example/%d" % number for number in range(count))


class AheadTests(SynchronousTestCase):
    """What comes of it is what is found without."""

    def test_same(self) -> None:
        """Text and URLs are there, whole and in their order."""
        links = b"".join(b"<a href='http://%d.example.com/'>a%d</a> " % (n, n) for n in range(600))
        ahead, later = parse(HEAD + links), parse(HEAD + links)
        for _ in read_ahead(ahead):
            pass
        self.assertIn("found_urls", vars(ahead))
        self.assertIn("words", vars(ahead.text))
        self.assertEqual(len(ahead.urls), 600)
        self.assertEqual(ahead.found_urls, later.found_urls)
        self.assertEqual(ahead.text.words, later.text.words)

    def test_pieces(self) -> None:
        """Each part, and every few URLs, are a piece."""
        few, many = (len(list(read_ahead(parse(HEAD + _urls(count))))) for count in (1, 2 * PIECE))
        self.assertEqual(many, few + 1)

    def test_left(self) -> None:
        """What was not read is read when it is asked for."""
        text = _urls(2 * PIECE)
        message = parse(HEAD + text)
        pieces = read_ahead(message)
        for _ in range(6):
            next(pieces)
        self.assertNotIn("found_urls", vars(message))
        self.assertEqual(message.found_urls, parse(HEAD + text).found_urls)
