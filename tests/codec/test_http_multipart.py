"""Forms: every one cut at every place, the bounds, and what is no form."""

from collections.abc import Iterable
from random import Random

from backports import zstd
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec.http_body import Body, Part, PlainBody, Refused
from mailfilter.codec.http_multipart import MAX_AROUND, MAX_PADDING, MAX_PART_HEAD, STEP, FormBody
from mailfilter.codec.http_part import MAX_PART_FIELDS, PartHead, boundary_of
from mailfilter.codec.http_zstd import ZstdBody

LIMIT = 2000
DISPOSITION = b'Content-Disposition: form-data; name="a"\r\n'
TEXT = b"\n--b\n\r\n--\r\n-b\r--b\r\n--B\r\n\r"

# name: (form with boundary `b`, its parts)
GOOD: dict[str, tuple[bytes, list[Part]]] = {
    "as rspamc sends it": (
        b'--b\r\nContent-Disposition: form-data; name="metadata"\r\n'
        b"Content-Type: application/json\r\n\r\n{}\r\n--b\r\n"
        b'Content-Disposition: form-data; name="message"\r\n'
        b"Content-Type: application/octet-stream\r\n\r\nA: b\r\n\r\nc\r\n\r\n--b--\r\n",
        [
            Part("metadata", b"application/json", b"{}"),
            Part("message", b"application/octet-stream", b"A: b\r\n\r\nc\r\n"),
        ],
    ),
    "packed": (
        b"--b\r\n"
        + DISPOSITION
        + b"Content-Encoding: ZSTD\r\n\r\n"
        + zstd.compress(b"text")
        # The last part needs no end of its line.
        + b"\r\n--b--",
        [Part("a", b"", b"text")],
    ),
    "around": (
        b"before\r\n--b \t\r\n" + DISPOSITION + b"\r\nx\r\n--b-- \t\r\nbehind\r\n--b\r\n",
        [Part("a", b"", b"x")],
    ),
    "blanks at the end": (
        b"--b\r\n" + DISPOSITION + b"\r\nx\r\n--b-- \t",
        [Part("a", b"", b"x")],
    ),
    "most headers": (
        b"--b\r\n" + DISPOSITION + b"a:b\r\n" * (MAX_PART_FIELDS - 1) + b"\r\nx\r\n--b--",
        [Part("a", b"", b"x")],
    ),
    "empty part": (b"--b\r\n" + DISPOSITION + b"\r\n\r\n--b--\r\n", [Part("a", b"", b"")]),
    "part that ends with its head": (
        b"--b\r\n" + DISPOSITION + b"\r\n--b--",
        [Part("a", b"", b"")],
    ),
    "no parts": (b"--b--\r\n", []),
    "nearly boundaries": (
        b"--b\r\n" + DISPOSITION + b"\r\n" + TEXT + b"\r\n--b--",
        [Part("a", b"", TEXT)],
    ),
    "other spelling": (
        b"--b\r\nX-Other: \xff\r\ncontent-DISPOSITION:Form-Data ; FileName=x;name=a\r\n"
        b"Content-Transfer-Encoding: Binary\r\nContent-Type: \tText/Plain; Charset=X \r\n\r\n1"
        b"\r\n--b--",
        [Part("a", b"text/plain; charset=x", b"1")],
    ),
}

START = b"--b\r\n" + DISPOSITION
END = b"\r\n\r\nx\r\n--b--\r\n"


def with_head(head: bytes) -> bytes:
    return b"--b\r\n" + head + END


