"""Signed mail: the symbol, the fields, and that dkimpy believes them, by whatever way mail goes."""

import re
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred

from mailfilter.auth.signing_keys import SigningKeys
from mailfilter.checks.dkim_signing import DkimSigning
from mailfilter.config.model import Scan
from mailfilter.scan.check import Force, Given, Stage
from mailfilter.scan.verdict import (
    BELOW_RECEIVED,
    Action,
    AddHeader,
    ChangeHeader,
    LastFields,
    RemoveHeader,
    ReplaceBody,
    Verdict,
)
from mailfilter.testing.checks import make_task, run_check

from ..scan.case import finding
from .signing_case import ENVELOPE, KEYS, RAW, SigningCase, rewritten, signatures, verified

EDITS = (
    AddHeader("Subject", "new", 1),
    AddHeader("subject", "caf\u00e9"),
    AddHeader("List-Id", "<a>,\n\t<b>", 0),
    AddHeader("X-Spam", "a\nb", 2),
    RemoveHeader("Subject"),
    RemoveHeader("To", 1),
    RemoveHeader("Date", -1),
    ChangeHeader("Reply-To", "new"),
    ChangeHeader("Cc", ""),
    ChangeHeader("Message-Id", "<new>", 2),
    ReplaceBody(b"another \r\nbody"),
    Force(Action.REWRITE_SUBJECT),
)


def tags(value: str) -> dict[str, str]:
    """The tags of a signature, without white space."""
    return dict(item.split("=", 1) for item in re.sub(r"\s", "", value).rstrip(";").split(";"))


class SignedTests(SigningCase):
    def test_all_keys(self) -> None:
        """Each key of the domain makes a field; these are on top in the order of the keys."""
        verdict = self.scan()
        self.assertEqual(
            [(item.name, item.options) for item in verdict.symbols],
            [("DKIM_SIGNED", ("example.org:s=rsa", "example.org:s=ed"))],
        )
        found = signatures(verdict)
        self.assertEqual([edit.order for edit in found], [BELOW_RECEIVED] * 2)
        self.assertEqual(
            [(tags(edit.value)["a"], tags(edit.value)["s"]) for edit in found],
            [("rsa-sha256", "rsa"), ("ed25519-sha256", "ed")],
        )
        self.assertEqual(verdict.edits[:2], tuple(found))
        self.assertEqual(verified(rewritten(RAW, verdict)), [True, True])

    def test_tags(self) -> None:
        self.patch(DkimSigning, "now", staticmethod(lambda: 1_800_000_000.9))
        found = tags(signatures(self.scan())[1].value)
        self.assertEqual((found["d"], found["c"]), ("example.org", "relaxed/relaxed"))
        self.assertEqual((found["t"], found.get("x")), ("1800000000", None))
        self.assertEqual(
            found["h"],
            "from:from:reply-to:to:to:cc:subject:subject:date:date:message-id:message-id",
        )
        found = tags(signatures(self.scan(expire=3600))[1].value)
        self.assertEqual(found["x"], "1800003600")

    def test_other_forms(self) -> None:
        for header in ("relaxed", "simple"):
            for body in ("relaxed", "simple"):
                verdict = self.scan(header_canonicalization=header, body_canonicalization=body)
                self.assertIn(f"c={header}/{body};", signatures(verdict)[0].value)
                self.assertEqual(verified(rewritten(RAW, verdict)), [True, True])

    def test_names(self) -> None:
        verdict = self.scan(sign_headers="(o)From:(o)subject:received")
        self.assertEqual(
            tags(signatures(verdict)[0].value)["h"], "from:from:subject:subject:received"
        )

    def test_tampered(self) -> None:
        """What is added or changed on the way breaks it; what MTAs do does not."""
        signed = rewritten(RAW, self.scan())
        for old, new, result in (
            (b"bob@example.com,\r\n  carol", b"bob@example.com, carol", True),
            (b"From: Alice", b"FROM:\tAlice", True),
            (b"\r\n\r\nHello", b"\r\nReceived: later\r\n\r\nHello", True),
            (b"\r\n\r\nHello", b"\r\nContent-Type: text/html\r\n\r\nHello", True),
            (b"\r\n\r\nHello", b"\r\nFrom: mallory\r\n\r\nHello", False),
            (b"\r\n\r\nHello", b"\r\nReply-To: mallory\r\n\r\nHello", False),
            (b"\r\n\r\nHello", b"\r\nSubject: other\r\n\r\nHello", False),
            (b"Hello", b"Hallo", False),
            (b"\xc3\xa9\r\n", b"\xc3\xa9\r\nmore", False),
        ):
            changed = signed.replace(old, new)
            self.assertNotEqual(changed, signed)
            self.assertEqual(verified(changed), [result, result], new)


