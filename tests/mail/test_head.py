"""The header of a raw message by itself."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.mail import parse
from mailfilter.mail.head import MAX_HEAD, header_block, line_end

CASES = (
    (b"A: 1\n\nbody\r\n\r\nmore", b"A: 1\n"),
    (b"A: 1\r\n\r\nbody\n\nmore", b"A: 1\r\n"),
    (b"A: 1\r\n\nbody", b"A: 1\r\n"),
    (b"A: 1\n\r\nbody", b"A: 1\n"),
    (b"\nBody: x\n\nmore", b""),
    (b"\r\nBody: x\n\nmore", b""),
    (b"A: 1\n", b"A: 1\n"),
    (b"A: 1\nB: 2", b"A: 1\n"),
    (b"A: 1", b""),
    (b"", b""),
)


class HeaderBlockTests(SynchronousTestCase):
    def test_ends(self) -> None:
        for raw, expected in CASES:
            self.assertEqual(header_block(raw), expected, raw)

    def test_as_the_parser_has_it(self) -> None:
        """What is parsed of the header alone are the fields of the whole message."""
        for raw, _ in CASES[:7]:
            whole, alone = parse(raw), parse(header_block(raw))
            names = [[field.name for field in message.headers] for message in (whole, alone)]
            self.assertEqual(names[0], names[1], raw)

    def test_bound(self) -> None:
        line = b"A: " + b"x" * 995 + b"\n"
        found = header_block(line * 2000 + b"\nbody")
        self.assertEqual(found, line * (MAX_HEAD // len(line)))
        self.assertEqual(header_block(b"A: 1\nB: 2\n\n", 7), b"A: 1\n")


class LineEndTests(SynchronousTestCase):
    def test_first_line(self) -> None:
        for raw, expected in (
            (b"A: b\r\n\r\nx\n", b"\r\n"),
            (b"\r\nx\n", b"\r\n"),
            (b"A: b\n\r\n", b"\n"),
            (b"\nx\r\n", b"\n"),
            (b"A: b\r", b"\n"),
            (b"", b"\n"),
        ):
            self.assertEqual(line_end(raw), expected, raw)