# name: (form, what the text of the error ends with)
BAD: dict[str, tuple[bytes, str]] = {
    "nothing": (b"\r\n", "unexpected end"),
    "no boundary": (b"text\r\n", "unexpected end"),
    "other boundary": (b"--B\r\n" + DISPOSITION + b"\r\nx\r\n--B--\r\n", "unexpected end"),
    "no end": (START + b"\r\nx\r\n--b\r\n", "unexpected end"),
    "no second dash": (START + b"\r\nx\r\n--b-", "unexpected end"),
    "cut in a part": (START + b"\r\nx\r\n--", "unexpected end"),
    "cut in a head": (START, "unexpected end"),
    "bare LF": (with_head(DISPOSITION).replace(b"\r\n", b"\n"), "unexpected end"),
    "bare LF behind a boundary": (b"--b\n" + DISPOSITION + END, "invalid boundary line"),
    "bare LF in a head": (with_head(b"A: b\n" + DISPOSITION[:-2]), "invalid part header"),
    "bare LF at the end": (START + b"\r\nx\n--b--\n", "unexpected end"),
    "bare CR in a head": (with_head(DISPOSITION[:-2] + b"\r;x=y"), "invalid part header"),
    "longer boundary": (START + b"\r\nx\r\n--bc\r\n", "invalid boundary line"),
    "boundary begins a part": (START + b"\r\n--b\nx\r\n--b--\r\n", "invalid boundary line"),
    "text behind the end": (START + b"\r\nx\r\n--b--x\r\n", "invalid boundary line"),
    "text behind a boundary": (b"--b x\r\n" + DISPOSITION + END, "invalid boundary line"),
    "much padding": (b"--b" + b" " * MAX_PADDING + b" \r\n", "invalid boundary line"),
    "padding without end": (b"--b" + b" " * MAX_PADDING + b" ", "invalid boundary line"),
    "much before": (b"x" * (MAX_AROUND + 10), "too much around the parts"),
    "much behind": (START + END + b"x" * (MAX_AROUND + 1), "too much around the parts"),
    "no headers": (b"--b\r\n\r\nx\r\n--b--\r\n", "part without a name"),
    "no disposition": (with_head(b"A: b"), "part without a name"),
    "no name": (with_head(b"Content-Disposition: form-data; filename=a"), "part without a name"),
    "other disposition": (
        with_head(b"Content-Disposition: attachment; name=a"),
        "part without a name",
    ),
    "empty name": (with_head(b"Content-Disposition: form-data; name="), "part without a name"),
    "open quotes": (with_head(b'Content-Disposition: form-data; name="a'), "part without a name"),
    "text behind the name": (
        with_head(b'Content-Disposition: form-data; name="a"b'),
        "part without a name",
    ),
    "two names": (
        with_head(b"Content-Disposition: form-data; name=a; NAME=b"),
        "part without a name",
    ),
    "extended name": (
        with_head(b"Content-Disposition: form-data; name*=utf-8''a"),
        "part without a name",
    ),
    "two dispositions": (with_head(DISPOSITION * 2 + b"A: b"), "duplicate part header"),
    "two types": (
        with_head(DISPOSITION + b"Content-Type: a\r\ncontent-type: a"),
        "duplicate part header",
    ),
    "folded": (with_head(DISPOSITION + b" x: y"), "invalid part header"),
    "blank before the colon": (with_head(DISPOSITION + b"A : b"), "invalid part header"),
    "no colon": (with_head(DISPOSITION + b"A"), "invalid part header"),
    "NUL": (with_head(DISPOSITION + b"A: \0"), "invalid part header"),
    "base64": (
        with_head(DISPOSITION + b"Content-Transfer-Encoding: base64"),
        "Content-Transfer-Encoding is not supported",
    ),
    "many headers": (
        with_head(DISPOSITION + b"\r\n".join([b"a:b"] * MAX_PART_FIELDS)),
        "too many part headers",
    ),
    "large head": (
        with_head(DISPOSITION + b"a: " + b"b" * MAX_PART_HEAD),
        "part headers too large",
    ),
    "head without end": (b"--b\r\n" + b"b" * (MAX_PART_HEAD + 2), "part headers too large"),
}


def open_part(part: PartHead) -> Body:
    """The encodings of scan requests."""
    return ZstdBody(LIMIT) if part.encoding == b"zstd" else PlainBody(LIMIT)


def read(pieces: Iterable[bytes], boundary: bytes = b"b") -> list[Part]:
    form = FormBody(boundary, 10**9, open_part)
    for piece in pieces:
        form.write(memoryview(piece))
    raw, parts = form.finish()
    assert raw == b""
    return list(parts)


