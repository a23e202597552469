"""Line requests that are refused, and with which text."""

from mailfilter.codec.spamd import MAX_SHOWN, LineCodec

from .test_spamd import LIMIT, Case, request


class RefusedTests(Case):
    def test_first_lines(self) -> None:
        for octets, text in (
            (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "GET / HTTP/1.1"),
            (b"\r\n", "(empty line)"),
            (b"check SPAMC/1.5\r\n", "check SPAMC/1.5"),
            (b"CHECK SPAMC/\r\n", "CHECK SPAMC/"),
            (b"CHECK SPAMC\r\n", "CHECK SPAMC"),
            (b"CHECK  SPAMC/1.5\r\n", "CHECK  SPAMC/1.5"),
            (b"CHECK SPAMC/12345.1\r\n", "CHECK SPAMC/12345.1"),
            (b"STAT SPAMC/1.5\r\n", "STAT SPAMC/1.5"),
            (b"PROCESS RSPAMC/1.3\r\n", "PROCESS RSPAMC/1.3"),
            (b"\x16\x03\x01\xff\n", "????"),
            (b"a\rb\tc\x1b[0m\n", "a?b c?[0m"),
            (b"x" * 1000 + b"\n", "x" * MAX_SHOWN),
            (b"hello", "hello"),
            (b"CHECK", "CHECK"),
        ):
            self.refused(octets, text)

    def test_headers(self) -> None:
        first = b"CHECK SPAMC/1.5\r\n"
        form = "(header not in 'Name: value' format)"
        for octets, text in (
            (b"no colon\r\n", form),
            (b" User: joe\r\n", form),
            (b": x\r\n", form),
            (b"Us er: joe\r\n", form),
            (b"J\xf6: x\r\n", form),
            (b"User: a\x00b\r\n", "(user header contains control chars)"),
            (b"User: a\rb\r\n", "(user header contains control chars)"),
            (b"Content-length: x\r\n", "(Content-Length contains non-numeric bytes)"),
            (b"Content-length: -1\r\n", "(Content-Length contains non-numeric bytes)"),
            (b"Content-length: +1\r\n", "(Content-Length contains non-numeric bytes)"),
            (b"Content-length:\r\n", "(Content-Length contains non-numeric bytes)"),
            (b"Content-length: " + b"9" * 19, "(EOF during headers)"),
            (
                b"Content-length: " + b"9" * 19 + b"\n",
                "(Content-Length contains non-numeric bytes)",
            ),
            (b"Content-length: 1\r\nContent-length: 2\r\n", "(Content-Length differs)"),
            (b"", "(EOF during headers)"),
            (b"User: joe\r\n", "(EOF during headers)"),
            (
                b"Content-length: 10\r\n\r\nhello",
                "(Content-Length mismatch: Expected 10 bytes, got 5 bytes)",
            ),
        ):
            self.refused(first + octets, text)
        self.refused(b"CHECK RSPAMC/1.3\r\nx\r\n", form, is_rspamc=True)

    def test_nothing_after_an_error(self) -> None:
        codec = LineCodec(LIMIT)
        self.assertEqual(len(codec.receive(b"GET / HTTP/1.0\r\n")), 1)
        self.assertEqual(codec.receive(request(b"CHECK SPAMC/1.5")), [])
        self.assertEqual(codec.end_of_input(), [])
        self.assertTrue(codec.has_ended)
