"""Time and memory on messages made to hurt."""

import subprocess
import sys
from pathlib import Path
from time import process_time

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.mail import AnomalyKind, Limits, parse

from .shapes import MULTIPART, SHAPES, Shape, parse_and_touch

SMALL = 50_000
"""Octets; large enough that most caps are reached at four times as many."""
WORST = 16
"""Four times the octets may cost this many times the CPU: quadratic time would cost as much,
and the floor keeps noise out."""
FLOOR = 0.02
"""Seconds below which nothing is compared."""

MEMORY_PROGRAM = """
import sys
from pathlib import Path
from tests.mail.shapes import SHAPES, parse_and_touch

def peak():
    # Not getrusage: its figure begins with that of the process that started this one.
    for line in open("/proc/self/status"):
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024

parse_and_touch(SHAPES["8-bit text"](1000))
before = peak()
raw = Path(sys.argv[1]).read_bytes()
message = parse_and_touch(raw)
print(peak() - before, len(raw))
"""


class Time(SynchronousTestCase):
    """No shape costs more than linear time."""

    def cost(self, shape: Shape, size: int) -> float:
        """Seconds of CPU for one message, the better of two."""
        raw = shape(size)
        found = []
        for _ in range(2):
            start = process_time()
            parse_and_touch(raw)
            found.append(process_time() - start)
        return min(found)

    def test_shapes(self) -> None:
        """Each shape at one size and at four times that size."""
        for name, shape in SHAPES.items():
            large = self.cost(shape, 4 * SMALL)
            if large < FLOOR:
                continue
            with self.subTest(shape=name):
                self.assertLess(large / max(self.cost(shape, SMALL), FLOOR / WORST), WORST)

    def test_below_the_caps(self) -> None:
        """Each shape at two sizes at which hardly a cap is reached, one 16 times the other."""
        for name, shape in SHAPES.items():
            large = self.cost(shape, 32_000)
            if large < FLOOR:
                continue
            with self.subTest(shape=name):
                self.assertLess(large / max(self.cost(shape, 2000), FLOOR / 64), 64)


class Memory(SynchronousTestCase):
    """A parsed message takes at most four times its size plus 16 MiB, all of it asked for."""

    def measure(self, shape: str, size: int) -> None:
        """Measure in a process of its own."""
        path = Path(self.mktemp())
        path.write_bytes(SHAPES[shape](size))
        done = subprocess.run(
            [sys.executable, "-c", MEMORY_PROGRAM, str(path)],
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        )
        used, octets = map(int, done.stdout.split())
        self.assertLessEqual(used, 4 * octets + 16 * 1024 * 1024)

    def test_shapes(self) -> None:
        """Shapes with many small pieces, and with one large one."""
        for shape, size in (
            ("base64", 10_000_000),
            ("fields", 3_000_000),
            ("fields of distinct names", 3_000_000),
            ("one field", 10_000_000),
            ("folds", 3_000_000),
            ("parts", 1_000_000),
            ("addresses", 2_000_000),
            ("8-bit text", 10_000_000),
            ("nested message", 2_000_000),
            ("nested multipart", 2_000_000),
        ):
            with self.subTest(shape=shape):
                self.measure(shape, size)


