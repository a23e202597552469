"""Seals are right for the octets that leave, by milter and for agents of delivery."""

import json
from typing import Any

from dkim import arc_verify  # type: ignore[import-untyped]
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.checks.dkim_signing import DkimSigning
from mailfilter.client.rspamc.exchange import Item, Reply
from mailfilter.client.rspamc.mime import scanned
from mailfilter.client.rspamc.options import Options
from mailfilter.config.model import Config
from mailfilter.mail import parse
from mailfilter.report.reply_layout import Layout
from mailfilter.scan.check import Check
from mailfilter.scan.plan import build_plan
from mailfilter.scan.run import Scanner
from mailfilter.servers.reply_form import ReplyForm, render_scan
from mailfilter.testing.fake_dns import FakeDns

from ..auth.arc_case import OTHER, RAW, ZONE, sealed
from ..auth.dkim_signer import sign
from ..codec.milter_mta import ALL_STEPS, connect, frame, header, helo, mail, offer, rcpt
from ..servers.milter_server import Mta
from ..servers.mta_model import Header
from .signing_case import rewritten
from .test_arc import Frozen
from .test_arc_sealing import KEYS, Case, Sealing, key_of
from .test_dkim_signing_ways import EDITS, LEADING_SPACE, NEW_BODY, other, split

CONFIG = Config()
FIELDS = [b"arc-seal", b"arc-message-signature", b"arc-authentication-results"]


class MilterTests(SynchronousTestCase):
    """The MTA puts the fields into the message that it has, below a Received of its own."""

    def deliver(self, raw: bytes, edits: tuple[Any, ...], *, has_space: bool) -> bytes:
        checks: list[type[Check]] = [Frozen, DkimSigning, Sealing, other(edits)]
        scanner = Scanner(
            build_plan(CONFIG, checks, keys=KEYS),
            CONFIG.scan,
            IReactorTime(Clock()),
            resolver=FakeDns(ZONE),
        )
        fields, body = split(raw)
        if not has_space:
            fields = [(name, value.removeprefix(" ")) for name, value in fields]
        replies = Mta(scanner).send(  # type: ignore[arg-type]
            offer(steps=ALL_STEPS if has_space else ALL_STEPS & ~LEADING_SPACE),
            connect(),
            helo(),
            mail("<bob@author.test>"),
            rcpt("<list@list.test>"),
            frame("T"),
            *(header(name, value.replace("\r\n", "\n")) for name, value in fields),
            frame("N"),
            frame("B", body),
            frame("E"),
        )
        had = Header(fields, counts_anew=True)
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

    def test_chains(self) -> None:
        """Also on top of a chain that has nothing above it."""
        for raw, instance in ((RAW, 1), (sealed(sealed(), OTHER), 3)):
            for edits in (*EDITS, NEW_BODY):
                for has_space in (False, True):
                    left = self.deliver(raw, edits, has_space=has_space)
                    status, sets, reason = arc_verify(left, dnsfunc=key_of)
                    self.assertEqual((status, len(sets)), (b"pass", instance), reason)
                    names = [field.name for field in parse(left).canonical.fields]
                    self.assertEqual(names[:4], [b"received", *FIELDS])


class AgentTests(Case):
    """Who hands the message on has it as it leaves, often with no Received of its own on top."""

    MESSAGES = (
        (RAW, 1),
        (sealed(), 2),
        (sealed(sealed(), OTHER), 3),
        (sign(sealed()), 2),
        (b"Received: here\r\n" + sealed(), 2),
    )

    def assert_chain(self, left: bytes, instance: int, raw: bytes) -> None:
        status, sets, reason = arc_verify(left, dnsfunc=key_of)
        self.assertEqual((status, len(sets)), (b"pass", instance), reason)
        names = [field.name for field in parse(left).canonical.fields]
        at = names.index(b"arc-seal")
        self.assertEqual(names[at : at + 3], FIELDS)
        self.assertEqual(at, int(raw.startswith(b"Received")))

    def test_rewritten(self) -> None:
        for raw, instance in self.MESSAGES:
            self.assert_chain(rewritten(raw, self.scan(raw)), instance, raw)

    def test_http(self) -> None:
        """mailfilterc --mime puts out the message with what a reply tells."""
        for raw, instance in self.MESSAGES:
            reply = json.loads(render_scan(self.scan(raw), ReplyForm(Layout()), raw).body)
            answer = Reply(Item("stdin"), 0.01, (("Content-Length", "1"),), b"", reply, None)
            left = b"".join(scanned(raw, answer, Options(is_mime=True)))
            status, sets, reason = arc_verify(left, dnsfunc=key_of)
            self.assertEqual((status, len(sets)), (b"pass", instance), reason)
