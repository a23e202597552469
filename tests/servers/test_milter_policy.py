"""What a listener makes of a verdict: its policy, the texts, and MTAs that take replies as is."""

from dataclasses import replace
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec.milter import Edits
from mailfilter.codec.milter_agreement import WANTED_EDITS, Agreement
from mailfilter.scan.verdict import (
    Action,
    AddHeader,
    ChangeHeader,
    ChangeSender,
    Edit,
    RemoveHeader,
    Verdict,
)
from mailfilter.servers.milter_reply import MAX_REASON, render_verdict
from mailfilter.testing.fake_scanner import NO_ACTION, FakeScanner

from ..codec.milter_mta import connect, frame, frames, header, helo, mail, offer, rcpt
from .milter_server import LISTENER, Mta

PLAIN = Agreement(6, WANTED_EDITS, 0)
VERBATIM = replace(PLAIN, is_verbatim=True)
HEAD = b"From: a\r\nX-Rspamd-Action: forged\r\nX-Junk: forged\r\n"
ACCEPT = frame("a")
END = b"\0\x01\x86\xa0"
"""An index beyond any header."""


def verdict(action: Action, *edits: Edit, message: str | None = None, **texts: str) -> Verdict:
    """A verdict; texts of the configuration are by action."""
    told = {Action(name.replace("_", " ")): text for name, text in texts.items()}
    return replace(NO_ACTION, action=action, edits=edits, smtp_message=message, texts=told)


def rendered(told: Verdict, agreement: Agreement = PLAIN, **settings: Any) -> bytes:
    """The frames that a listener of these settings sends."""
    return render_verdict(told, replace(LISTENER, **settings), agreement, HEAD, 3).frames


class PolicyTests(SynchronousTestCase):
    def test_discard_on_reject(self) -> None:
        self.assertEqual(rendered(verdict(Action.REJECT), on_reject="discard"), frame("d"))
        soft = rendered(verdict(Action.SOFT_REJECT), on_reject="discard")
        self.assertEqual(soft, frame("y", b"451 4.7.1 Try again later\0"))

    def test_quarantine_on_reject(self) -> None:
        told = verdict(Action.REJECT, AddHeader("X-A", "v"))
        expected = frame("h", b"X-A\0v\0") + frame("q", b"Spam message quarantined\0") + ACCEPT
        self.assertEqual(rendered(told, on_reject="quarantine"), expected)

    def test_quarantine_on_reject_that_was_not_agreed_rejects(self) -> None:
        """Mail that was to be refused is not let through because the MTA cannot hold it."""
        agreement = Agreement(6, Edits.ADD_HEADER, 0)
        listener = replace(LISTENER, on_reject="quarantine")
        found = render_verdict(verdict(Action.REJECT), listener, agreement)
        self.assertEqual(found.frames, frame("y", b"554 5.7.1 Spam message rejected\0"))
        self.assertEqual(found.dropped, ("quarantine: not agreed with the MTA",))

    def test_no_action(self) -> None:
        for action in Action:
            told = replace(verdict(action, AddHeader("X-A", "v")), subject="new")
            expected = (
                frame("m", b"\0\0\0\x01X-Rspamd-Action\0\0")
                + frame("h", b"X-A\0v\0")
                + frame("i", END + b"X-Rspamd-Action\0" + action.value.encode() + b"\0")
                + ACCEPT
            )
            self.assertEqual(rendered(told, no_action=True, on_reject="discard"), expected)

    def test_spam_header(self) -> None:
        expected = frame("m", b"\0\0\0\x01X-Junk\0\0") + frame("i", END + b"X-Junk\0Yes\0") + ACCEPT
        self.assertEqual(rendered(verdict(Action.ADD_HEADER), spam_header="X-Junk"), expected)


