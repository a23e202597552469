"""Addresses (RFC 5322 3.4 and appendix A, bad-input.md row 29 as far as it is syntax)."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.mail import AnomalyKind, parse
from mailfilter.mail.addresses import Address, AddressCaps, parse_addresses
from mailfilter.mail.anomaly import AnomalyLog

Row = tuple[str, list[tuple[str, str, str, str]], bool]
"""Text; name, address, local part, domain of each mailbox; whether it is flagged."""

TABLE: list[Row] = [
    ("", [], False),
    ("a@b", [("", "a@b", "a", "b")], False),
    (" <a@b> ", [("", "a@b", "a", "b")], False),
    ("A B <a@B.Example.>", [("A B", "a@B.Example.", "a", "b.example")], False),
    ('"A, B" <a@b>, c@d', [("A, B", "a@b", "a", "b"), ("", "c@d", "c", "d")], False),
    (r'"A \"B\"" <a@b>', [('A "B"', "a@b", "a", "b")], False),
    ('"a.b"@c', [("", "a.b@c", "a.b", "c")], False),
    ('"a b"@c', [("", '"a b"@c', "a b", "c")], False),
    (r'<"a\"@x"@c>', [("", r'"a\"@x"@c', 'a"@x', "c")], False),
    ("a@b (Name (inner) x)", [("Name (inner) x", "a@b", "a", "b")], False),
    ("(c) A (d) <(e) a (f) @ (g) b (h)>", [("A", "a@b", "a", "b")], False),
    ("a . b @ c . d", [("", "a.b@c.d", "a.b", "c.d")], False),
    ("a@[192.0.2.1]", [("", "a@[192.0.2.1]", "a", "[192.0.2.1]")], False),
    ("<@x,@y:a@b>", [("", "a@b", "a", "b")], False),
    (
        "Group: a@b, C <c@d>; e@f",
        [("", "a@b", "a", "b"), ("C", "c@d", "c", "d"), ("", "e@f", "e", "f")],
        False,
    ),
    ("undisclosed-recipients:;", [], False),
    ("<>", [], False),
    (",, a@b,,", [("", "a@b", "a", "b")], False),
    ("=?utf-8?q?A=2C_B?= <a@b>", [("A, B", "a@b", "a", "b")], False),
    ("=?utf-8?q?x=40y=3Cz=3E?= <a@b>", [("x@y<z>", "a@b", "a", "b")], False),
    ('"=?utf-8?b?w6k=?=" <a@b>', [("é", "a@b", "a", "b")], False),
    ("ä@ö.example", [("", "ä@ö.example", "ä", "ö.example")], False),
    ("a@b@c", [("", '"a@b"@c', "a@b", "c")], True),
    ("<a@b@c>", [("", '"a@b"@c', "a@b", "c")], True),
    ("a@b <c@d>", [("a@b", "c@d", "c", "d")], False),
    ("<a@b> <c@d>", [("", "a@b", "a", "b"), ("", "c@d", "c", "d")], True),
    ("A B", [("A B", "", "", "")], True),
    ("<a>", [("", "a@", "a", "")], True),
    ("A a@b", [("A", "a@b", "a", "b")], True),
    ("<a@b", [("", "a@b", "a", "b")], True),
    ("a@b (open", [("open", "a@b", "a", "b")], True),
    (r'"open \"x\" <a@b>', [(r'"open \"x\"', "a@b", "a", "b")], False),
    ('"open <a@b>', [('"open', "a@b", "a", "b")], False),
    ("a@example.net(.example.com", [(".example.com", "a@example.net", "a", "example.net")], True),
    ("a@b\x00c", [("", "a@b\x00c", "a", "b\x00c")], True),
    ("@b", [("", '""@b', "", "b")], True),
    ("a@", [("", "a@", "a", "")], True),
]


class Addresses(SynchronousTestCase):
    """The parser of address lists."""

    def test_table(self) -> None:
        """One row for each shape."""
        for text, expected, is_flagged in TABLE:
            with self.subTest(text=text):
                log = AnomalyLog(10)
                found = parse_addresses(text, log, AddressCaps(100, 1000, 100))
                self.assertEqual(found, [Address(*row) for row in expected])
                kinds = {anomaly.kind for anomaly in log.found()}
                self.assertEqual(AnomalyKind.BAD_ADDRESS in kinds, is_flagged)

    def test_lists(self) -> None:
        """Any two mailboxes in a row are what each is alone."""
        sound = [row for row in TABLE if row[1] and not row[2] and '"open' not in row[0]]
        for first, of_first, _ in sound:
            for second, of_second, _ in sound:
                with self.subTest(first=first, second=second):
                    caps = AddressCaps(100, 1000, 100)
                    found = parse_addresses(f"{first}, {second}", AnomalyLog(10), caps)
                    self.assertEqual(found, [Address(*row) for row in of_first + of_second])

    def test_tokens(self) -> None:
        """What is written in no ordinary way is read up to a number of words and signs."""
        for text in ("@" * 50, "(" * 50, '"' + '\\"' * 50, "a@b <c@d> x, " * 50, ". " * 50 + "@"):
            with self.subTest(text=text):
                log = AnomalyLog(10)
                caps = AddressCaps(100, 20, 100)
                parse_addresses(text, log, caps)
                self.assertEqual(caps.tokens, 0)
                self.assertIn(AnomalyKind.TOO_MANY_ADDRESSES, {a.kind for a in log.found()})

    def test_fields(self) -> None:
        """All fields of a name, in any case."""
        message = parse(b"From: a@b\nfrom: c@d\nTo: e@f\nCc: x@y\nReply-To: r@s\nSender: s@t\n\n")
        self.assertEqual([address.local for address in message.from_], ["a", "c"])
        self.assertEqual([address.local for address in message.to], ["e"])
        self.assertEqual([address.local for address in message.cc], ["x"])
        self.assertEqual([address.local for address in message.reply_to], ["r"])
        self.assertEqual([address.local for address in message.sender], ["s"])

    def test_odd_characters(self) -> None:
        """Characters that deceive in a name are noted."""
        message = parse('From: "a\u202egnp" <a@b>\nTo: "a\u200bb" <c@d>\n\n'.encode())
        _ = (message.from_, message.to)
        kinds = {anomaly.kind for anomaly in message.anomalies}
        self.assertLessEqual({AnomalyKind.BIDI_CONTROL, AnomalyKind.INVISIBLE_CHARACTER}, kinds)
