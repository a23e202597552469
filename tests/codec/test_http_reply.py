"""Replies as bytes: golden ones, and texts that try to become lines of their own."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec.http_reply import MAX_REASON, DateLine, render_reply

DATE = "Sun, 22 Nov 2026 16:38:11 GMT"
WHEN = 1795365491.7


class Replies(SynchronousTestCase):
    def test_golden(self) -> None:
        reply = render_reply(
            200, "OK", b"pong\r\n", "text/plain", server="mailfilter/1", date=DATE, close=True
        )
        self.assertEqual(
            b"HTTP/1.1 200 OK\r\nConnection: close\r\nServer: mailfilter/1\r\n"
            b"Date: Sun, 22 Nov 2026 16:38:11 GMT\r\nContent-Length: 6\r\n"
            b"Content-Type: text/plain\r\n\r\npong\r\n",
            reply,
        )

    def test_keep_alive_and_head(self) -> None:
        reply = render_reply(
            404,
            "invalid command",
            b"{}",
            "application/json",
            server="s",
            date=DATE,
            close=False,
            extra=[("Vary", "Accept"), ("X-Empty", "")],
            with_body=False,
        )
        self.assertEqual(
            b"HTTP/1.1 404 invalid command\r\nServer: s\r\nDate: " + DATE.encode() + b"\r\n"
            b"Content-Length: 2\r\nContent-Type: application/json\r\n"
            b"Vary: Accept\r\nX-Empty: \r\n\r\n",
            reply,
        )

    def test_no_text_ends_a_line(self) -> None:
        evil = "a\r\nSet-Cookie: b\n\0\x85\u2028\x1b[2Jé\ud800"
        reply = render_reply(
            400, evil, b"", evil, server=evil, date=evil, close=False, extra=[("X", evil)]
        )
        self.assertEqual(7, len(reply.splitlines()))
        self.assertTrue(reply.startswith(b"HTTP/1.1 400 a  Set-Cookie: b  ?? [2J??\r\n"))

    def test_names_are_checked(self) -> None:
        for name in ("", "a b", "a:", "a\r\nb", "é"):
            with self.assertRaises(ValueError):
                render_reply(200, "", b"", "", server="", date="", close=False, extra=[(name, "x")])

    def test_long_reason(self) -> None:
        reply = render_reply(400, "x" * 5000, b"", "a/b", server="s", date=DATE, close=False)
        self.assertEqual(13 + MAX_REASON, len(reply.splitlines()[0]))

    def test_date(self) -> None:
        dates = DateLine()
        self.assertEqual(DATE, dates.at(WHEN))
        self.assertIs(dates.at(WHEN), dates.at(WHEN + 0.2))
        self.assertEqual("Sun, 22 Nov 2026 16:38:12 GMT", dates.at(WHEN + 1))
