"""Query arguments as headers."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec.http_body import Refused
from mailfilter.codec.http_query import MAX_ARGUMENTS, query_headers


class QueryTests(SynchronousTestCase):
    def test_arguments(self) -> None:
        for query, expected in (
            (b"", []),
            (b"A=b", [(b"a", b"b")]),
            (b"a&=b&&c=d=e&", [(b"a", b""), (b"c", b"d=e")]),
            (b"%41=%42%2b+&a=1", [(b"a", b"B++"), (b"a", b"1")]),
            (b"a=%20b%20c%09&d=%zz%", [(b"a", b"b c"), (b"d", b"%zz%")]),
            (b"a=%ff", [(b"a", b"\xff")]),
        ):
            self.assertEqual(expected, query_headers(query), query)
        self.assertEqual(MAX_ARGUMENTS, len(query_headers(b"&".join([b"a"] * MAX_ARGUMENTS))))

    def test_refused(self) -> None:
        for value in (b"%0d%0aRcpt:x", b"%00", b"%0A", b"%7f", b"%1b"):
            error = self.assertRaises(Refused, query_headers, b"helo=a" + value)
            text = "Control character in a query argument"
            self.assertEqual((400, text), (error.status, error.text), value)
        error = self.assertRaises(Refused, query_headers, b"a&" * MAX_ARGUMENTS)
        self.assertEqual((400, "Too many query arguments"), (error.status, error.text))
