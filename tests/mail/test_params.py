"""Parameters of Content-* fields (RFC 2045 5.1, RFC 2231), file names."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.mail import AnomalyKind, parse

PIECES = "; a*0*=utf-8''%c3; a*1*=%a9; a*2=\"%41\""


class Parameters(SynchronousTestCase):
    """What the parameters of a type are."""

    def test_table(self) -> None:
        """One row for each form."""
        table: list[tuple[str, dict[str, str]]] = [
            ("text/plain", {}),
            ("text/plain; charset=utf-8", {"charset": "utf-8"}),
            ('text/plain;CharSet="UTF-8"', {"charset": "UTF-8"}),
            (
                "text/plain; charset = utf-8 ; format=flowed;",
                {"charset": "utf-8", "format": "flowed"},
            ),
            (r'text/plain; a="b\"c\\d;e"; f=g', {"a": 'b"c\\d;e', "f": "g"}),
            ('text/plain; a="open; b=c', {"a": "open; b=c"}),
            ("text/plain;\n\ta=b;\n c=d", {"a": "b", "c": "d"}),
            ("text/plain; a=my file.txt", {"a": "my file.txt"}),
            ("text/plain (x;y=z); a=b (c)", {"a": "b"}),
            ('text/plain; a="(b)"', {"a": "(b)"}),
            ("text/plain; a=b; a=c", {"a": "b"}),
            ("text/plain; a*=utf-8'en'%e2%82%ac%20b", {"a": "€ b"}),
            ("text/plain" + PIECES, {"a": "é%41"}),
            ("text/plain; a*1=c; a*0=b", {"a": "bc"}),
            ("text/plain; a*0=b; a*2=d", {"a": "b"}),
            ("text/plain; a*0=b; a*0=c", {"a": "b"}),
            ("text/plain; a*=%zz''%", {"a": "%"}),
            ("text/plain; a*=rot13''no", {"a": "no"}),
            ("text/plain; a*" + "9" * 5000 + "=b", {"a*" + "9" * 5000: "b"}),
            ("text/plain; a=b; a*=us-ascii''c", {"a": "b"}),
            ("text/plain; name=b; name*=us-ascii''c", {"name": "c"}),
            ("text/plain; a==?utf-8?q?=C3=A9?=", {"a": "é"}),
            ("text/plain; a=é", {"a": "é"}),
            ("text/plain; =b; ;; a", {}),
        ]
        for value, expected in table:
            with self.subTest(value=value[:60]):
                part = parse(f"Content-Type: {value}\n\n".encode()).root
                self.assertEqual(part.type, "text/plain")
                self.assertEqual(dict(part.params), expected)

    def test_types(self) -> None:
        """The type itself, however it is dressed."""
        table = [
            ("Text/HTML", "text/html"),
            ('"text/html"; a=b', "text/html"),
            ("text/html charset=x", "text/html"),
            ("text/html/x", "text/html"),
            ("text", "text/plain"),
            ("", "text/plain"),
            ("; a=b", "text/plain"),
            ("/html", "text/plain"),
        ]
        for value, expected in table:
            with self.subTest(value=value):
                part = parse(f"Content-Type: {value}\n\n".encode()).root
                self.assertEqual(part.type, expected)


class Names(SynchronousTestCase):
    """File names."""

    def check(self, head: str, names: tuple[str, ...], *kinds: AnomalyKind) -> None:
        """Compare all names and the anomalies among the given ones."""
        message = parse(head.encode() + b"\n\nx\n")
        self.assertEqual(message.root.filenames, names)
        self.assertEqual(message.root.filename, names[0] if names else None)
        found = {anomaly.kind for anomaly in message.anomalies}
        self.assertLessEqual(set(kinds), found)

    def test_table(self) -> None:
        """Where a name may be, and names that deceive."""
        kind = AnomalyKind
        attached = "Content-Disposition: attachment; "
        self.check("A: b", ())
        self.check(attached + "filename=a.txt", ("a.txt",))
        self.check("Content-Type: a/b; name=a.txt", ("a.txt",))
        self.check("Content-Type: a/b; name=a\n" + attached + "filename=a", ("a",))
        self.check(
            "Content-Type: a/b; name=a\n" + attached + "filename=b",
            ("b", "a"),
            kind.AMBIGUOUS_FILENAME,
        )
        self.check(
            attached + "filename=a; filename=b",
            ("a", "b"),
            kind.AMBIGUOUS_FILENAME,
            kind.DUPLICATE_PARAMETER,
        )
        self.check(attached + "filename=a; filename*=utf-8''b", ("b", "a"))
        self.check(attached + 'filename="=?utf-8?q?=C3=A9?="', ("é",))
        self.check(
            attached + "filename*=utf-8''a%E2%80%AEgnp.exe", ("a\u202egnp.exe",), kind.BIDI_CONTROL
        )
        self.check(attached + 'filename="a\u200bb"', ("a\u200bb",), kind.INVISIBLE_CHARACTER)
        self.check(attached + "filename*0*=utf-8''a; filename*2*=b", ("a",), kind.BAD_PARAMETER)
        self.check(attached + "filename*=utf-7''+2AE-", ("?",))
        self.check(attached + 'filename="a\x00b"', ("a\x00b",))

    def test_disposition(self) -> None:
        """The disposition's type, if it has one."""
        for value, expected in (("ATTACHMENT; a=b", "attachment"), ("", None), ("; a=b", None)):
            with self.subTest(value=value):
                part = parse(f"Content-Disposition: {value}\n\n".encode()).root
                self.assertEqual(part.disposition, expected)
        self.assertIsNone(parse(b"").root.disposition)