class UnsignedTests(SigningCase):
    def test_no_keys(self) -> None:
        self.assertEqual(run_check(DkimSigning, RAW, ENVELOPE, keys=SigningKeys()), [])

    def test_no_mail(self) -> None:
        """Text that only looks like mail is nobody's to sign."""
        self.assertEqual(len(signatures(self.scan())), 2)
        verdict = self.scan(envelope=replace(ENVELOPE, flags=frozenset({"raw"})))
        self.assertEqual((verdict.symbols, verdict.edits), ((), ()))

    def test_said_why(self) -> None:
        verdict = self.scan(envelope=replace(ENVELOPE, user=None))
        self.assertEqual((verdict.symbols, signatures(verdict)), ((), []))
        self.assertIn(
            "not signed: the client has not logged in, and is not of networks whose mail is signed",
            [entry.text for entry in verdict.trace],
        )

    def test_goes_nowhere(self) -> None:
        for action in Action:
            force = finding("force", Force(action))
            gone = action in (Action.REJECT, Action.SOFT_REJECT, Action.DISCARD)
            verdict = self.scan(RAW, ENVELOPE, force)
            self.assertEqual(len(signatures(verdict)), 0 if gone else 2, action)
            self.assertEqual(len(verdict.symbols), 0 if gone else 1, action)
            note = f"not signed, unless that changes: its action is {action}"
            self.assertEqual(note in [entry.text for entry in verdict.trace], gone)

    def test_no_from_any_more(self) -> None:
        """A check that takes it away leaves nothing to sign; mail goes on."""
        verdict = self.scan(RAW, ENVELOPE, finding("other", RemoveHeader("From")))
        self.assertEqual(verdict.edits, (RemoveHeader("From"),))
        self.assertEqual(len(self.flushLoggedErrors()), 1)

    def test_options(self) -> None:
        for options, reason in (
            ({"sign_headers": "to"}, "sign_headers: expected from"),
            ({"sign_headers": ["from"]}, "sign_headers: expected names"),
            ({"header_canonicalization": "nofws"}, "expected simple or relaxed"),
            ({"body_canonicalization": 1}, "expected simple or relaxed"),
            ({"expire": -1}, "expire: expected a number"),
        ):
            error = self.assertRaises(ValueError, run_check, DkimSigning, RAW, options=options)
            self.assertIn(reason, str(error))


class EditedTests(SigningCase):
    """Signatures are made for what leaves."""

    def leaves(self, *edits: Any, raw: bytes = RAW, **options: Any) -> tuple[Verdict, bytes]:
        """What comes out of a message that another check edits; its signatures hold."""
        verdict = self.scan(raw, ENVELOPE, finding("other", *edits, stage_=Stage.POST), **options)
        found = rewritten(raw, verdict)
        self.assertEqual(verified(found), [True, True], edits)
        return verdict, found

    def test_edits(self) -> None:
        for edits in (
            [AddHeader("Subject", "new", 1)],
            [RemoveHeader("Subject"), AddHeader("Subject", "new", 1)],
            [RemoveHeader("Subject")],
            [ChangeHeader("Subject", "new")],
            [ChangeHeader("Reply-To", "new")],
            [AddHeader("Reply-To", "new"), AddHeader("List-Id", "<a>,\n\t<b>", 1)],
            [AddHeader("List-Id", "caf\u00e9"), AddHeader("List-Id", "<b>", 0)],
            [RemoveHeader("Message-ID", 1), RemoveHeader("To", 2), AddHeader("Cc", "x", 3)],
            [ReplaceBody(b"another\r\nbody\r\n")],
            [ReplaceBody(b"")],
            [Force(Action.REWRITE_SUBJECT, subject="*** caf\u00e9 ***")],
        ):
            for header in ("relaxed", "simple"):
                self.leaves(*edits, header_canonicalization=header)

    def test_certain_ones_are_signed(self) -> None:
        verdict, _ = self.leaves(RemoveHeader("Subject"), AddHeader("subject", "new", 1))
        self.assertIn("subject:subject", tags(signatures(verdict)[0].value)["h"])

    def test_uncertain_ones_are_not(self) -> None:
        verdict, _ = self.leaves(Force(Action.REWRITE_SUBJECT))
        self.assertNotIn("subject", tags(signatures(verdict)[0].value)["h"])

    def test_line_ends(self) -> None:
        """Mail on its way to a mailbox may have LF."""
        self.leaves(AddHeader("X-Spam", "no", 1), raw=RAW.replace(b"\r\n", b"\n"))

    def test_odd_messages(self) -> None:
        mbox = b"From alice@example.org Sat Nov 28 12:00:00 2026\n"
        for raw in (
            b"From: alice@example.org\r\n\r\n",
            b"From: alice@example.org\r\n",
            b"From: alice@example.org",
            b"From: alice@example.org\n\nno end of line",
            b"From:alice@example.org\r\nSubject:x\r\n y \r\n\r\n \r\n\t\r\n",
            b"From: alice@example.org\r\nSubject:\r\nTo: \r\n\r\nx",
            b"From: alice@example.org\r\nSubject: caf\xe9\r\n\r\n\xff\x80",
        ):
            self.leaves(raw=raw)
        found = rewritten(mbox + RAW, self.scan(mbox + RAW)).removeprefix(mbox)
        self.assertEqual(verified(found), [True, True])

    def test_header_without_certain_end(self) -> None:
        for raw in (
            b"From: alice@example.org\r\nno field\r\nTo: x\r\n\r\nbody",
            b"From: alice@example.org\r\n>From x\r\nTo: x\r\n\r\nbody",
            b"From: alice@example.org\r\n:x\r\nTo: x\r\n\r\nbody",
            b" x\r\nFrom: alice@example.org\r\n\r\nbody",
            b"\r\nFrom: alice@example.org\r\n\r\nbody",
        ):
            self.assertEqual(self.scan(raw).edits, (), raw)

    @given(
        st.lists(st.sampled_from(EDITS), max_size=4),
        st.sampled_from(["relaxed", "simple"]),
        st.sampled_from(["relaxed", "simple"]),
    )
    @settings(max_examples=60, deadline=None, derandomize=True, database=None)
    def test_any_edits(self, edits: list[Any], header: str, body: str) -> None:
        self.leaves(*edits, header_canonicalization=header, body_canonicalization=body)


