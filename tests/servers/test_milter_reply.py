"""Verdicts as milter frames, octet by octet."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec.milter import Edits, Steps
from mailfilter.codec.milter_agreement import WANTED_EDITS, Agreement
from mailfilter.config.model import FailPolicy
from mailfilter.scan.verdict import (
    Action,
    AddHeader,
    AddRecipient,
    ChangeHeader,
    ChangeSender,
    Edit,
    RemoveHeader,
    RemoveRecipient,
    ReplaceBody,
    Verdict,
)
from mailfilter.servers.milter_reply import (
    Rendered,
    render_failure,
    render_unscanned,
    render_verdict,
)
from mailfilter.testing.fake_scanner import NO_ACTION

from ..codec.milter_mta import frame, frames
from .milter_server import LISTENER

PLAIN = Agreement(6, WANTED_EDITS, 0)
EXACT = Agreement(6, WANTED_EDITS, Steps.LEADING_SPACE)
HEAD = b"X-Dup: a\r\nFrom: b\r\nx-dup: c\r\nX-SPAM: No\r\nX-Dup: d\r\nX-Spam: forged\r\n"
ACCEPT = frame("a")
END = b"\0\x01\x86\xa0"
"""An index beyond any header."""


def verdict(
    action: Action = Action.NO_ACTION,
    *edits: Edit,
    message: str | None = None,
    subject: str | None = None,
) -> Verdict:
    """A verdict."""
    return replace(NO_ACTION, action=action, edits=edits, smtp_message=message, subject=subject)


def rendered(told: Verdict, agreement: Agreement = PLAIN) -> bytes:
    """The frames for a message with `HEAD`."""
    return render_verdict(told, LISTENER, agreement, HEAD, 6).frames


class ActionTests(SynchronousTestCase):
    def test_every_action(self) -> None:
        for action, expected in {
            Action.NO_ACTION: ACCEPT,
            Action.GREYLIST: ACCEPT,
            Action.ADD_HEADER: (
                frame("m", b"\0\0\0\x02X-Spam\0\0")
                + frame("m", b"\0\0\0\x01X-Spam\0\0")
                + frame("i", END + b"X-Spam\0Yes\0")
                + ACCEPT
            ),
            Action.REWRITE_SUBJECT: ACCEPT,
            Action.QUARANTINE: frame("q", b"Spam message quarantined\0") + ACCEPT,
            Action.SOFT_REJECT: frame("y", b"451 4.7.1 Try again later\0"),
            Action.REJECT: frame("y", b"554 5.7.1 Spam message rejected\0"),
            Action.DISCARD: frame("d"),
        }.items():
            found = render_verdict(verdict(action), LISTENER, PLAIN, HEAD, 6)
            self.assertEqual((found.frames, found.dropped), (expected, ()), action)

    def test_mark_with_leading_space(self) -> None:
        found = render_verdict(verdict(Action.ADD_HEADER), LISTENER, EXACT, b"From: a\r\n", 1)
        self.assertEqual(found.frames, frame("h", b"X-Spam\0 Yes\0") + ACCEPT)

    def test_subject(self) -> None:
        for subject, value in {
            "*** SPAM *** hello": b"*** SPAM *** hello",
            "*** SPAM *** Prüfung": b"*** SPAM *** =?utf-8?q?Pr=C3=BCfung?=",
            "a\r\nBcc: b": b"a  Bcc: b",
        }.items():
            told = verdict(Action.REWRITE_SUBJECT, subject=subject)
            for agreement, blank in ((PLAIN, b""), (EXACT, b" ")):
                expected = frame("h", b"Subject\0" + blank + value + b"\0")
                self.assertEqual(rendered(told, agreement), expected + ACCEPT)
                expected = frame("m", b"\0\0\0\x01Subject\0" + blank + value + b"\0")
                found = render_verdict(told, LISTENER, agreement, b"SUBJECT: old\r\n", 1)
                self.assertEqual(found.frames, expected + ACCEPT)

    def test_a_long_subject_is_folded_by_lf(self) -> None:
        told = verdict(Action.REWRITE_SUBJECT, subject="ü" * 100)
        ((_, payload), _) = frames(rendered(told, EXACT))
        self.assertIn(b"?=\n =?utf-8?", payload)
        self.assertNotIn(b"\r", payload)

    def test_quarantine_reason(self) -> None:
        told = verdict(Action.QUARANTINE, message="one\r\ntwo ä 100%")
        self.assertEqual(rendered(told), frame("q", b"one two ? 100%\0") + ACCEPT)

    def test_quarantine_reason_has_no_codes(self) -> None:
        """Whatever their class: a reason is no reply."""
        for text, expected in (
            ("550 5.7.1 bad", b"bad\0"),
            ("450 4.7.1 bad\nworse", b"bad worse\0"),
            ("550 5.7.1", b"Spam message quarantined\0"),
        ):
            told = verdict(Action.QUARANTINE, message=text)
            self.assertEqual(rendered(told), frame("q", expected) + ACCEPT)

    def test_quarantine_that_was_not_agreed_marks_instead(self) -> None:
        agreement = Agreement(6, Edits.ADD_HEADER, 0)
        found = render_verdict(verdict(Action.QUARANTINE), LISTENER, agreement, b"", 0)
        self.assertEqual(found.frames, frame("h", b"X-Spam\0Yes\0") + ACCEPT)
        self.assertEqual(found.dropped, ("quarantine: not agreed with the MTA",))


class ReplyTextTests(SynchronousTestCase):
    def test_table(self) -> None:
        for action, message, expected in (
            (Action.REJECT, "Gtube pattern", b"554 5.7.1 Gtube pattern\0"),
            (Action.REJECT, "100% spam", b"554 5.7.1 100%% spam\0"),
            (Action.REJECT, "", b"554 5.7.1 Spam message rejected\0"),
            (Action.REJECT, "\r\n", b"554 5.7.1 Spam message rejected\0"),
            (Action.REJECT, "one\ntwo", b"554-5.7.1 one\r\n554 5.7.1 two\0"),
            (Action.REJECT, "a\r\n250 ok", b"554-5.7.1 a\r\n554 5.7.1 250 ok\0"),
            (Action.REJECT, "Grüße", b"554 5.7.1 Gr??e\0"),
            (Action.REJECT, "550 5.1.2 no", b"550 5.1.2 no\0"),
            (Action.REJECT, "550 5.1.2 no\nnever", b"550-5.1.2 no\r\n550 5.1.2 never\0"),
            (Action.REJECT, "550 5.1.2", b"550 5.1.2 Spam message rejected\0"),
            (Action.REJECT, "450 4.1.2 later", b"554 5.7.1 later\0"),
            (Action.REJECT, "550 4.1.2 mixed", b"554 5.7.1 mixed\0"),
            (Action.REJECT, "250 2.0.0 ok", b"554 5.7.1 250 2.0.0 ok\0"),
            (Action.REJECT, "550 no codes", b"554 5.7.1 550 no codes\0"),
            (Action.SOFT_REJECT, "450 4.1.2 later", b"450 4.1.2 later\0"),
            (Action.SOFT_REJECT, "550 5.1.2 no", b"451 4.7.1 no\0"),
            (Action.SOFT_REJECT, "wait, 5%s", b"451 4.7.1 wait, 5%%s\0"),
        ):
            self.assertEqual(rendered(verdict(action, message=message)), frame("y", expected))

    @settings(derandomize=True, max_examples=200, deadline=None, database=None)
    @given(st.text(max_size=60), st.sampled_from([Action.REJECT, Action.SOFT_REJECT]))
    def test_any_text_keeps_the_class(self, message: str, action: Action) -> None:
        ((code, payload),) = frames(rendered(verdict(action, message=message)))
        self.assertEqual(code, "y")
        digit = b"5" if action is Action.REJECT else b"4"
        for line in payload.removesuffix(b"\0").split(b"\r\n"):
            self.assertRegex(line, rb"\A" + digit + rb"[0-9]{2}[ -]" + digit + rb"\.[ -~]+\Z")


class EditTests(SynchronousTestCase):
    def check(self, edits: list[Edit], *expected: bytes, agreement: Agreement = PLAIN) -> None:
        """The edits become these frames, and all is well."""
        found = render_verdict(verdict(Action.NO_ACTION, *edits), LISTENER, agreement, HEAD, 6)
        self.assertEqual(frames(found.frames), frames(b"".join(expected) + ACCEPT))
        self.assertEqual(found.dropped, ())

    def dropped(self, edit: Edit, agreement: Agreement = PLAIN) -> str:
        """The edit is left out; why."""
        found = render_verdict(verdict(Action.NO_ACTION, edit), LISTENER, agreement, HEAD, 6)
        self.assertEqual(found.frames, ACCEPT, edit)
        (reason,) = found.dropped
        return reason

    def test_add(self) -> None:
        for order, expected in (
            (-1, frame("h", b"X-A\0v\0")),
            (0, frame("i", b"\0\0\0\0X-A\0v\0")),
            (1, frame("i", b"\0\0\0\x01X-A\0v\0")),
            (-2, frame("i", b"\0\0\0\x06X-A\0v\0")),
            (-7, frame("i", b"\0\0\0\x01X-A\0v\0")),
            (-99, frame("i", b"\0\0\0\0X-A\0v\0")),
            (6, frame("i", b"\0\0\0\x06X-A\0v\0")),
            (7, frame("h", b"X-A\0v\0")),
            (2**40, frame("h", b"X-A\0v\0")),
        ):
            self.check([AddHeader("X-A", "v", order)], expected)

    def test_positions_from_the_end_follow_the_edits(self) -> None:
        self.check(
            [AddHeader("X-A", "v"), RemoveHeader("X-Dup"), AddHeader("X-B", "w", -2)],
            *(frame("m", bytes((0, 0, 0, index)) + b"X-Dup\0\0") for index in (3, 2, 1)),
            frame("i", b"\0\0\0\x03X-B\0w\0"),
            frame("h", b"X-A\0v\0"),
        )

    def test_fields_of_one_place_keep_their_order(self) -> None:
        self.check(
            [AddHeader("X-A", "1", 1), AddHeader("X-T", "0", 0), AddHeader("X-B", "2", 1)],
            frame("i", b"\0\0\0\x01X-B\x002\0"),
            frame("i", b"\0\0\0\x01X-A\x001\0"),
            frame("i", b"\0\0\0\0X-T\x000\0"),
        )

    def test_at_the_end_in_their_order_whatever_is_there(self) -> None:
        """Sendmail puts a field before others of its name, unless it is inserted far away."""
        self.check(
            [AddHeader("X-A", "1", 99), AddHeader("X-B", "2"), AddHeader("X-A", "3", 99)],
            frame("i", END + b"X-A\x001\0"),
            frame("h", b"X-B\x002\0"),
            frame("i", END + b"X-A\x003\0"),
        )

    def test_below_received_where_there_is_nothing_more(self) -> None:
        told = verdict(Action.NO_ACTION, AddHeader("X-A", "v", 1))
        found = render_verdict(told, LISTENER, PLAIN, b"", 0)
        self.assertEqual(found.frames, frame("i", b"\0\0\0\x01X-A\0v\0") + ACCEPT)

    def test_a_field_that_is_changed_is_not_removed(self) -> None:
        self.check(
            [RemoveHeader("X-Dup"), ChangeHeader("x-dup", "new", 2)],
            frame("m", b"\0\0\0\x02x-dup\0new\0"),
            *(frame("m", bytes((0, 0, 0, index)) + b"X-Dup\0\0") for index in (3, 1)),
        )

    def test_leading_space(self) -> None:
        self.check(
            [AddHeader("X-A", "v"), AddHeader("X-B", "w", 0), ChangeHeader("From", "x")],
            frame("m", b"\0\0\0\x01From\0 x\0"),
            frame("i", b"\0\0\0\0X-B\0 w\0"),
            frame("h", b"X-A\0 v\0"),
            agreement=EXACT,
        )

    def test_remove(self) -> None:
        for occurrence, indexes in {
            0: (3, 2, 1), 1: (1,), 2: (2,), 3: (3,), 4: (), -1: (3,), -3: (1,), -4: (),
        }.items():  # fmt: skip
            self.check(
                [RemoveHeader("x-DUP", occurrence)],
                *(frame("m", bytes((0, 0, 0, index)) + b"x-DUP\0\0") for index in indexes),
            )

    def test_each_field_is_removed_once(self) -> None:
        told = verdict(
            Action.ADD_HEADER,
            RemoveHeader("X-Dup", 1),
            RemoveHeader("x-spam", -1),
            RemoveHeader("X-Dup", 3),
            RemoveHeader("X-Dup", -3),
        )
        self.assertEqual(
            [(code, payload) for code, payload in frames(rendered(told)) if code == "m"],
            [
                ("m", b"\0\0\0\x03X-Dup\0\0"),
                ("m", b"\0\0\0\x01X-Dup\0\0"),
                ("m", b"\0\0\0\x02x-spam\0\0"),
                ("m", b"\0\0\0\x01x-spam\0\0"),
            ],
        )

    def test_change(self) -> None:
        self.check([ChangeHeader("X-Dup", "new", 9)], frame("i", END + b"X-Dup\0new\0"))
        self.check([ChangeHeader("X-New", "new", 9)], frame("h", b"X-New\0new\0"))
        for occurrence, index in {1: 1, 2: 2, 3: 3, 0: 1, -5: 1}.items():
            self.check(
                [ChangeHeader("X-Dup", "new", occurrence)],
                frame("m", bytes((0, 0, 0, index)) + b"X-Dup\0new\0"),
            )

    def test_envelope(self) -> None:
        self.check([ChangeSender("a@b")], frame("e", b"<a@b>\0"))
        self.check([ChangeSender("")], frame("e", b"<>\0"))
        self.check(
            [ChangeSender("a@b", ("RET=HDRS", "ENVID=x"))],
            frame("e", b"<a@b>\0RET=HDRS ENVID=x\0"),
        )
        self.check([AddRecipient("a@b")], frame("+", b"<a@b>\0"))
        self.check([RemoveRecipient('"a b>"@c')], frame("-", b'<"a b>"@c>\0'))
        self.check([AddRecipient("ä@b")], frame("+", "<ä@b>\0".encode()))

    def test_body(self) -> None:
        self.check([ReplaceBody(b"")], frame("b"))
        self.check([ReplaceBody(b"a\nb\r\nc")], frame("b", b"a\r\nb\r\nc"))
        self.check([ReplaceBody(b"x" * 65536)], frame("b", b"x" * 65535), frame("b", b"x"))
        self.check([ReplaceBody(b"first"), ReplaceBody(b"last")], frame("b", b"last"))

    def test_order(self) -> None:
        told = verdict(
            Action.QUARANTINE,
            ReplaceBody(b"new"),
            AddRecipient("c@d"),
            ChangeSender("a@b"),
            ChangeHeader("From", "x"),
            RemoveRecipient("e@f"),
            AddHeader("X-A", "v"),
            RemoveHeader("X-Dup", 1),
        )
        codes = [code for code, _ in frames(rendered(told))]
        self.assertEqual("".join(codes), "mmhe+-bqa")

    def test_a_refusal_has_no_edits(self) -> None:
        for action in (Action.REJECT, Action.SOFT_REJECT, Action.DISCARD):
            told = verdict(action, AddHeader("X-A", "v"))
            self.assertEqual(len(frames(rendered(told))), 1)

    def test_what_was_not_agreed_is_left_out(self) -> None:
        table: dict[Edit, Edits] = {
            AddHeader("X", "v"): Edits.ADD_HEADER,
            AddHeader("X", "v", 1): Edits.ADD_HEADER,
            RemoveHeader("X-Dup"): Edits.CHANGE_HEADER,
            ChangeHeader("X", "v"): Edits.ADD_HEADER,
            ChangeHeader("From", "v"): Edits.CHANGE_HEADER,
            ChangeSender("a@b"): Edits.CHANGE_SENDER,
            AddRecipient("a@b"): Edits.ADD_RECIPIENT,
            RemoveRecipient("a@b"): Edits.REMOVE_RECIPIENT,
            ReplaceBody(b"x"): Edits.CHANGE_BODY,
        }
        for edit, needed in table.items():
            agreement = Agreement(6, WANTED_EDITS & ~needed, 0)
            self.assertIn("not agreed", self.dropped(edit, agreement))
            found = render_verdict(
                verdict(Action.NO_ACTION, edit), LISTENER, Agreement(6, needed, 0), HEAD
            )
            self.assertNotEqual(found.frames, ACCEPT)

    def test_what_is_not_safe_is_left_out(self) -> None:
        self.assertEqual(self.dropped(RemoveHeader("X-Dup:")), "remove header: bad name")
        self.assertEqual(self.dropped(AddRecipient("a>@b")), "add recipient: bad address")

    @settings(derandomize=True, max_examples=300, deadline=None, database=None)
    @given(st.text(max_size=30), st.text(max_size=30), st.integers(-(2**65), 2**65))
    def test_no_text_breaks_a_frame(self, name: str, value: str, number: int) -> None:
        edits: tuple[Edit, ...] = (
            AddHeader(name, value, number),
            AddHeader("X", value),
            ChangeHeader("X", value, number),
            RemoveHeader(name, number),
            ChangeSender(value, (name,)),
            AddRecipient(value),
            RemoveRecipient(name),
        )
        told = verdict(Action.REWRITE_SUBJECT, *edits, subject=value)
        for code, payload in frames(rendered(told)):
            if code in "him":
                field = payload[4 if code in "im" else 0 :]
                self.assertRegex(field, rb"\A[!-9;-~]+\0(?:[\t -~]|\n[\t ])*\0\Z")
            elif code != "a":
                self.assertRegex(payload, rb"\A<[^\0\r\n]*>\0(?:[!-~]+\0)?\Z")


class UnscannedTests(SynchronousTestCase):
    def unscanned(self, action: Action, text: str = "", agreement: Agreement = PLAIN) -> Rendered:
        """What is sent of a message that was not scanned."""
        edits = RemoveHeader("X-Dup"), AddHeader("X-Spam-Skipped", "size")
        told = verdict(action, *edits, message=text)
        return render_unscanned(told, LISTENER, agreement, HEAD, 6)

    def test_by_action(self) -> None:
        removals = [frame("m", bytes((0, 0, 0, at)) + b"X-Spam\0\0") for at in (2, 1)]
        removals += [frame("m", bytes((0, 0, 0, at)) + b"X-Dup\0\0") for at in (3, 2, 1)]
        accepted = b"".join((*removals, frame("h", b"X-Spam-Skipped\0size\0"), ACCEPT))
        for action, text, expected in (
            (Action.NO_ACTION, "", accepted),
            (Action.SOFT_REJECT, "451 4.3.4 too large", frame("y", b"451 4.3.4 too large\0")),
            (Action.REJECT, "552 5.3.4 too large", frame("y", b"552 5.3.4 too large\0")),
        ):
            found = self.unscanned(action, text)
            self.assertEqual((found.frames, found.dropped), (expected, ()))

    def test_nothing_agreed(self) -> None:
        found = self.unscanned(Action.NO_ACTION, agreement=Agreement(6, 0, 0))
        self.assertEqual((found.frames, len(found.dropped)), (ACCEPT, 3))

    def test_fields_of_the_listener(self) -> None:
        """By which it tells an action, and which others may have written."""
        head = b"X-Junk: Yes\r\nX-Rspamd-Action: no action\r\n"
        listener = replace(LISTENER, spam_header="X-Junk")
        told = verdict(Action.NO_ACTION)
        junk = frame("m", b"\0\0\0\x01X-Junk\0\0")
        found = render_unscanned(told, listener, PLAIN, head, 2)
        self.assertEqual(found.frames, junk + ACCEPT)
        found = render_unscanned(told, replace(listener, no_action=True), PLAIN, head, 2)
        action = frame("m", b"\0\0\0\x01X-Rspamd-Action\0\0")
        self.assertEqual(found.frames, junk + action + ACCEPT)

    def test_by_policy_alone(self) -> None:
        policies: dict[FailPolicy, str] = {"accept": "a", "tempfail": "t", "reject": "r"}
        for policy, code in policies.items():
            self.assertEqual(render_failure(policy), frame(code))
