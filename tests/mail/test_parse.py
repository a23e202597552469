"""The MIME tree, and messages with two readings (bad-input.md, row 4)."""

from binascii import b2a_base64

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.mail import AnomalyKind, Limits, Message, Part, parse

Kinds = AnomalyKind


def tree(part: Part) -> object:
    """Type, and children if there are any."""
    return (part.type, [tree(child) for child in part.children]) if part.children else part.type


def kinds(message: Message) -> set[AnomalyKind]:
    """The kinds of the anomalies."""
    return {anomaly.kind for anomaly in message.anomalies}


def multipart(field: bytes, body: bytes, kind: bytes = b"mixed") -> bytes:
    """A multipart with a Content-Type of these parameters."""
    return b"Content-Type: multipart/" + kind + b"; " + field + b"\n\n" + body


class Trees(SynchronousTestCase):
    """Ordinary structure."""

    def test_line_ends(self) -> None:
        """The line end before a boundary is the boundary's, whatever it is."""
        for newline in (b"\n", b"\r\n"):
            body = b"pre\n--b\n\nx\ny\n\n--b\nA: 1\n\n--b\nB: 2\n--b--\nepilogue\n"
            message = parse(multipart(b"boundary=b", body).replace(b"\n", newline))
            bodies = [part.raw_body.replace(newline, b"\n") for part in message.leaves]
            self.assertEqual(bodies, [b"x\ny\n", b"", b""])
            self.assertEqual(message.anomalies, ())

    def test_defaults(self) -> None:
        """Without a type it is text, within a digest a message; without a slash it is text."""
        message = parse(multipart(b"boundary=b", b"--b\n\nA: 1\n\nx\n--b--\n", b"digest"))
        self.assertEqual(
            tree(message.root), ("multipart/digest", [("message/rfc822", ["text/plain"])])
        )
        message = parse(b"Content-Type: html\n\nx\n")
        self.assertEqual(message.root.type, "text/plain")
        self.assertEqual(kinds(message), {Kinds.BAD_CONTENT_TYPE})

    def test_nested(self) -> None:
        """Multiparts and messages within each other, depth first."""
        inner = multipart(b"boundary=i", b"--i\n\n1\n--i\nContent-Type: text/html\n\n2\n--i--\n")
        raw = multipart(
            b"boundary=o",
            b"--o\n" + inner + b"--o\nContent-Type: message/rfc822\n\nSubject: s\n\n3\n--o--\n",
        )
        message = parse(raw)
        self.assertEqual(
            [(part.depth, part.type) for part in message.parts],
            [
                (0, "multipart/mixed"),
                (1, "multipart/mixed"),
                (2, "text/plain"),
                (2, "text/html"),
                (1, "message/rfc822"),
                (2, "text/plain"),
            ],
        )
        self.assertEqual([part.text for part in message.text_parts], ["1", "2", "3"])
        subject = message.parts[5].headers.get("subject")
        assert subject is not None
        self.assertEqual(subject.text, "s")

    def test_boundary_lines(self) -> None:
        """What is a boundary line and what only looks like it."""
        body = b" --b\n--bb\n--b x\nx --b\n--b \t\n\n1\n--b-\n--b--x\n--b-- \n--b\n\n2\n"
        message = parse(multipart(b"boundary=b", body))
        self.assertEqual([part.raw_body for part in message.leaves], [b"1\n--b-\n--b--x"])

    def test_attachments(self) -> None:
        """What counts as an attachment."""
        table: list[tuple[bytes, bool]] = [
            (b"Content-Type: text/plain", False),
            (b"Content-Type: text/plain; name=a", False),
            (b"Content-Type: text/plain\nContent-Disposition: attachment", True),
            (b"Content-Type: text/plain\nContent-Disposition: odd", True),
            (b"Content-Type: application/pdf", True),
            (b"Content-Type: application/pdf\nContent-Disposition: inline", False),
            (b"Content-Type: application/pdf\nContent-ID: <1>", False),
            (b"Content-Type: image/png", False),
        ]
        for head, is_attachment in table:
            with self.subTest(head=head):
                part = parse(head + b"\n\nx\n").root
                self.assertEqual(part.is_attachment, is_attachment)
                is_text = part.type == "text/plain" and not is_attachment
                self.assertEqual(bool(parse(head + b"\n\nx\n").text_parts), is_text)


