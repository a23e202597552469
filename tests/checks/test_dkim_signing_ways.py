"""Signatures are right for the octets that leave, by every way in which mail goes."""

import json
import re
from typing import Any

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import Clock

from mailfilter.checks.dkim_signing import DkimSigning
from mailfilter.client.rspamc.exchange import Item, Reply
from mailfilter.client.rspamc.mime import scanned
from mailfilter.client.rspamc.options import Options
from mailfilter.codec.milter import Edits
from mailfilter.config.model import CheckSettings, Config
from mailfilter.report.edits import clean_edits
from mailfilter.report.reply_edits import Style, newline_of, tell_edits
from mailfilter.report.reply_layout import Layout, lay_out
from mailfilter.report.rewrite import rewrite, rewritten_header
from mailfilter.scan.check import Check, Force, Stage
from mailfilter.scan.plan import build_plan
from mailfilter.scan.run import Scanner
from mailfilter.scan.verdict import Action, AddHeader, Edit, RemoveHeader, ReplaceBody
from mailfilter.servers.reply_form import ReplyForm, render_scan

from ..codec.milter_mta import (
    ALL_EDITS,
    ALL_STEPS,
    connect,
    frame,
    header,
    helo,
    macros,
    mail,
    offer,
    rcpt,
)
from ..scan.case import finding
from ..servers.milter_server import Mta
from ..servers.mta_model import OWN, Header
from .signing_case import ENVELOPE, KEYS, RAW, SigningCase, verified

LEADING_SPACE = 0x100000
EDITS: tuple[tuple[Any, ...], ...] = (
    (),
    (AddHeader("X-Spam", "no", 1), AddHeader("List-Id", "<a>,\n\t<b>")),
    (RemoveHeader("Subject"), AddHeader("Subject", "new", 1)),
    (AddHeader("Subject", "another", 1), RemoveHeader("Date")),
    (Force(Action.REWRITE_SUBJECT, subject="*** caf\u00e9"),),
)
NEW_BODY = (ReplaceBody(b"another\r\n\r\n.\r\nbody\r\n\r\n"),)
FORMS = ("relaxed", "simple")


def other(edits: tuple[Any, ...]) -> type[Check]:
    """A check with edits."""
    return finding("other", *edits, stage_=Stage.POST)


def split(raw: bytes) -> tuple[list[tuple[str, str]], bytes]:
    """Fields, their values with all that is behind the colon, and the body."""
    head, _, body = raw.partition(b"\r\n\r\n")
    lines = re.split(r"\r\n(?![ \t])", head.decode("utf-8"))
    return [(name, value) for name, _, value in (line.partition(":") for line in lines)], body


class MilterTests(SigningCase):
    """The MTA puts edits into the message that it has, below a Received field of its own."""

    def deliver(
        self,
        edits: tuple[Any, ...],
        *,
        counts_anew: bool,
        has_space: bool,
        agreed: int = ALL_EDITS,
        **options: Any,
    ) -> bytes:
        config = Config(checks={"dkim_signing": CheckSettings(options=options)})
        plan = build_plan(config, [DkimSigning, other(edits)], keys=KEYS)
        mta = Mta(Scanner(plan, config.scan, IReactorTime(Clock())))  # type: ignore[arg-type]
        steps = ALL_STEPS if has_space else ALL_STEPS & ~LEADING_SPACE
        fields, body = split(RAW)
        if not has_space:
            fields = [(name, value.removeprefix(" ")) for name, value in fields]
        replies = mta.send(
            offer(edits=agreed, steps=steps),
            connect(),
            helo(),
            macros("M", "{auth_authen}", "alice@example.org"),
            mail("<alice@example.org>"),
            rcpt(),
            frame("T"),
            *(header(name, value.replace("\r\n", "\n")) for name, value in fields),
            frame("N"),
            *(frame("B", body[at : at + 7]) for at in range(0, len(body), 7)),
            frame("E"),
        )
        had = Header([(name, value) for name, value in fields], counts_anew=counts_anew)
        for code, payload in replies:
            had.apply(code, payload)
        bodies = [payload for code, payload in replies if code == "b"]
        had.fields[0].value = " by us" if has_space else "by us"
        space = "" if has_space else " "
        lines = [
            f"{field.name}:{space}{field.value}" for field in had.fields if not field.is_deleted
        ]
        head = "\n".join(lines).replace("\r\n", "\n").replace("\n", "\r\n").encode()
        return head + b"\r\n\r\n" + (b"".join(bodies) if bodies else body)

    def test_mtas(self) -> None:
        for edits in (*EDITS, NEW_BODY):
            for counts_anew in (False, True):
                for has_space in (False, True):
                    raw = self.deliver(edits, counts_anew=counts_anew, has_space=has_space)
                    self.assertEqual(verified(raw), [True, True], (edits, has_space))
                    self.assertTrue(raw.startswith(f"{OWN[0]}: {OWN[1]}\r\nDKIM-Sig".encode()))

    def test_body_that_stays(self) -> None:
        """An MTA that takes no new body gets no signature for it."""
        raw = self.deliver(
            NEW_BODY, counts_anew=True, has_space=True, agreed=ALL_EDITS & ~Edits.CHANGE_BODY
        )
        self.assertEqual((raw.partition(b"\r\n")[2], verified(raw)), (RAW, []))

    def test_simple(self) -> None:
        """With the blanks behind colons even the exact octets are known."""
        for edits in (*EDITS, NEW_BODY):
            raw = self.deliver(
                edits,
                counts_anew=True,
                has_space=True,
                header_canonicalization="simple",
                body_canonicalization="simple",
            )
            self.assertEqual(verified(raw), [True, True], edits)


