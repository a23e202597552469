"""Extensions of chunks in answers, which have to be ignored (RFC 9112 7.1.1)."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec.http_chunked import MAX_EXTENSION, MAX_EXTENSIONS
from mailfilter.codec.http_client import AnswerError, AnswerReader, NotHttp

from .test_http_client import OK, read, ways

CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"

TAKEN: dict[str, tuple[bytes, bytes]] = {
    "name and value": (b"2;a=b\r\nhi\r\n0\r\n\r\n", b"hi"),
    "name": (b"02;a\r\nhi\r\n0\r\n\r\n", b"hi"),
    "several": (b"2;a=b;c;d=e\r\nhi\r\n0\r\n\r\n", b"hi"),
    "blanks": (b"2 \t; a = b\r\nhi\r\n0\r\n\r\n", b"hi"),
    "quotes": (b'2;a="b;\tc \\"\xff"\r\nhi\r\n0\r\n\r\n', b"hi"),
    "in some": (b"1\r\na\r\n1;x\r\nb\r\n1\r\nc\r\n0\r\n\r\n", b"abc"),
    "last chunk": (b"2\r\nhi\r\n0;a=b\r\nX: y\r\n\r\n", b"hi"),
    "largest size": (b"0000000000000002;a\r\nhi\r\n0\r\n\r\n", b"hi"),
}

REFUSED: dict[str, tuple[bytes, str]] = {
    "without end": (b"1;" + b"x" * MAX_EXTENSION, "Chunk line too long"),
    "LF": (b"1;a\nx\r\n", "in chunk size"),
    "CR": (b"1;a\rb\r\nx\r\n", "in chunk size"),
    "NUL": (b"1;a\0\r\nx\r\n", "in chunk size"),
    "blanks alone": (b"1 \r\nx\r\n", "in chunk size"),
    "no size": (b";a\r\n", "in chunk size"),
    "size over 64 bits": (b"%b;a\r\n" % (b"0" * 17), "in chunk size"),
    "size over 64 bits, without": (b"%b\r\n" % (b"0" * 17), "in chunk size"),
}


class ExtensionTests(SynchronousTestCase):
    """What is ignored, and what is none."""

    def test_taken(self) -> None:
        """However they are cut."""
        for name, (data, body) in TAKEN.items():
            for pieces in ways(CHUNKED + data):
                reader = read(pieces)
                self.assertTrue(reader.done, name)
                self.assertEqual(reader.answer.body, body, name)

    def test_refused(self) -> None:
        """With the same words however they are cut."""
        for name, (data, words) in REFUSED.items():
            for pieces in ways(CHUNKED + data):
                error: AnswerError = self.assertRaises(NotHttp, read, pieces)
                self.assertIn(words, str(error), name)

    def test_bound(self) -> None:
        """Of many chunks, each with one, there is an end."""
        line = b"1;%b\r\n" % (b"a" * 1000)
        start = CHUNKED + (line + b"x\r\n") * (MAX_EXTENSIONS // len(line))
        reader = AnswerReader()
        reader.feed(start + b"0\r\n\r\n")
        self.assertEqual(len(reader.answer.body), MAX_EXTENSIONS // len(line))
        error: AnswerError = self.assertRaises(AnswerError, AnswerReader().feed, start + line)
        self.assertIn("Too many chunk extensions", str(error))
