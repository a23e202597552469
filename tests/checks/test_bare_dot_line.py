"""Lines of one dot whose ends are not CRLF."""

from mailfilter.checks.bare_dot_line import BareDotLine

from .url_case import UrlCase

HEAD = b"Subject: a\r\n\r\n"


class BareDotLineTests(UrlCase):
    check = BareDotLine

    def test_symbols(self) -> None:
        self.compare(
            {
                "BARE_DOT_LINE": (
                    [HEAD + b"a\n.\nb\r\n", HEAD + b"a\r\n.\nb\r\n"],
                    [HEAD + b"a\r\n.\r\nb\r\n", HEAD + b"a\n..\nb\r\n"],
                )
            }
        )

    def test_smuggled(self) -> None:
        for end in (b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r.\r\n", b"\r\n.\r", b"\n.\r"):
            self.assertTrue(self.found(HEAD + b"a" + end + b"MAIL FROM:<b@c>\r\n"), end)

    def test_harmless(self) -> None:
        for body in (
            b"a\r\n.\r\nb\r\n",
            b"a\n..\nb\r\n",
            b"a\n.b\n\r\n",
            b"a\r\n.\r\n.\r\n.\r\n",
            b".\r\n",
            b"a\n.",
            b"a.\n",
            b"",
        ):
            self.assertFalse(self.found(HEAD + body), body)

    def test_mail_of_a_file(self) -> None:
        self.assertFalse(self.found(b"Subject: a\n\na\n.\nb\n"))

    def test_behind_many(self) -> None:
        """Lines that begin with a dot, or are one in order, do not hide it."""
        for line in (b"\n..", b"\r\n..", b"\r.x", b"\r\n.\r\n", b"\r\n."):
            raw = HEAD + line * 20_000
            self.assertFalse(self.found(raw), line)
            self.assertTrue(self.found(raw + b"\n.\n"), line)