class Caps(SynchronousTestCase):
    """What lies behind a cap is opaque, and that is said (bad-input.md, rows 1 and 2)."""

    def kinds(self, raw: bytes, limits: Limits | None = None) -> set[AnomalyKind]:
        """The kinds of anomaly of a message of which all was asked for."""
        message = parse(raw) if limits is None else parse(raw, limits)
        _ = (message.to, message.received, message.subject)
        for part in message.parts:
            _ = part.text
        return {anomaly.kind for anomaly in message.anomalies}

    def test_nested_multipart(self) -> None:
        """A thousand multiparts within each other: 64 levels, the rest is one leaf."""
        raw = b"".join(MULTIPART % (b"b%d" % level) + b"--b%d\n" % level for level in range(1000))
        message = parse_and_touch(raw)
        self.assertEqual(max(part.depth for part in message.parts), 64)
        self.assertEqual(len(message.leaves), 1)
        self.assertIn(AnomalyKind.TOO_DEEP, self.kinds(raw))

    def test_nested_messages(self) -> None:
        """A thousand messages within each other."""
        raw = b"Content-Type: message/rfc822\n\n" * 1000 + b"x\n"
        self.assertEqual(max(part.depth for part in parse(raw).parts), 64)
        self.assertIn(AnomalyKind.TOO_DEEP, self.kinds(raw))

    def test_one_counter(self) -> None:
        """Multiparts and messages share the counter."""
        raw = b"".join(
            b"Content-Type: message/rfc822\n\n" + MULTIPART % (b"b%d" % level) + b"--b%d\n" % level
            for level in range(500)
        )
        self.assertEqual(max(part.depth for part in parse(raw).parts), 64)

    def test_parts(self) -> None:
        """A hundred thousand parts."""
        raw = MULTIPART % b"b" + b"--b\n\nx\n" * 100_000
        self.assertEqual(len(parse(raw).leaves), Limits().parts)
        self.assertIn(AnomalyKind.TOO_MANY_PARTS, self.kinds(raw))

    def test_fields(self) -> None:
        """A million fields; the body is still found."""
        message = parse(b"a:\n" * 1_000_000 + b"\nbody\n")
        self.assertEqual(len(message.headers), Limits().block_headers)
        self.assertEqual(message.root.raw_body, b"body\n")
        self.assertIn(AnomalyKind.TOO_MANY_HEADERS, {a.kind for a in message.anomalies})

    def test_header_octets(self) -> None:
        """Fields behind a megabyte of others are not listed."""
        message = parse(b"A: " + b"x" * 2_000_000 + b"\nB: 1\n\nbody\n")
        self.assertEqual([header.name for header in message.headers], ["A"])
        self.assertEqual(message.root.raw_body, b"body\n")

    def test_one_field(self) -> None:
        """A field of ten megabytes: exact octets, a cut text."""
        message = parse(b"Subject: " + b"x" * 10_000_000 + b"\n\nbody\n")
        self.assertEqual(len(message.headers[0].raw), 10_000_010)
        self.assertLessEqual(len(message.subject or ""), Limits().header_value)
        self.assertIn(AnomalyKind.HEADER_CUT, {a.kind for a in message.anomalies})

    def test_addresses(self) -> None:
        """Half a million addresses."""
        message = parse(b"To: " + b"a@b, " * 500_000 + b"\n\n")
        self.assertEqual(len(message.to), Limits().addresses)
        self.assertIn(AnomalyKind.TOO_MANY_ADDRESSES, {a.kind for a in message.anomalies})

    def test_addresses_of_several_fields(self) -> None:
        """The cap is for all fields of a name together."""
        message = parse(b"To: a@b, c@d\nTo: e@f, g@h\n\n", Limits(addresses=3))
        self.assertEqual([address.address for address in message.to], ["a@b", "c@d", "e@f"])
        self.assertIn(AnomalyKind.TOO_MANY_ADDRESSES, {a.kind for a in message.anomalies})

    def test_received(self) -> None:
        """A hundred thousand hops."""
        message = parse(b"Received: from a by b; x\n" * 100_000 + b"\n")
        self.assertEqual(len(message.received), Limits().received)
        self.assertIn(AnomalyKind.TOO_MANY_RECEIVED, {a.kind for a in message.anomalies})

    def test_decoded(self) -> None:
        """Decoded octets, for each encoding."""
        limits = Limits(decoded_part=1000, uuencoded_lines=100)
        for encoding, body, size in (
            (b"base64", b"QUJD" * 1000, 1000),
            (b"quoted-printable", b"=41" * 2000, 1000),
            (b"8bit", b"x" * 2000, 1000),
            (b"x-uuencode", b"begin 644 a\n" + b"#86)C\n" * 1000 + b"end\n", 300),
        ):
            raw = b"Content-Transfer-Encoding: " + encoding + b"\n\n" + body
            with self.subTest(encoding=encoding):
                message = parse(raw, limits)
                self.assertEqual(len(message.root.decoded), size)
                self.assertIn(AnomalyKind.DECODED_CUT, {a.kind for a in message.anomalies})

    def test_text(self) -> None:
        """Text, of one part and of all, in the order of the parts whatever is asked first."""
        limits = Limits(text_part=10, text_total=15)
        raw = MULTIPART % b"b" + b"--b\n\n" + b"x" * 20 + b"\n--b\n\n" + b"y" * 20 + b"\n--b--\n"
        first, second = parse(raw, limits).leaves
        self.assertEqual(second.text, "y" * 5)
        self.assertEqual(first.text, "x" * 10)
        self.assertIn(AnomalyKind.TEXT_CUT, self.kinds(raw, limits))

    def test_text_cut_in_a_character(self) -> None:
        """A character that the cap cuts is left out and not taken for an error."""
        raw = b"Content-Type: text/plain; charset=utf-8\n\n" + "é".encode() * 10
        message = parse(raw, Limits(text_part=5))
        self.assertEqual(message.root.text, "éé")
        self.assertEqual([a.kind for a in message.anomalies][:1], [AnomalyKind.TEXT_CUT])

    def test_anomalies(self) -> None:
        """The list of anomalies is bounded."""
        raw = MULTIPART % b"b" + b"--b\nContent-Type: bad\n\nx\n" * 1000
        self.assertLess(len(parse_and_touch(raw).anomalies), 100)
