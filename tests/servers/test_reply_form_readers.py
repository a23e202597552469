"""Replies read with the types that clients demand: one of another type loses the whole reply."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct, field
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.config.model import Listener
from mailfilter.scan.verdict import (
    Action,
    AddHeader,
    AddRecipient,
    ChangeHeader,
    ChangeSender,
    CheckRun,
    RemoveHeader,
    ReplaceBody,
    SymbolResult,
    TraceEntry,
    Url,
    Verdict,
)
from mailfilter.servers.reply_form import render_scan, reply_form

LISTENER = Listener(protocol="http", endpoint="tcp:0")
CLASSIC = replace(LISTENER, classic_actions=True)

RAW = b"From: a@example.org\r\nX-Forged: a\r\nx-forged: b\r\n\r\nbody\r\n"

FULL = Verdict(
    action=Action.ADD_HEADER,
    score=7,
    required_score=15,
    thresholds=((Action.REJECT, 15), (Action.ADD_HEADER, 6)),
    trace_id="abc",
    symbols=(
        SymbolResult("TEST_ONE", 5, 5, "one", "about é", ("o1", "\ud800")),
        SymbolResult("TEST_TWO", float("inf"), float("nan")),
    ),
    edits=(
        RemoveHeader("X-Forged", 2),
        RemoveHeader("X-Forged", 1),
        RemoveHeader("X-Last", -1),
        RemoveHeader("X-Far", 1000),
        AddHeader("X-Several", "1"),
        AddHeader("X-Several", "2", 0),
        AddHeader("X-Folded", "a\r\n\tb\r\nc: d"),
        AddHeader("DKIM-Signature", "v=1;\n\tb=a"),
        AddHeader("DKIM-Signature", "v=1;\n\tb=b"),
        ChangeHeader("Subject", "new é"),
        ChangeSender("a@example.net"),
        AddRecipient("b@example.net"),
        ReplaceBody(b"new\r\n"),
    ),
    smtp_message="one\r\ntwo",
    subject="new\r\nsubject é",
    forced_by="test",
    message_id="1@example.org",
    elapsed=float("nan"),
    trace=(TraceEntry(0.1, "test", "text"),),
    runs=(CheckRun("test", "main", took=0.001),),
    urls=(Url("http://example.org/", "example.org", "example.org", ("text",)),),
    emails=("a@example.org",),
)

VERDICTS = (
    *(replace(FULL, action=action) for action in Action),
    replace(FULL, edits=(AddHeader("DKIM-Signature", "v=1"),), smtp_message=None),
    Verdict(Action.NO_ACTION, 0.0, 15.0, (), "t"),
)

Octet = Annotated[int, Meta(ge=-128, le=127)]
Int32 = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]


class GoMessages(Struct):
    smtp_message: str = ""


class GoMilter(Struct):
    remove_headers: dict[str, Octet] = {}
    add_headers: dict[str, Any] = {}


class GoSymbol(Struct):
    score: float = 0.0


class GoReply(Struct):
    """What opensmtpd-filter-rspamd reads a reply into; an error of types defers the mail."""

    score: float = 0.0
    required_score: float = 0.0
    subject: str = ""
    action: str = ""
    messages: GoMessages = field(default_factory=GoMessages)
    signature: Any = field(name="dkim-signature", default=None)
    milter: GoMilter = field(default_factory=GoMilter)
    symbols: dict[str, GoSymbol] = {}


class RustHeader(Struct):
    value: str = ""
    order: Int32 = 0


class RustMilter(Struct):
    add_headers: dict[str, RustHeader] = {}
    remove_headers: dict[str, Int32] = {}


class RustSymbol(Struct):
    name: str = ""
    score: float = 0.0
    metric_score: float = 0.0
    description: str | None = None
    options: list[str] | None = None


class RustReply(Struct):
    """What rspamdclient-rs reads a reply into."""

    is_skipped: bool = False
    score: float = 0.0
    required_score: float = 0.0
    action: str = ""
    thresholds: dict[str, float] = {}
    symbols: dict[str, RustSymbol] = {}
    messages: dict[str, str] = {}
    urls: list[str] = []
    emails: list[str] = []
    message_id: str = field(name="message-id", default="")
    time_real: float = 0.0
    milter: RustMilter | None = None


class JavaReply(Struct):
    """What Apache James takes from a reply: all of it must be there."""

    action: Literal[
        "no action", "greylist", "add header", "rewrite subject", "soft reject", "reject"
    ]
    score: float
    required_score: float
    symbols: dict[str, Any]
    subject: str | None = None


def replies(
    headers: Mapping[bytes, bytes], *flags: str, listener: Listener = LISTENER
) -> list[bytes]:
    """The replies of all verdicts to a client."""
    form = reply_form(b"/checkV2", headers, frozenset(flags), listener)
    return [render_scan(verdict, form, RAW).body for verdict in VERDICTS]


class ReaderTests(SynchronousTestCase):
    def test_filter_rspamd(self) -> None:
        headers = {b"user-agent": b"Go-http-client/1.1", b"pass": b"All"}
        for body in replies(headers):
            found = msgspec.json.decode(body, type=GoReply)
            lines = [found.subject, found.messages.smtp_message]
            values = list(found.milter.add_headers.values())
            signature = found.signature or []
            values += [signature] if isinstance(signature, str) else signature
            for value in values:
                self.assertIsInstance(value, str)
                # It splits values at LF, and a line that is no fold would be a field.
                for fold in value.split("\n")[1:]:
                    self.assertRegex(fold, r"\A[\t ]+[^ ]")
                lines += value.split("\n")
            for line in lines:
                self.assertNotRegex(line, r"[\r\n]")
            if found.milter.remove_headers:
                self.assertLessEqual({"X-Forged", "x-forged"}, set(found.milter.remove_headers))

    def test_rspamdclient(self) -> None:
        for agent in (b"attohttpc/0.28.0", b"reqwest/0.12"):
            for body in replies({b"user-agent": agent}):
                found = msgspec.json.decode(body, type=RustReply)
                if found.milter is not None and found.milter.remove_headers:
                    self.assertEqual(found.milter.remove_headers["X-Forged"], 0)

    def test_james(self) -> None:
        for body in replies({b"user-agent": b"ReactorNetty/1.2"}, listener=CLASSIC):
            msgspec.json.decode(body, type=JavaReply)

    def test_haraka(self) -> None:
        """It is JSON to Node, of more than one key, and each symbol has a name and a score."""
        for flags in ((), ("milter", "profile", "groups", "trace", "ext_urls")):
            for body in replies({}, *flags):
                found = json.loads(body, parse_constant=self.fail)
                self.assertTrue(body.isascii())
                self.assertGreater(len(found), 1)
                self.assertNotIn("error", found)
                for symbol in found["symbols"].values():
                    self.assertTrue(symbol["name"])
                    self.assertIsInstance(symbol["score"], float)