def octets(data: bytes) -> list[bytes]:
    return [data[at : at + 1] for at in range(len(data))]


def outcome(pieces: Iterable[bytes]) -> list[Part] | tuple[int, str]:
    """The parts, or the error."""
    try:
        return read(pieces)
    except Refused as error:
        return error.status, error.text


class Forms(SynchronousTestCase):
    def test_cut_anywhere(self) -> None:
        for name, (data, parts) in GOOD.items():
            for at in range(len(data) + 1):
                pieces = [piece for piece in (data[:at], data[at:]) if piece]
                self.assertEqual(parts, read(pieces), (name, at))
            self.assertEqual(parts, read(octets(data)), name)

    def test_any_octets(self) -> None:
        """Whatever is no boundary comes back as it is."""
        random = Random(4)
        scraps = (b"\r\n", b"\r", b"\n", b"--", b"--b", b"-", b"b", b"\0", b"\xff", b"\r\n-")
        for _ in range(1000):
            datas = [
                b"".join(random.choice(scraps) for _ in range(random.randint(0, 12)))
                for _ in range(random.randint(1, 3))
            ]
            if any(b"\r\n--b" in b"\r\n" + data for data in datas):
                continue
            form = b"".join(START + b"\r\n" + data + b"\r\n" for data in datas) + b"--b--"
            expected = [Part("a", b"", data) for data in datas]
            cut = random.randint(1, len(form) - 1)
            self.assertEqual(expected, read([form[:cut], form[cut:]]), form)
            self.assertEqual(expected, read(octets(form)), form)

    def test_names(self) -> None:
        for told, name in (
            (b'"a b"', "a b"),
            (b'"a\\"\\\\;b"', 'a"\\;b'),
            (b'""', ""),
            (b'"\xc3\xa9\xff"', "\xe9\ufffd"),
            (b"a.b-c", "a.b-c"),
            (b'"a" ; filename="; name=b"', "a"),
            (b"a;", "a"),
        ):
            head = b"Content-Disposition: form-data; name=" + told
            self.assertEqual([Part(name, b"", b"x")], read([with_head(head)]), told)

    def test_large_parts(self) -> None:
        """Boundaries wherever the steps end that a large piece is taken in."""
        for size in range(STEP - 70, STEP - 40):
            form = FormBody(b"b", 10**9, lambda part: PlainBody(2 * STEP))
            data = START + b"\r\n" + b"\r" * size + b"\r\n--b--\r\n"
            form.write(memoryview(data))
            self.assertEqual([Part("a", b"", b"\r" * size)], list(form.finish().parts), size)

    def test_size_of_a_part(self) -> None:
        data = START + b"\r\n" + b"x" * LIMIT + b"\r\n--b--"
        self.assertEqual([LIMIT], [len(part.data) for part in read([data])])
        data = START + b"\r\n" + b"x" * (LIMIT + 1)
        expected = (413, f"Request entity too large: {LIMIT + 1}")
        self.assertEqual(expected, outcome([data + b"\r\n--b--"]))
        self.assertEqual(expected, outcome(octets(data + b"xxxx")))

    def test_most_around(self) -> None:
        before = b"x" * (MAX_AROUND - 4)
        data = before + b"\r\n" + with_head(DISPOSITION[:-2]) + b"x" * MAX_AROUND
        self.assertEqual([Part("a", b"", b"x")], read([data]))
        self.assertEqual([Part("a", b"", b"x")], read(octets(data)))

    def test_most_padding(self) -> None:
        padding = b" " * MAX_PADDING + b"\r\n"
        data = b"--b" + padding + DISPOSITION + b"\r\nx\r\n--b--" + padding[2:]
        for pieces in ([data], octets(data)):
            self.assertEqual([Part("a", b"", b"x")], read(pieces))

    def test_largest_head(self) -> None:
        room = MAX_PART_HEAD - len(DISPOSITION) - len(b"\r\nA: ")
        data = with_head(DISPOSITION + b"A: " + b"b" * room)
        self.assertEqual([Part("a", b"", b"x")], read([data]))
        self.assertEqual([Part("a", b"", b"x")], read(octets(data)))
        data = with_head(DISPOSITION + b"A: " + b"b" * (room + 1))
        expected = (400, "cannot parse multipart/form-data body: part headers too large")
        self.assertEqual(expected, outcome([data]))
        self.assertEqual(expected, outcome(octets(data)))

    def test_refused_parts(self) -> None:
        def refuse(part: PartHead) -> Body:
            raise Refused(415, part.name)

        form = FormBody(b"b", 10**9, refuse)
        error = self.assertRaises(Refused, form.write, memoryview(START + END))
        self.assertEqual((415, "a"), (error.status, error.text))

    def test_bad_zstd(self) -> None:
        data = START + b"Content-Encoding: zstd\r\n\r\n" + zstd.compress(b"text")[:-1]
        self.assertEqual(
            (400, "Decompression error: unexpected end"), outcome([data + b"\r\n--b--"])
        )