class HttpTests(SigningCase):
    """A client reads `milter` and `dkim-signature` of a reply and edits the message itself."""

    def told(self, edits: tuple[Any, ...], raw: bytes, style: Style = "rspamd") -> dict[str, Any]:
        verdict = self.scan(raw, ENVELOPE, other(edits))
        told = tell_edits(verdict.edits, style, newline_of(raw, frozenset(), style), raw)
        return lay_out(verdict, Layout(style=style), told)

    def test_replies(self) -> None:
        """As Rspamd's clients do: removals, then additions, the signatures on top."""
        for edits in EDITS[:4]:
            for raw in (RAW, RAW.replace(b"\r\n", b"\n")):
                reply = self.told(edits, raw)
                newline = "\r\n" if b"\r\n" in raw else "\n"
                self.assertEqual(verified(applied(raw, reply, newline)), [True, True], edits)

    def test_style_of_strings(self) -> None:
        """Its readers can be told one signature."""
        reply = self.told((), RAW, "strings")
        signature = reply["dkim-signature"]
        self.assertIsInstance(signature, str)
        raw = b"DKIM-Signature: " + signature.replace("\n", "\r\n").encode() + b"\r\n" + RAW
        self.assertEqual(verified(raw), [True])

    def test_new_body_that_cannot_be_told(self) -> None:
        """Without it there is no signature for it."""
        verdict = self.scan(RAW, ENVELOPE, other(NEW_BODY))
        for flags, count in ((frozenset[str](), 0), (frozenset({"body_block"}), 2)):
            form = ReplyForm(Layout(flags=flags))
            reply = json.loads(render_scan(verdict, form, RAW).body.split(b"Received:")[0])
            self.assertEqual(len(reply.get("dkim-signature", [])), count)
        head = rewritten_header(RAW, clean_edits(verdict.edits).edits).head
        self.assertNotIn(b"DKIM-Signature", head)

    def test_lda(self) -> None:
        """mailfilterc --mime puts out the message with what a reply tells."""
        for edits in EDITS:
            for raw in (RAW, RAW.replace(b"\r\n", b"\n")):
                reply = self.told(edits, raw)
                answer = Reply(Item("stdin"), 0.01, (("Content-Length", "1"),), b"", reply, None)
                found = b"".join(scanned(raw, answer, Options(is_mime=True)))
                self.assertIn(b"X-Spam-Action:", found)
                self.assertEqual(verified(found), [True, True], edits)


def applied(raw: bytes, reply: dict[str, Any], newline: str) -> bytes:
    """The message with the edits of a reply."""
    milter = reply.get("milter", {})
    edits: list[Edit] = []
    for name, numbers in milter.get("remove_headers", {}).items():
        each = numbers if isinstance(numbers, list) else [numbers]
        edits += [RemoveHeader(name, number) for number in each]
    for name, values in milter.get("add_headers", {}).items():
        for value in values if isinstance(values, list) else [values]:
            edits.append(AddHeader(name, value["value"].replace(newline, "\n"), value["order"]))
    found = reply["dkim-signature"]
    for value in found if isinstance(found, list) else [found]:
        edits.append(AddHeader("DKIM-Signature", value.replace(newline, "\n"), 0))
    rewritten = rewrite(raw, edits)
    return rewritten.head + bytes(rewritten.body)