class TextTests(SynchronousTestCase):
    def test_texts_of_the_configuration(self) -> None:
        lines = b"550-5.1.2 no\r\n550 5.1.2 never\0"
        both = verdict(Action.REJECT, message="a check's", reject="ours")
        for told, expected in (
            (verdict(Action.REJECT, reject="no, 100%"), b"554 5.7.1 no, 100%%\0"),
            (verdict(Action.REJECT, reject="550 5.1.2 no\nnever"), lines),
            (verdict(Action.REJECT, reject="450 4.1.2 no"), b"554 5.7.1 no\0"),
            (both, b"554 5.7.1 a check's\0"),
            (verdict(Action.REJECT, soft_reject="later"), b"554 5.7.1 Spam message rejected\0"),
            (verdict(Action.SOFT_REJECT, soft_reject="450 4.2.0 wait"), b"450 4.2.0 wait\0"),
        ):
            self.assertEqual(rendered(told), frame("y", expected))

    def test_reason_of_a_quarantine(self) -> None:
        for told in (
            verdict(Action.QUARANTINE, quarantine="held\nback"),
            verdict(Action.REJECT, quarantine="held back", reject="not this"),
        ):
            found = rendered(told, on_reject="quarantine")
            self.assertEqual(found, frame("q", b"held back\0") + ACCEPT)

    def test_reason_is_bounded(self) -> None:
        """Whoever gives it."""
        for told in (
            verdict(Action.QUARANTINE, quarantine="x" * 5000),
            verdict(Action.QUARANTINE, message="x" * 5000),
            verdict(Action.QUARANTINE, message="\n".join(["x" * (MAX_REASON - 1), "y" * 500])),
        ):
            ((_, payload), _) = frames(rendered(told))
            self.assertEqual(payload.replace(b" ", b"x"), b"x" * MAX_REASON + b"\0")


class VerbatimTests(SynchronousTestCase):
    """Stalwart passes on what it gets (milter-mapping.md 4.6)."""

    def test_reply(self) -> None:
        told = verdict(Action.REJECT, message="one 100%\ntwo ä")
        self.assertEqual(rendered(told, VERBATIM), frame("y", b"554 5.7.1 one 100% two ?\0"))
        for text in ("x" * 3000, "\n".join(["x" * 900] * 3)):
            told = verdict(Action.REJECT, message=text)
            ((_, payload),) = frames(rendered(told, VERBATIM))
            self.assertEqual(len(payload), len(b"554 5.7.1 \0") + 980)

    def test_folds(self) -> None:
        told = verdict(
            Action.NO_ACTION,
            AddHeader("X-A", "a\n\tb"),
            AddHeader("X-B", "a\n b", 1),
            ChangeHeader("From", "a\r\n b"),
        )
        expected = (
            frame("m", b"\0\0\0\x01From\0a\r\n b\0")
            + frame("h", b"X-A\0a\r\n\tb\0")
            + frame("h", b"X-B\0a\r\n b\0")
            + ACCEPT
        )
        self.assertEqual(rendered(told, VERBATIM), expected)

    def test_on_top_in_order(self) -> None:
        """Each goes on top of the others if the header is written anew, else below."""
        adds = AddHeader("X-End", "3"), AddHeader("X-Top", "1", 0), AddHeader("X-Below", "2", 1)
        frames_ = [
            frame("h", b"X-%b\0%d\0" % at) for at in ((b"Top", 1), (b"Below", 2), (b"End", 3))
        ]
        found = rendered(verdict(Action.NO_ACTION, *adds), VERBATIM)
        self.assertEqual(found, b"".join([*frames_, ACCEPT]))
        found = rendered(verdict(Action.NO_ACTION, RemoveHeader("From"), *adds), VERBATIM)
        removal = frame("m", b"\0\0\0\x01From\0\0")
        self.assertEqual(found, b"".join([removal, *reversed(frames_), ACCEPT]))

    def test_an_mta_that_does_not_tell_its_name(self) -> None:
        """It is known by what it does: from the first message on replies are as it takes them."""
        text, edit = "100% spam\nnever again", AddHeader("X-A", "a\n\tb")
        scanner = FakeScanner(verdict(Action.NO_ACTION, edit))
        mta = Mta(scanner)
        parts = mail(), rcpt(), header("Subject", "a"), frame("N")
        mta.send(offer(2, steps=0), connect(), helo(), *parts)
        answers = mta.send(frame("B", b"Subject: a\r\n\r\nb\r\n"), frame("E"))
        self.assertEqual(answers[-2:], [("h", b"X-A\0a\r\n\tb\0"), ("a", b"")])
        scanner.verdict = verdict(Action.REJECT, message=text)
        mta.send(*parts, frame("B", b"Subject: a\r\n\r\nb\r\n"))
        self.assertEqual(mta.send(frame("E")), [("y", b"554 5.7.1 100% spam never again\0")])

    def test_sender(self) -> None:
        for args, expected in (((), b"<a@b>\0\0"), (("RET=FULL",), b"<a@b>\0RET=FULL\0")):
            told = verdict(Action.NO_ACTION, ChangeSender("a@b", args))
            self.assertEqual(rendered(told, VERBATIM), frame("e", expected) + ACCEPT)