class SendmailTests(SigningCase):
    """It writes address fields anew behind us."""

    ENVELOPE = replace(ENVELOPE, rewrites_addresses=True)
    RAW = (
        b"From: Alice B. Carol <alice@example.org>\r\nTo: a@b.c,d@e.f\r\nCc: odd\r\n"
        b"Date: Sat, 28 Nov 2026 12:00:00 +0000\r\n\r\nbody\r\n"
    )

    def test_signed_as_it_leaves(self) -> None:
        verdict = self.scan(self.RAW, self.ENVELOPE, header_canonicalization="simple")
        raw = rewritten(self.RAW, verdict)
        self.assertEqual(verified(raw), [False, False])
        left = raw.replace(b"Alice B. Carol", b'"Alice B. Carol"').replace(
            b"a@b.c,", b"a@b.c,\r\n\t"
        )
        left = left.replace(b": odd", b": odd@mx.example.org")
        self.assertEqual(verified(left), [True, True])
        found = tags(signatures(verdict)[0].value)
        self.assertEqual(found["c"], "relaxed/relaxed")
        self.assertEqual(found["h"], "from:from:reply-to:to:to:subject:date:date")

    def test_odd_author(self) -> None:
        raw = self.RAW.replace(b"Alice B. Carol ", b"Alice. (B) ")
        verdict = self.scan(raw, self.ENVELOPE)
        self.assertEqual((verdict.symbols, signatures(verdict)), ((), []))
        self.assertIn(
            "not signed: what its From will be is not known", [item.text for item in verdict.trace]
        )
        self.assertEqual(len(signatures(self.scan(raw))), 2)


class CostTests(SigningCase):
    def last(self, keys: SigningKeys) -> LastFields:
        findings = run_check(DkimSigning, RAW, ENVELOPE, keys=keys)
        (found,) = [item for item in findings if isinstance(item, LastFields)]
        return found

    def test_several_are_slow(self) -> None:
        """Two RSA keys take longer than a millisecond."""
        own = KEYS.find("example.org")
        self.assertFalse(self.last(SigningKeys(own)).is_slow)
        self.assertTrue(self.last(SigningKeys([*own, own[0]])).is_slow)

    def test_large_body(self) -> None:
        """It is hashed before fields are made, with pauses."""
        task = make_task(RAW + b"x  y\r\n" * 500_000, ENVELOPE)
        check = DkimSigning(Given(Scan(), keys=KEYS))
        self.assertEqual(len([*self.successResultOf(Deferred.fromCoroutine(check.run(task)))]), 2)
        self.assertRaises(StopIteration, next, task.message.canonical.body.digest("relaxed"))