class BadForms(SynchronousTestCase):
    def test_refused(self) -> None:
        for name, (data, text) in BAD.items():
            expected = (400, f"cannot parse multipart/form-data body: {text}")
            for pieces in ([data], octets(data), [data[:40], data[40:]]):
                self.assertEqual(expected, outcome(pieces), name)

    def test_cut_short(self) -> None:
        for name, (data, _) in GOOD.items():
            if name == "around":
                continue
            end = data.rindex(b"--b--") + 5
            for size in range(1, end):
                status, _ = outcome([data[:size]])
                self.assertEqual(400, status, (name, size))

    def test_fuzz(self) -> None:
        """Mutated forms: an error or parts within the bounds, the same however they are cut."""
        random = Random(3)
        inputs = [data for data, _ in GOOD.values()] + [data for data, _ in BAD.values()]
        inputs = [data for data in inputs if len(data) < 500]
        scraps = (b"\r\n", b"\n", b"\r", b"--b", b"--", b"--b--", b"\r\n\r\n", b";", b'"', b"\\")
        for _ in range(2000):
            data = bytearray(random.choice(inputs))
            for _ in range(random.randint(1, 4)):
                at = random.randint(0, len(data))
                data[at : at + random.randint(0, 4)] = random.choice(scraps)
            cuts = sorted(random.randint(0, len(data)) for _ in range(4))
            pieces = [
                bytes(data[low:high])
                for low, high in zip([0, *cuts], [*cuts, len(data)], strict=True)
                if low < high
            ]
            whole, cut = outcome([bytes(data)] if data else []), outcome(pieces)
            self.assertEqual(whole, cut, data)
            self.assertEqual(whole, outcome(octets(bytes(data))), data)


class Boundaries(SynchronousTestCase):
    def test_read(self) -> None:
        for told, boundary in (
            (b"multipart/form-data; boundary=abc", b"abc"),
            (b"Multipart/Form-Data;BOUNDARY=aBc", b"aBc"),
            (b'multipart/form-data; charset=x; boundary="a b"', b"a b"),
            (b"multipart/form-data; boundary=----=_Part_1:2?", b"----=_Part_1:2?"),
            (b'multipart/form-data; boundary="a\\b"', b"ab"),
            (b"multipart/form-data ; boundary=" + b"x" * 70 + b" ", b"x" * 70),
            (b"multipart/form-data; boundary=" + b"x" * 71, None),
            (b'multipart/form-data; boundary="a "', None),
            (b'multipart/form-data; boundary=""', None),
            (b"multipart/form-data; boundary=", None),
            (b"multipart/form-data; boundary=a; boundary=b", None),
            (b"multipart/form-data; boundary=a b", None),
            (b"multipart/form-data; boundary=\xff", None),
            (b"multipart/form-data; boundary=a@b", None),
            (b"multipart/form-data", None),
            (b"multipart/mixed; boundary=a", None),
            (b"boundary=a", None),
            (b"", None),
            (b'multipart/form-data; boundary="' + b"\\" * 70000, None),
        ):
            self.assertEqual(boundary, boundary_of(told), told[:80])