class Boundaries(SynchronousTestCase):
    """Broken and contradicting boundaries: the first counts, the other reading is there."""

    ONE = b"--1\nContent-Type: application/x-1\n\nx\n--1--\n"
    TWO = b"--2\nContent-Type: application/x-2\n\nx\n--2--\n"

    def check(self, raw: bytes, first: list[str], other: list[str], *expected: Kinds) -> None:
        """Compare the types of the leaves of both readings, and the anomalies."""
        message = parse(raw)
        self.assertEqual([part.type for part in message.leaves], first)
        self.assertEqual([part.type for part in message.alternatives], other)
        self.assertEqual(kinds(message) & set(expected), set(expected))

    def test_two_types(self) -> None:
        """Two Content-Type fields."""
        raw = (
            b"Content-Type: multipart/mixed; boundary=1\n"
            b"Content-Type: multipart/mixed; boundary=2\n\n" + self.ONE + self.TWO
        )
        self.check(raw, ["application/x-1"], ["application/x-2"], Kinds.DUPLICATE_CONTENT_TYPE)

    def test_three_types(self) -> None:
        """Text, and two hidden multiparts."""
        raw = (
            b"Content-Type: text/plain\nContent-Type: multipart/mixed; boundary=1\n"
            b"Content-Type: multipart/mixed; boundary=2\n\n" + self.ONE + self.TWO
        )
        self.check(raw, ["text/plain"], ["application/x-1", "application/x-2"])

    def test_same_type_twice(self) -> None:
        """Twice the same is odd and has one reading."""
        raw = b"Content-Type: text/plain\nContent-Type: text/plain\n\nx\n"
        self.check(raw, ["text/plain"], [], Kinds.DUPLICATE_CONTENT_TYPE)

    def test_two_encodings(self) -> None:
        """Two transfer encodings."""
        head = b"Content-Transfer-Encoding: 7bit\nContent-Transfer-Encoding: base64\n\n"
        message = parse(head + b"eHh4\n")
        self.assertEqual(message.root.decoded, b"eHh4\n")
        self.assertEqual([part.decoded for part in message.alternatives], [b"xxx"])
        self.assertIn(Kinds.DUPLICATE_ENCODING, kinds(message))

    def test_two_boundaries(self) -> None:
        """Two parameters, plain or in the form of RFC 2231."""
        for field in (
            b"boundary=1; boundary=2",
            b"boundary=1; boundary*=us-ascii''2",
            b"boundary*0=2; boundary=1",
            b"boundary*0*=us-ascii''%32; boundary=\"1\"",
        ):
            with self.subTest(field=field):
                self.check(
                    multipart(field, self.ONE + self.TWO),
                    ["application/x-1"],
                    ["application/x-2"],
                    Kinds.AMBIGUOUS_BOUNDARY,
                    Kinds.DUPLICATE_PARAMETER,
                )

    def test_continued(self) -> None:
        """A boundary in pieces, as the only one."""
        raw = multipart(b"boundary*0=x; boundary*1=y", self.ONE.replace(b"--1", b"--xy"))
        self.check(raw, ["application/x-1"], [])

    def test_odd_boundaries(self) -> None:
        """Empty, long, with spaces, quoted and not."""
        table: list[tuple[bytes, bytes, tuple[Kinds, ...]]] = [
            (b'boundary=""', b"", (Kinds.BAD_BOUNDARY,)),
            (b"boundary=" + b"x" * 71, b"x" * 71, (Kinds.BAD_BOUNDARY,)),
            (b"boundary=" + b"x" * 70, b"x" * 70, ()),
            (b'boundary="a b"', b"a b", (Kinds.BAD_BOUNDARY,)),
            (b"boundary=a b", b"a b", (Kinds.BAD_BOUNDARY, Kinds.AMBIGUOUS_BOUNDARY)),
            (b"boundary=a b", b"a", (Kinds.BAD_BOUNDARY, Kinds.AMBIGUOUS_BOUNDARY)),
            (b'boundary="a "', b"a", ()),
            (b'boundary="a', b"a", ()),
            (b"boundary=\r\n\ta", b"a", ()),
            (b"Boundary = a", b"a", ()),
            (b"boundary=a (comment)", b"a", ()),
        ]
        for field, boundary, expected in table:
            with self.subTest(field=field):
                body = self.ONE.replace(b"--1", b"--" + boundary)
                self.check(multipart(field, body), ["application/x-1"], [], *expected)

    def test_missing(self) -> None:
        """Without a boundary, or without its lines, the body is text."""
        for field, kind in (
            (b"x=y", Kinds.MISSING_BOUNDARY),
            (b"boundary=b", Kinds.BOUNDARY_NOT_FOUND),
        ):
            with self.subTest(field=field):
                message = parse(multipart(field, b"hello\n"))
                self.assertEqual([part.text for part in message.text_parts], ["hello\n"])
                self.assertEqual(kinds(message), {kind})

    def test_missing_semicolon(self) -> None:
        """Parameters right behind the type."""
        raw = b"Content-Type: multipart/mixed boundary=1\n\n" + self.ONE
        self.check(raw, ["application/x-1"], [])

    def test_unclosed(self) -> None:
        """A multipart without an end goes on to the end."""
        raw = multipart(b"boundary=b", b"--b\n\nx\n--b\n\ny\n")
        self.assertEqual([part.raw_body for part in parse(raw).leaves], [b"x", b"y\n"])
        self.assertEqual(kinds(parse(raw)), {Kinds.UNCLOSED_MULTIPART})

    def test_behind_the_end(self) -> None:
        """Parts behind the closing line."""
        raw = multipart(b"boundary=1", self.ONE + self.ONE.replace(b"x-1", b"x-2"))
        self.check(raw, ["application/x-1"], ["application/x-2"], Kinds.PARTS_AFTER_CLOSE)

    def test_boundary_of_the_container(self) -> None:
        """The container's boundary within a child ends the child, for most programs."""
        inner = multipart(b"boundary=i", b"--i\n\nx\n--o\n\n--i\nContent-Type: a/b\n\ny\n--i--\n")
        raw = multipart(b"boundary=o", b"--o\n" + inner + b"--o--\n")
        self.check(
            raw,
            ["text/plain", "text/plain"],
            ["text/plain", "a/b"],
            Kinds.UNCLOSED_MULTIPART,
            Kinds.PARENT_BOUNDARY_IN_CHILD,
        )

    def test_same_boundary(self) -> None:
        """A child with the boundary of its container has no parts."""
        inner = multipart(b"boundary=1", self.ONE)
        self.check(
            multipart(b"boundary=1", b"--1\n" + inner),
            ["multipart/mixed", "application/x-1"],
            [],
            Kinds.BOUNDARY_NOT_FOUND,
        )

    def test_encoded_containers(self) -> None:
        """A message or multipart in base64: opaque, and its inside as another reading."""
        table = [
            (b"message/rfc822", b"Q29udGVudC1UeXBlOiBhL2IKCnhcCg==\n", ["message/rfc822"], ["a/b"]),
            (
                b"multipart/mixed; boundary=b",
                b"LS1iCkNvbnRlbnQtVHlwZTogYS9iCgp4Ci0tYi0tCg==\n",
                ["multipart/mixed"],
                ["a/b"],
            ),
        ]
        for kind, body, first, other in table:
            with self.subTest(kind=kind):
                raw = b"Content-Type: " + kind + b"\nContent-Transfer-Encoding: base64\n\n" + body
                self.check(raw, first, other, Kinds.ENCODED_CONTAINER)

    def test_readings_of_readings(self) -> None:
        """Doubts within another reading are followed, a bounded number of times."""
        raw = b"Content-Type: text/plain\nContent-Type: message/rfc822\n\n" * 40 + b"x\n"
        self.assertEqual(len(parse(raw).alternatives), Limits().second_readings)

    def test_readings_of_decoded(self) -> None:
        """A doubt within a decoded container is about the container's octets."""
        inner = b"Content-Type: text/plain\nContent-Type: text/html\n\nhello\n"
        head = b"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n"
        message = parse(head + b2a_base64(inner))
        self.assertEqual([part.type for part in message.alternatives], ["text/plain", "text/html"])
        self.assertEqual([part.decoded for part in message.alternatives], [b"hello\n"] * 2)
