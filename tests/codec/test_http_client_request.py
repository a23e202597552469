"""Requests of the client as octets: nothing in them can be taken for something else."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec.http1 import RequestCodec, RequestComplete
from mailfilter.codec.http_client import HttpRequest, render_head

from .http1_case import plain


class HeadTests(SynchronousTestCase):
    """Heads of requests."""

    def test_octets(self) -> None:
        """All of one."""
        request = HttpRequest("POST", "/checkv2?a=b", [("From", "a@b"), ("Rcpt", "c")], b"hello")
        self.assertEqual(
            render_head(request, "[::1]:11333"),
            b"POST /checkv2?a=b HTTP/1.1\r\nHost: [::1]:11333\r\nConnection: close\r\n"
            b"Content-Length: 5\r\nFrom: a@b\r\nRcpt: c\r\n\r\n",
        )

    def test_values(self) -> None:
        """Whatever is in them, they stay on their line."""
        values = {
            "a\r\nX: y": b"a  X: y",
            "a\0b\x7fc": b"a b c",
            "a\tb ": b"a\tb",
            " \n ": b"",
            "\u00e4\u20ac": b"\xc3\xa4\xe2\x82\xac",
            "\udcff": b"\xff",
            "\u2028\u0085": b"\xe2\x80\xa8\xc2\x85",
        }
        for value, octets in values.items():
            head = render_head(HttpRequest("GET", "/", [("Name", value)]), "h:1")
            self.assertEqual(head.split(b"\r\n")[4:], [b"Name: " + octets, b"", b""], value)

    def test_surrogates(self) -> None:
        """What stands for no octet is no reason to fail."""
        head = render_head(HttpRequest("GET", "/", [("Name", "a\ud800b")]), "h:1")
        self.assertIn(b"Name: a?b\r\n", head)

    def test_read(self) -> None:
        """Our server reads what was meant."""
        request = HttpRequest("POST", "/x", [("From", "a\r\nPassword: q"), ("User", "")], b"12")
        codec = RequestCodec(plain(100))
        events = codec.receive(render_head(request, "h:1") + request.body)
        (complete,) = (event for event in events if isinstance(event, RequestComplete))
        self.assertEqual(complete.body, b"12")
        self.assertIn((b"from", b"a  Password: q"), complete.head.headers)
        self.assertIn((b"user", b""), complete.head.headers)
        self.assertFalse(complete.head.keep_alive)

    def test_refused(self) -> None:
        """What is no part of a request."""
        bad = [
            HttpRequest("GET /", "/"),
            HttpRequest("", "/"),
            HttpRequest("G\u00c4T", "/"),
            HttpRequest("GET", ""),
            HttpRequest("GET", "x"),
            HttpRequest("GET", "/ HTTP/1.1\r\nX: y"),
            HttpRequest("GET", "/a b"),
            HttpRequest("GET", "/\u00e4"),
            *(
                HttpRequest("GET", "/", [(name, "x")])
                for name in ("", "a b", "a:", "a\r\nb", "\u00e4", "Content-Length", "HOST")
            ),
            HttpRequest("GET", "/", [("Transfer-encoding", "chunked")]),
            HttpRequest("GET", "/", [("connection", "keep-alive")]),
        ]
        for request in bad:
            self.assertRaises(ValueError, render_head, request, "h:1")
