"""Edits made safe, and told alike by both protocols."""

from dataclasses import replace
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec.milter_agreement import WANTED_EDITS, Agreement
from mailfilter.report.edits import MAX_INDEX, clean_edits, without_body
from mailfilter.report.reply_edits import tell_edits
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
from mailfilter.servers.milter_reply import render_verdict
from mailfilter.testing.fake_scanner import NO_ACTION

from ..servers.milter_server import LISTENER

# What is asked for, what is told.
FIELDS: list[tuple[Edit, Edit]] = [
    (AddHeader("A", "b\r\nBcc: c"), AddHeader("A", "b Bcc: c")),
    (AddHeader("A", "b", 2**40), AddHeader("A", "b", MAX_INDEX)),
    (AddHeader("A", "b", -(2**40)), AddHeader("A", "b", -MAX_INDEX)),
    (RemoveHeader("A", 2**40), RemoveHeader("A", MAX_INDEX)),
    (ChangeHeader("A", "é", 2), ChangeHeader("A", "=?utf-8?b?w6k=?=", 2)),
    (ChangeHeader("A", "b", 0), ChangeHeader("A", "b", 1)),
    (ChangeHeader("A", "b", -3), ChangeHeader("A", "b", 1)),
    (ChangeHeader("A", "b", 2**40), ChangeHeader("A", "b", MAX_INDEX)),
    (ChangeHeader("A", "\r\n", 2), RemoveHeader("A", 2)),
]
SAME: list[Edit] = [
    ChangeSender(""),
    ChangeSender("a@b", ("SIZE=1", "AUTH=<>")),
    AddRecipient('"a b"@c'),
    RemoveRecipient('"a b>"@c'),
    AddRecipient("ä@b"),
    ReplaceBody(b"x"),
]
NAMES = ("", "a b", "X\r\nBcc", "X:", "ä", "x" * 256)
ADDRESSES = ("a@b>\r\nx", "a b@c", "a>,<b@c", "<a@b>", "\0", 'a"b@c', '"a\n"@b', "x" * 2000)


FAR = (RemoveHeader("A", 2**40), ChangeHeader("A", "b", 2**40))
"""What a client over HTTP cannot be told, and an MTA can."""


class CleanTests(SynchronousTestCase):
    def test_fields(self) -> None:
        for edit, expected in FIELDS:
            found = clean_edits([edit])
            self.assertEqual((found.edits, found.dropped), ((expected,), ()))

    def test_what_is_safe_is_left_alone(self) -> None:
        found = clean_edits(SAME)
        self.assertEqual((found.edits, found.dropped), (tuple(SAME), ()))

    def dropped(self, edit: Edit) -> str:
        found = clean_edits([AddHeader("A", "b"), edit, AddHeader("C", "d")])
        self.assertEqual(found.edits, (AddHeader("A", "b"), AddHeader("C", "d")), edit)
        (reason,) = found.dropped
        return reason

    def test_a_name_that_is_none_is_left_out(self) -> None:
        for name in NAMES:
            for edit in (AddHeader(name, "v"), ChangeHeader(name, "v"), RemoveHeader(name)):
                self.assertRegex(self.dropped(edit), r"\A(add|change|remove) header: bad name\Z")

    def test_too_many_or_too_long_arguments(self) -> None:
        for args in (("SIZE=" + "1" * 1000,), ("A",) * 1000):
            found = clean_edits([ChangeSender("a@b", args)])
            (edit,) = found.edits
            assert isinstance(edit, ChangeSender)
            self.assertLess(len(" ".join(edit.args)), 1000)

    def test_a_lone_surrogate_is_no_address(self) -> None:
        self.assertIn("bad address", self.dropped(ChangeSender("a\udcff@b")))

    def test_an_address_that_breaks_out_is_left_out(self) -> None:
        for address in ADDRESSES:
            for edit in (ChangeSender(address), AddRecipient(address), RemoveRecipient(address)):
                self.assertIn("bad address", self.dropped(edit))
        for edit in (AddRecipient(""), RemoveRecipient("")):
            self.assertIn("recipient: bad address", self.dropped(edit))

    def test_a_bad_argument_does_not_lose_the_sender(self) -> None:
        found = clean_edits([ChangeSender("a@b", ("RET=HDRS", "b d", "\n", "", "ENVID=x"))])
        self.assertEqual(found.edits, (ChangeSender("a@b", ("RET=HDRS", "ENVID=x")),))
        self.assertEqual(found.dropped, ("change sender: bad argument",))


class SameTests(SynchronousTestCase):
    def test_both_protocols_tell_and_leave_out_the_same(self) -> None:
        agreement = Agreement(6, WANTED_EDITS, 0)
        edits: list[Edit] = [edit for edit, _ in FIELDS if edit not in FAR] + SAME[:-1]
        edits += [AddHeader(name, "v") for name in NAMES]
        edits += [kind(address) for address in ADDRESSES for kind in (ChangeSender, AddRecipient)]
        edits += [ChangeSender("a@b", ("A B",)), RemoveRecipient("")]
        for edit in edits:
            told: Any = replace(NO_ACTION, edits=(edit,))
            by_milter = render_verdict(told, LISTENER, agreement, b"A: 1\r\nA: 2\r\n", 2)
            by_http = tell_edits((edit,), "rspamd", "\n", b"")
            self.assertEqual(by_milter.dropped, by_http.dropped, edit)
            is_told = len(by_milter.frames) > 5
            self.assertEqual(is_told, bool(by_http.milter), edit)


class BodyTests(SynchronousTestCase):
    def test_who_takes_none(self) -> None:
        """Signatures are of a body."""
        others = (AddHeader("A", "b"), RemoveHeader("DKIM-Signature"))
        signed = (AddHeader("dkim-signature", "x"), *others, AddHeader("ARC-Seal", "y"))
        self.assertEqual(without_body(signed), signed)
        self.assertEqual(without_body((*signed, ReplaceBody(b"new"))), others)
