"""How often work that is dear is done, whatever the number of parts and fields."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.mail import AnomalyKind, Limits, boundary, detect, params, parse, transfer

from .shapes import MULTIPART, parse_and_touch

LIMITS = Limits()
RAW_8BIT = b"\xff\xe4\xd6"


def parts(part: bytes, count: int) -> bytes:
    """A multipart of equal parts."""
    return MULTIPART % b"b" + (b"--b\n" + part + b"\n") * count + b"--b--\n"


def candidates(depth: int, size: int) -> bytes:
    """Nested multiparts of 17 boundary parameters each, and lines that are nearly all of them."""
    out = []
    for level in range(depth):
        names = b"".join(b"; boundary=" + b"a" * length for length in range(1, 17))
        out.append(b"Content-Type: multipart/mixed" + names)
        out.append(b"; boundary=y%dy\n\n--y%dy\n" % (level, level))
    return b"".join(out) + b"\n" + (b"--" + b"a" * 17 + b"\n") * (size // 20)


class Detection(SynchronousTestCase):
    """Octets whose charset is guessed."""

    def setUp(self) -> None:
        self.octets = 0
        guess = detect.guess

        def counted(data: bytes) -> str:
            self.octets += detect.cost(data)
            return guess(data)

        self.patch(detect, "guess", counted)

    def test_bounded(self) -> None:
        """Many parameters, fields, names, words, bodies, file names."""
        many = b"".join(b";p%d=" % number + RAW_8BIT for number in range(200))
        words = b" ".join(b"=?x%d?q?=ff=e4=d6?=" % number for number in range(40))
        header = b"Content-Type: text/plain"
        most = 2 * (LIMITS.detected + detect.SAMPLE + detect.CALL)
        for name, raw in (
            ("types", parts(header + many + b"\n\nx", 100)),
            ("dispositions", parts(b"Content-Disposition: inline" + many + b"\n\nx", 100)),
            ("quoted words", parts(header + b'; name="' + words + b'"\n\nx', 200)),
            ("pieces", parts(header + b"; name*=x'y'%ff%e4%d6\n\nx", 1000)),
            ("fields", (b"To: " + RAW_8BIT * 4 + b"@x\n") * 2000 + b"\n"),
            ("words", (b"Subject: " + words + b"\n") * 100 + b"\n"),
            ("names", b"To: " + b", ".join([words.replace(b" ", b" <a@b>, ")] * 20) + b"\n\n"),
            ("bodies", parts(header + b"\n\n" + RAW_8BIT * 300, 1000)),
        ):
            with self.subTest(name=name):
                self.octets = 0
                parse_and_touch(raw)
                self.assertLessEqual(self.octets, most)
                self.assertGreater(self.octets, 0)

    def test_not_when_parsing(self) -> None:
        """Parameters are decoded when they are asked for, each once."""
        message = parse(parts(b"Content-Type: text/plain; a=\xff\xe4\xd6; b=\xff\xe4\n\nx", 1))
        self.assertEqual(self.octets, 0)
        for _ in range(2):
            _ = message.leaves[0].params["a"]
            self.assertEqual(self.octets, detect.CALL + 3)

    def test_fields_and_bodies(self) -> None:
        """What fields use up does not change how a body is read."""
        body = "Всем привет, это обычный русский текст".encode("koi8_r")
        fields = (b"X: " + RAW_8BIT * 100 + b"\n") * 200
        message = parse(fields + b"Content-Type: text/plain\n\n" + body)
        for header in message.headers:
            _ = header.text
        self.assertIn("привет", message.root.text)


class Counts(SynchronousTestCase):
    """Calls of what is done piece by piece."""

    def test_candidates(self) -> None:
        """Searches for boundaries, octets searched, lines examined."""
        octets, lines = [], []
        split = boundary.split

        def counted(
            raw: bytes, start: int, end: int, chosen: bytes, most: int, most_lines: int
        ) -> boundary.Pieces:
            found = split(raw, start, end, chosen, most, most_lines)
            octets.append(end - start)
            lines.append(found.lines)
            return found

        self.patch(boundary, "split", counted)
        for size in (100_000, 1_000_000, 4_000_000):
            octets.clear()
            lines.clear()
            raw = candidates(63, size)
            message = parse(raw)
            with self.subTest(size=size):
                self.assertLessEqual(len(octets), 64 * LIMITS.boundaries)
                most = LIMITS.scans * (len(raw) + 2 * 1024 * 1024)
                self.assertLessEqual(sum(octets), most + len(raw))
                self.assertLessEqual(sum(lines), LIMITS.boundary_lines + 64)
                self.assertIn(AnomalyKind.AMBIGUOUS_BOUNDARY, {a.kind for a in message.anomalies})

    def test_outside(self) -> None:
        """Looking behind the boundary of a container counts as a search."""
        octets = []
        split = boundary.split

        def counted(
            raw: bytes, start: int, end: int, chosen: bytes, most: int, most_lines: int
        ) -> boundary.Pieces:
            octets.append(end - start)
            return split(raw, start, end, chosen, most, most_lines)

        self.patch(boundary, "split", counted)
        inner = b"".join(
            b"--o\nContent-Type: multipart/mixed; boundary=i%d\n\n--i%d\n\nx\n" % (number, number)
            for number in range(100)
        )
        raw = MULTIPART % b"o" + inner + b"x\n" * 4_000_000
        parse(raw)
        self.assertLessEqual(sum(octets), LIMITS.scans * (len(raw) + 2 * 1024 * 1024) + len(raw))

    def test_parameters(self) -> None:
        """Parameters of all parts, and octets of them."""
        count = 0
        add = params._Parameters._add

        def counted(parameters: params._Parameters, name: bytes, content: bytes) -> None:
            nonlocal count
            count += 1
            add(parameters, name, content)

        self.patch(params._Parameters, "_add", counted)
        for name, content, most in (
            ("short", b"; a=b" * 200, LIMITS.total_parameters + 256),
            ("long", b'; a="' + b"x" * 2000 + b'"', LIMITS.total_parameters // 8),
        ):
            count = 0
            head = b"Content-Type: text/plain" + content
            raw = parts(head + b"\nContent-Disposition: inline" + content + b"\n\nx", 1000)
            with self.subTest(name=name):
                message = parse_and_touch(raw)
                self.assertLessEqual(count, most)
                self.assertIn(AnomalyKind.BAD_PARAMETER, {a.kind for a in message.anomalies})

    def test_uuencode(self) -> None:
        """Lines of all parts."""
        count = 0
        line = transfer._uu_line

        def counted(data: bytes) -> bytes | None:
            nonlocal count
            count += 1
            return line(data)

        self.patch(transfer, "_uu_line", counted)
        head = b"Content-Transfer-Encoding: uuencode\n\nbegin 644 a\n"
        message = parse_and_touch(parts(head + b"#86)C\n" * 2000, 40))
        self.assertEqual(count, LIMITS.uuencoded_lines)
        self.assertIn(AnomalyKind.DECODED_CUT, {a.kind for a in message.anomalies})

    def test_text(self) -> None:
        """A body whose text nobody gets is not decoded for it."""
        octets = 0
        decode = transfer.decode

        def counted(body: bytes, encoding: str, most: int, most_lines: int) -> transfer.Octets:
            nonlocal octets
            octets += len(body)
            return decode(body, encoding, most, most_lines)

        self.patch(transfer, "decode", counted)
        head = b"Content-Transfer-Encoding: quoted-printable\n\n"
        message = parse(parts(head + b"=41" * 10_000, 200))
        texts = [part.text for part in message.text_parts]
        self.assertLessEqual(octets, LIMITS.text_total + 30_000)
        self.assertEqual((texts[0][:2], texts[-1]), ("AA", ""))
        self.assertIn(AnomalyKind.TEXT_CUT, {a.kind for a in message.anomalies})
