"""Edits as replies tell them: the styles, folds, and what is left out."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.report.reply_edits import (
    MAX_SPELLINGS,
    NO_EDITS,
    Style,
    ToldEdits,
    newline_of,
    tell_edits,
)
from mailfilter.scan.verdict import (
    AddHeader,
    AddRecipient,
    ChangeHeader,
    ChangeSender,
    Edit,
    RemoveHeader,
    RemoveRecipient,
    ReplaceBody,
)

# edits, the milter object
EDITS: list[tuple[list[Edit], dict[str, Any]]] = [
    ([], {}),
    ([AddHeader("A", "b")], {"add_headers": {"A": {"value": "b", "order": -1}}}),
    (
        [AddHeader("A", "b", 0), AddHeader("C", "d"), AddHeader("a", "e", 1)],
        {
            "add_headers": {
                "A": [{"value": "b", "order": 0}, {"value": "e", "order": 1}],
                "C": {"value": "d", "order": -1},
            }
        },
    ),
    ([RemoveHeader("A", 127)], {"remove_headers": {"A": 127}}),
    ([RemoveHeader("A", -127)], {"remove_headers": {"A": -127}}),
    ([AddHeader("A", "b", 2**40)], {"add_headers": {"A": {"value": "b", "order": 2**31 - 1}}}),
    (
        [RemoveHeader("A", 2), RemoveHeader("a", 1), RemoveHeader("A", 2)],
        {"remove_headers": {"A": [2, 1]}},
    ),
    ([RemoveHeader("A", 2), RemoveHeader("A")], {"remove_headers": {"A": 0}}),
    (
        [ChangeHeader("A", "b", 2)],
        {"add_headers": {"A": {"value": "b", "order": -1}}, "remove_headers": {"A": 2}},
    ),
    ([ChangeSender("a@b")], {"change_from": "a@b"}),
    ([ChangeSender("")], {"change_from": ""}),
    ([ChangeSender("a@b", ("SIZE=1", "X"))], {"change_from": "a@b SIZE=1 X"}),
    ([ChangeSender("a@b", ("A B",))], {"change_from": "a@b"}),
    ([AddRecipient("a@b"), AddRecipient("c@d")], {"add_rcpt": ["a@b", "c@d"]}),
    ([RemoveRecipient("a@b")], {"del_rcpt": ["a@b"]}),
    ([ReplaceBody(b"x")], {}),
]

# edits that are left out, why
DROPPED: list[tuple[Edit, str]] = [
    (RemoveHeader("A", 128), "remove header A: only the first and last 127 can be told"),
    (RemoveHeader("A", -128), "remove header A: only the first and last 127 can be told"),
    (ChangeHeader("A", "b", 128), "remove header A: only the first and last 127 can be told"),
    (ChangeSender("a@b> SIZE=1"), "change sender: bad address"),
    (AddRecipient("a@b\r\nDATA"), "add recipient: bad address"),
    (RemoveRecipient("a b"), "remove recipient: bad address"),
    (AddHeader("A: b\r\nC", "d"), "add header: bad name"),
]

SEVERAL: list[Edit] = [
    RemoveHeader("X-One", 3),
    RemoveHeader("X-Two", 3),
    RemoveHeader("X-Two", 1),
    AddHeader("X-One", "1", 1),
    AddHeader("X-Two", "2"),
    AddHeader("X-Two", "3"),
]


def tell(
    edits: list[Edit], style: Style = "rspamd", newline: str = "\n", raw: bytes = b""
) -> ToldEdits:
    """What is told of edits."""
    return tell_edits(edits, style, newline, raw)


class EditTests(SynchronousTestCase):
    def test_edits(self) -> None:
        for edits, expected in EDITS:
            self.assertEqual(expected, tell(edits).milter)
        self.assertIs(tell([]), NO_EDITS)

    def test_edits_that_are_left_out(self) -> None:
        for edit, reason in DROPPED:
            told = tell([edit])
            self.assertEqual((told.milter, told.dropped), ({}, (reason,)))

    def test_body(self) -> None:
        told = tell([ReplaceBody(b"a"), ReplaceBody(b"b")])
        self.assertEqual((told.body, told.dropped), (b"b", ()))

    def test_signatures(self) -> None:
        """They are no part of the object; what is removed or changed is."""
        told = tell(
            [
                AddHeader("DKIM-Signature", "v=1;\r\n\tb=x\r\n", 1),
                RemoveHeader("DKIM-Signature", 1),
                AddHeader("dkim-signature", "v=2", 1),
            ]
        )
        self.assertEqual(told.signatures, ("v=1;\n\tb=x", "v=2"))
        self.assertEqual(told.milter, {"remove_headers": {"DKIM-Signature": 1}})

    def test_signatures_as_strings(self) -> None:
        """Older ones of these clients take no array, and then defer the message."""
        told = tell(
            [AddHeader("DKIM-Signature", "v=1"), AddHeader("DKIM-Signature", "v=2")], "strings"
        )
        self.assertEqual(told.signatures, ("v=1",))
        self.assertEqual(told.dropped, ("DKIM-Signature: only one of 2 can be told",))


class FoldTests(SynchronousTestCase):
    def test_values(self) -> None:
        """No line break but a fold, and the blank behind it stays: a signature may cover it."""
        for value, expected in (
            ("b\r\nC: d\0", "b C: d "),
            ("b;\r\n\tc\r\n  d\n", "b;|\tc|  d"),
            ("a\rb\nc", "a b c"),
        ):
            for newline in ("\n", "\r\n"):
                told = tell(
                    [AddHeader("A", value), AddHeader("DKIM-Signature", value)], newline=newline
                )
                values = [told.milter["add_headers"]["A"]["value"], *told.signatures]
                self.assertEqual(values, [expected.replace("|", newline)] * 2)

    def test_line_ends(self) -> None:
        """Those of the message; but a milter, and who splits at LF, would keep a CR."""
        for raw, newline in (
            (b"A: b\r\n\r\nx\n", "\r\n"),
            (b"A: b\n\r\n", "\n"),
            (b"\nx\r\n", "\n"),
            (b"A: b", "\n"),
            (b"", "\n"),
        ):
            self.assertEqual(newline_of(raw, frozenset(), "rspamd"), newline)
            self.assertEqual(newline_of(raw, frozenset({"milter"}), "rspamd"), "\n")
            self.assertEqual(newline_of(raw, frozenset({"x"}), "strings"), "\n")


class StyleTests(SynchronousTestCase):
    def test_rspamd(self) -> None:
        told = tell(SEVERAL)
        self.assertEqual(told.milter["remove_headers"], {"X-One": 3, "X-Two": [3, 1]})
        self.assertEqual(
            told.milter["add_headers"],
            {
                "X-One": {"value": "1", "order": 1},
                "X-Two": [{"value": "2", "order": -1}, {"value": "3", "order": -1}],
            },
        )

    def test_strings(self) -> None:
        told = tell(SEVERAL, "strings")
        self.assertEqual(told.milter["remove_headers"], {"X-One": 3, "X-Two": 0})
        self.assertEqual(told.milter["add_headers"], {"X-One": "1", "X-Two": "2"})
        self.assertEqual(told.dropped, ("add header X-Two: only one of 2 can be told",))

    def test_single(self) -> None:
        told = tell(SEVERAL, "single")
        self.assertEqual(told.milter["remove_headers"], {"X-One": 3, "X-Two": 0})
        self.assertEqual(
            told.milter["add_headers"],
            {"X-One": {"value": "1", "order": 1}, "X-Two": {"value": "2", "order": -1}},
        )
        self.assertEqual(told.dropped, ("add header X-Two: only one of 2 can be told",))

    def test_spellings(self) -> None:
        """A client that tells letters apart would leave a forged field of another spelling."""
        raw = b"x-spam: no\nX-SPAM \t: no\nx-spam: no\nX-Spams: 1\nY: a\n X-spam: fold\n\nX-sPam: b"
        for name in ("X-Spam", "x-spam"):
            for text in (raw, raw.replace(b"\n", b"\r\n")):
                told = tell([RemoveHeader(name)], "strings", raw=text)
                self.assertEqual(
                    told.milter["remove_headers"], {name: 0, "x-spam": 0, "X-SPAM \t": 0}
                )
                self.assertEqual(
                    tell([RemoveHeader(name)], raw=text).milter["remove_headers"], {name: 0}
                )

    def test_spellings_in_the_body(self) -> None:
        """They are no fields, also where there is no header at all."""
        for raw in (b"\nx-spam: no\n\nb", b"\r\nx-spam: no\r\n\r\nb", b"A: b\n\nx-spam: no\n"):
            told = tell([RemoveHeader("X-Spam")], "strings", raw=raw)
            self.assertEqual(told.milter["remove_headers"], {"X-Spam": 0}, raw)

    def test_spellings_are_bounded(self) -> None:
        raw = b"".join(b"X-Spam%b: a\n" % (b" " * number) for number in range(1000))
        told = tell([RemoveHeader("X-Spam")], "strings", raw=raw)
        self.assertEqual(len(told.milter["remove_headers"]), MAX_SPELLINGS + 1)
        self.assertEqual(
            told.dropped, (f"remove header: only {MAX_SPELLINGS} spellings can be told",)
        )
