"""Settings of a configuration file, as far as the octets that MTAs and HTTP clients are sent."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import TestCase

from mailfilter.app.engine import Engine
from mailfilter.config import load
from mailfilter.scan.check import Check, Findings, Force, Symbol
from mailfilter.scan.plan import build_plan
from mailfilter.scan.task import Task
from mailfilter.scan.verdict import Action

from ..codec.milter_mta import ALL_EDITS, connect, frame, frames, header, helo, mail, offer, rcpt
from ..servers.milter_server import logged, skipped

ACCEPT = ("a", b"")
END = b"\0\x01\x86\xa0"
"""An index beyond any header."""
LISTENERS = """
store.kind = "memory"
[listeners.mx]
protocol = "milter"
endpoint = "tcp:0"
{}
[listeners.web]
protocol = "http"
endpoint = "tcp:0"
"""
TEXTS = """
[texts]
reject = "550 5.7.9 Unwanted, 100%\\nSo there"
soft_reject = "450 4.7.9 In an hour"
quarantine = "Held by ours"
[profiles.sales]
recipients = ["sales@example.net"]
texts.reject = "Not to sales"
texts.quarantine = "554 5.7.1 Held for sales"
"""
PROGRESS = ("p", b"")


class Told(Check):
    """Forces the action that the subject names, with the text after a colon, or waits."""

    name = "told"
    symbols: ClassVar[Mapping[str, Symbol]] = {}

    async def run(self, task: Task) -> Findings:
        action, _, text = (task.message.subject or "").partition(":")
        if action == "wait":
            await Deferred()
        return (Force(Action(action), text or None),)


class Timeless(Clock):
    """The reactor, but time passes only when a test says so."""

    def __getattr__(self, name: str) -> Any:
        return getattr(reactor, name)


class SettingsCase(TestCase):
    """The factories that a worker would put on its sockets, with connections in memory."""

    def use(self, listener: str = "", more: str = "") -> None:
        path = Path(self.mktemp())
        path.write_text(LISTENERS.format(listener) + more)
        loaded = load(str(path))
        self.clock = Timeless()
        plan = build_plan(loaded.config, (Told,))
        self.engine = Engine(self.clock, loaded, plan, self.fail, self.mktemp())
        self.engine.open()
        self.addCleanup(self.engine.close)

    def send(self, name: str, data: bytes) -> bytes:
        """The reply to what is sent on a new connection to a listener."""
        protocol = self.engine.serving.factories[name].buildProtocol(None)
        assert protocol is not None
        self.transport = StringTransport()
        protocol.makeConnection(self.transport)
        protocol.dataReceived(data)
        return self.taken()

    def taken(self) -> bytes:
        self.clock.advance(0)
        data: bytes = self.transport.value()
        self.transport.clear()
        return data

    def milter(
        self,
        subject: str,
        to: str = "<b@example.net>",
        edits: int = ALL_EDITS,
        fields: str = "",
        body: bytes = b"x\r\n",
    ) -> list[tuple[str, bytes]]:
        """What an MTA is told of a message."""
        more = [header(name, " forged") for name in fields.split()]
        start = offer(edits=edits), connect(), helo(), mail(), rcpt(to)
        end = header("Subject", f" {subject}"), *more, frame("N"), frame("B", body), frame("E")
        return frames(self.send("mx", b"".join([*start, *end])))[1:]

    def http(self, subject: str, to: str = "b@example.net") -> dict[str, Any]:
        """What a client of the HTTP protocol is told."""
        raw = f"Subject: {subject}\r\n\r\nx\r\n".encode()
        head = f"POST /checkv2 HTTP/1.1\r\nRcpt: {to}\r\nContent-Length: {len(raw)}\r\n\r\n"
        reply = self.send("web", head.encode() + raw)
        found: dict[str, Any] = json.loads(reply.partition(b"\r\n\r\n")[2])
        return found

    def http_text(self, subject: str, to: str = "b@example.net") -> str | None:
        """The text that a client of the HTTP protocol is to reply with."""
        found: str | None = self.http(subject, to)["messages"].get("smtp_message")
        return found


class TextTests(SettingsCase):
    """Texts for each action and profile."""

    def setUp(self) -> None:
        self.use(more=TEXTS)

    def test_reject(self) -> None:
        text = b"550-5.7.9 Unwanted, 100%%\r\n550 5.7.9 So there\0"
        self.assertEqual(self.milter("reject"), [("y", text)])
        self.assertEqual(self.milter("reject:go"), [("y", b"554 5.7.1 go\0")])
        self.assertEqual(self.http_text("reject"), "Unwanted, 100% So there")
        self.assertEqual(self.http_text("reject:go"), "go")

    def test_soft_reject(self) -> None:
        for to in ("<b@example.net>", "<sales@example.net>"):
            found = self.milter("soft reject", to)
            self.assertEqual(found, [("y", b"450 4.7.9 In an hour\0")])
        self.assertEqual(self.http_text("soft reject"), "In an hour")

    def test_quarantine(self) -> None:
        self.assertEqual(self.milter("quarantine")[-2:], [("q", b"Held by ours\0"), ACCEPT])

    def test_profile(self) -> None:
        to = "<sales@example.net>"
        self.assertEqual(self.milter("reject", to), [("y", b"554 5.7.1 Not to sales\0")])
        self.assertEqual(self.milter("quarantine", to)[-2:], [("q", b"Held for sales\0"), ACCEPT])
        self.assertEqual(self.http_text("reject", "sales@example.net"), "Not to sales")

    def test_usual(self) -> None:
        self.use()
        self.assertEqual(self.milter("reject"), [("y", b"554 5.7.1 Spam message rejected\0")])
        self.assertEqual(self.milter("soft reject"), [("y", b"451 4.7.1 Try again later\0")])
        self.assertEqual(self.milter("quarantine")[-2][1], b"Spam message quarantined\0")


class PolicyTests(SettingsCase):
    """What becomes of messages by listener."""

    def test_discard(self) -> None:
        self.use('on_reject = "discard"', TEXTS)
        self.assertEqual(self.milter("reject"), [("d", b"")])
        self.assertEqual(self.milter("soft reject"), [("y", b"450 4.7.9 In an hour\0")])
        self.assertEqual(self.http("reject")["action"], "reject")

    def test_quarantine(self) -> None:
        self.use('on_reject = "quarantine"', TEXTS)
        self.assertEqual(self.milter("reject")[-2:], [("q", b"Held by ours\0"), ACCEPT])
        (reply,) = self.milter("reject", edits=ALL_EDITS & ~0x20)
        self.assertEqual(reply, ("y", b"550-5.7.9 Unwanted, 100%%\r\n550 5.7.9 So there\0"))

    def test_no_action(self) -> None:
        self.use("no_action = true", TEXTS)
        for action in ("reject", "soft reject", "quarantine", "discard", "add header"):
            found = self.milter(action, fields="X-Rspamd-Action")
            self.assertEqual(
                found,
                [
                    ("m", b"\0\0\0\x01X-Rspamd-Action\0\0"),
                    ("i", END + b"X-Rspamd-Action\0 " + action.encode() + b"\0"),
                    ACCEPT,
                ],
            )

    def test_spam_header(self) -> None:
        self.use('spam_header = "X-Junk"')
        self.assertEqual(
            self.milter("add header", fields="X-Junk"),
            [("m", b"\0\0\0\x01X-Junk\0\0"), ("i", END + b"X-Junk\0 Yes\0"), ACCEPT],
        )


class DeadlineTests(SettingsCase):
    """What is told when there is no verdict in time."""

    def over(self, listener: str) -> list[tuple[float, tuple[str, bytes]]]:
        """Replies to a message that is not done with, and when."""
        self.use(listener, '[scan]\ntimeout = "5m"\ncheck_timeout = "5m"\n')
        found = [(0.0, reply) for reply in self.milter("wait")]
        while self.clock.seconds() < 20:
            self.clock.advance(0.5)
            found += [(self.clock.seconds(), reply) for reply in frames(self.taken())]
        return found

    def test_policies(self) -> None:
        for policy, replies in (
            ("accept", [skipped("deadline"), ACCEPT]),
            ("tempfail", [("y", b"451 4.7.1 Message could not be scanned\0")]),
            ("reject", [("y", b"554 5.7.1 Message could not be scanned\0")]),
        ):
            found = self.over(f'deadline = "12.5s"\non_failure = "{policy}"')
            expected = [(5.0, PROGRESS), (10.0, PROGRESS), *((12.5, reply) for reply in replies)]
            self.assertEqual(found, expected)

    def test_usual(self) -> None:
        """A scan ends by itself before that."""
        self.use()
        self.assertEqual(self.milter("wait"), [])
        self.clock.advance(8)
        self.assertEqual(frames(self.taken())[-1], ACCEPT)


class OversizeTests(SettingsCase):
    """What becomes of messages over `scan.max_message`, of which nothing is scanned."""

    def test_policies(self) -> None:
        """Forged fields go from those that are let through, and the log tells of all."""
        for policy, replies in (
            ("accept", [("m", b"\0\0\0\x01X-Spam\0\0"), skipped("size"), ACCEPT]),
            ("tempfail", [("y", b"451 4.3.4 Message is too large to be scanned\0")]),
            ("reject", [("y", b"552 5.3.4 Message is too large to be scanned\0")]),
        ):
            self.use(f'oversize = "{policy}"', '[scan]\nmax_message = "1KiB"\n' + TEXTS)
            with logged() as lines:
                found = self.milter("reject", fields="X-Spam", body=b"x" * 1024)
            self.assertEqual(found, replies)
            (line,) = [line for line in lines if "unscanned" in line]
            self.assertIn("unscanned=size", line)
