"""Messages of mbox files."""

import io
import tracemalloc

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.client.rspamc import mbox
from mailfilter.client.rspamc.mbox import count_parts, is_separator, read_parts

FROM = b"From a@b.example Mon Jan  1 00:00:00 2024\n"


class SeparatorTests(SynchronousTestCase):
    """Lines at which a message begins."""

    def test_dated(self) -> None:
        """Dates as different programs write them."""
        for line in (
            b"From a@b.example Mon Jan  1 00:00:00 2024\n",
            b"From MAILER-DAEMON Fri Jul  8 12:08:34 2011\r\n",
            b"From a b c Fri Jul 8 12:08 2011",
            b"From a@b Fri Jul 8 12:08:34 PST 2011",
            b"From 17871@xxx Mon Jan 01 00:00:00 +0000 2024",
            b"From - Fri Jul 08 12:08:34 2011 +0200",
            b'From "Mon Jan 1" fri jul 8 12:08:34 2011',
        ):
            self.assertTrue(is_separator(line), line)

    def test_not_dated(self) -> None:
        """Text, and fields, are not taken for it."""
        for line in (
            b"",
            b"From \n",
            b"From what I hear it was Mon or Tue in Jan of 2024\n",
            b"From: a@b.example Mon Jan  1 00:00:00 2024\n",
            b">From a@b.example Mon Jan  1 00:00:00 2024\n",
            b" From a@b.example Mon Jan  1 00:00:00 2024\n",
            b"from a@b.example Mon Jan  1 00:00:00 2024\n",
            b"From a@b.example Mon Jan  1 00:00:00\n",
            b"From a@b.example Mon Jan  1 noon 2024\n",
            b"From " + b"x " * 1000 + b"Mon Jan  1 00:00:00 2024\n",
        ):
            self.assertFalse(is_separator(line), line)


class PartTests(SynchronousTestCase):
    """What comes out of a file."""

    def parts(self, octets: bytes) -> list[bytes | None]:
        """The messages, after a look at their numbers."""
        found = list(read_parts(io.BytesIO(octets)))
        self.assertEqual([part.number for part in found], list(range(1, len(found) + 1)))
        self.assertEqual([part.is_last for part in found], [False] * (len(found) - 1) + [True])
        self.assertEqual(count_parts(io.BytesIO(octets)), len(found))
        return [part.octets for part in found]

    def test_table(self) -> None:
        """Files and their messages."""
        for octets, messages in (
            (b"", [b""]),
            (b"Subject: a\n\nx\n\n" + FROM + b"y\n", [b"Subject: a\n\nx\n\n" + FROM + b"y\n"]),
            (FROM, [b""]),
            (FROM[:-1], [b""]),
            (FROM + b"Subject: a\n\nx\n", [b"Subject: a\n\nx\n"]),
            (FROM + b"Subject: a\n\nx", [b"Subject: a\n\nx"]),
            (FROM + b"A: 1\n\nx\n\n" + FROM + b"B: 1\n\ny\n\n", [b"A: 1\n\nx\n", b"B: 1\n\ny\n"]),
            (FROM + b"A: 1\n\nx\n" + FROM + b"B: 1\n\ny\n", [b"A: 1\n\nx\n", b"B: 1\n\ny\n"]),
            (
                FROM + b"A: 1\r\n\r\nx\r\n\r\n" + FROM + b"B: 1\r\n\r\n\r\n",
                [b"A: 1\r\n\r\nx\r\n", b"B: 1\r\n\r\n"],
            ),
            (FROM + FROM + FROM, [b"", b"", b""]),
            (FROM + b"A: 1\n\n>From x\n>>From y\n> From\n", [b"A: 1\n\nFrom x\n>From y\n> From\n"]),
            (FROM + b"A: 1\n\n\nFrom here on\n", [b"A: 1\n\n\nFrom here on\n"]),
        ):
            self.assertEqual(self.parts(octets), messages, octets)

    def test_long_lines(self) -> None:
        """What is not at the beginning of a line parts nothing, wherever reading stops."""
        for before in range(mbox._MAX_LINE - 2, mbox._MAX_LINE + 3):
            body = b"x" * before + FROM
            self.assertEqual(self.parts(FROM + body), [body])
            quoted = b"x" * before + b">" + FROM
            self.assertEqual(self.parts(FROM + quoted), [quoted])

    def test_too_large(self) -> None:
        """A message that is too long is told, and those after it are not lost."""
        self.patch(mbox, "MAX_MESSAGE", 100)
        fits, over = b"x" * 99 + b"\n", b"x" * 100 + b"\n"
        self.assertEqual(self.parts(FROM + over + FROM + fits), [None, fits])
        self.assertEqual(self.parts(FROM + fits + FROM + over), [fits, None])
        self.assertEqual(self.parts(over), [None])
        self.assertEqual(self.parts(fits), [fits])

    def test_memory(self) -> None:
        """One message is in memory at a time, and of one that is too long only so much."""
        self.patch(mbox, "MAX_MESSAGE", 1 << 20)
        message = FROM + b"x\n" * 20_000
        file = io.BytesIO(message * 20 + FROM + b"y\n" * 2_000_000 + message)
        tracemalloc.start()
        try:
            sizes = [len(part.octets or b"") for part in read_parts(file)]
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        self.assertEqual(sizes, [40_000] * 20 + [0, 40_000])
        self.assertLess(peak, 4 << 20)
