"""The filter behind Stalwart, as far as its side of the protocol goes: `stalwart.py` plays it."""

import re
from typing import Any

from ..codec.milter_mta import mail, rcpt
from .delivered import values
from .harness import MESSAGES, LiveCase, body_of, message_file, wish
from .stalwart import Outcome, Stalwart
from .told import told

VERSIONS = (2, 6)
NOT_UTF_8 = frozenset({"latin-1.eml"})
"""Messages with octets in their header that Stalwart leaves out."""


class StalwartCase(LiveCase):
    """Base: sends as Stalwart does. What it takes for an error of the protocol raises."""

    def connect(self, version: int) -> Stalwart:
        """A session."""
        return Stalwart(self.filter.milter, version)

    def deliver(self, raw: bytes, version: int = 6, helo: str = "", **more: Any) -> Outcome:
        """One message in a session of its own."""
        session = self.connect(version)
        session.meet(helo or "client.example.net", more.pop("name", None))
        return session.deliver(raw, **more)

    def record(self) -> dict[str, Any]:
        """What was logged of the one message of this test."""
        (record,) = self.filter.records(self.mark)
        return record

    def force(self, *fields: tuple[str, str], **more: Any) -> Outcome:
        """Send a message with wishes."""
        return self.deliver(wish(fields), **more)


class MessageTests(StalwartCase):
    """What is scanned is what was sent."""

    def check(self, name: str, raw: bytes) -> None:
        """Each octet is that of the message, so its header was read once."""
        box = f"tell-stalwart-{re.sub(r'[^a-z0-9]', '-', name)}@box.test"
        for version in VERSIONS:
            mark = self.filter.log_size()
            outcome = self.deliver(raw, version, recipients=[box])
            (record,) = self.filter.records(mark)
            self.assertEqual(record["size"], len(raw), (name, version))
            # What a test pattern decides at once is not told.
            if not name.startswith("gtube"):
                self.assertTrue(told(self.filter, box).raw == raw, (name, version))
            self.assertIn(outcome.code, (250, 554), name)

    def test_own_messages(self) -> None:
        """All our own, under both versions."""
        paths = [path for path in MESSAGES.glob("*.eml") if path.name not in NOT_UTF_8]
        for path in sorted(paths):
            self.check(path.name, message_file(path.name))

    def test_not_utf_8(self) -> None:
        """Those whose values Stalwart does not show, since they are in another charset."""
        for name in NOT_UTF_8:
            self.check(name, message_file(name))

    def test_large(self) -> None:
        """Many pieces of a body, cut at 65535 octets from the header's first on."""
        self.check("large", message_file("ham.eml") + b"0123456789 abcdef\r\n" * 300_000)

    def test_long_header(self) -> None:
        """A header of 900 fields, and one of 100 KB."""
        fields = b"".join(b"X-%d:  y \r\n" % number for number in range(900))
        self.check("900 fields", fields + message_file("ham.eml"))
        self.check("long field", b"X: " + b"y" * 100_000 + b"\r\n" + message_file("ham.eml"))

    def test_no_body(self) -> None:
        """Nothing follows the header."""
        self.check("no body", message_file("ham.eml").partition(b"\r\n\r\n")[0] + b"\r\n\r\n")

    def test_message_id(self) -> None:
        """The header is read, though its values come trimmed."""
        self.deliver(message_file("folded.eml"))
        self.assertNotIn(self.record()["message_id"], (None, ""))


class EnvelopeTests(StalwartCase):
    """What is known of the client and the message."""

    def test_client(self) -> None:
        """Address, names, sender and recipients; no queue id and no login."""
        self.deliver(message_file("ham.eml"), recipients=["bob@box.test", "carol@box.test"])
        record = self.record()
        self.assertEqual((record["ip"], record["helo"]), ("192.0.2.17", "client.example.net"))
        self.assertFalse(record.get("queue_id"))
        self.assertFalse(record.get("user"))

    def test_login(self) -> None:
        """The user comes as a macro."""
        self.deliver(message_file("ham.eml"), user="alice")
        self.assertEqual(self.record()["user"], "alice")

    def test_stages_without_a_message(self) -> None:
        """Stalwart can ask at each stage of SMTP: it says goodbye before there is a message."""
        for stage in range(4):
            session = Stalwart(self.filter.milter)
            if stage:
                session.meet()
            if stage > 1:
                session.event("M", mail("<a@example.org>"))
            if stage > 2:
                session.event("R", rcpt("<b@box.test>"))
            session.quit()
            session.close()
        self.assertEqual(self.filter.records(self.mark), [])

    def test_many_sessions(self) -> None:
        """One after the other, each on a connection of its own."""
        for _ in range(50):
            self.assertEqual(self.deliver(message_file("ham.eml")).action, "a")
        self.assertEqual(len(self.filter.records(self.mark)), 50)


class ActionTests(StalwartCase):
    """Every action, as the SMTP client sees it."""

    def test_accept(self) -> None:
        for version in VERSIONS:
            raw = message_file("ham.eml")
            outcome = self.deliver(raw, version)
            self.assertEqual((outcome.code, outcome.action), (250, "a"))
            assert outcome.message is not None
            self.assertEqual(body_of(outcome.message), body_of(raw))

    def test_reject(self) -> None:
        outcome = self.force(("Action", "reject"), ("Message", "not of our taste"))
        self.assertEqual(outcome.reply, b"554 5.7.1 not of our taste\r\n")

    def test_soft_reject(self) -> None:
        outcome = self.force(("Action", "soft reject"), ("Message", "later"))
        self.assertEqual(outcome.reply, b"451 4.7.1 later\r\n")

    def test_gtube(self) -> None:
        outcome = self.deliver(message_file("gtube-reject.eml"))
        self.assertEqual(outcome.code, 554)

    def test_discard(self) -> None:
        outcome = self.force(("Action", "discard"))
        self.assertEqual((outcome.code, outcome.action, outcome.message), (250, "d", None))

    def test_quarantine(self) -> None:
        """Stalwart delivers, and says why in a field of its own."""
        outcome = self.force(("Action", "quarantine"))
        assert outcome.message is not None
        self.assertEqual(len(values(outcome.message, "X-Quarantine")), 1)

    def test_add_header(self) -> None:
        outcome = self.force(("Action", "add header"))
        assert outcome.message is not None
        self.assertEqual(values(outcome.message, "X-Spam"), ["Yes"])

    def test_subject(self) -> None:
        """A new one in place of the old, or where there is none."""
        wishes = [("Action", "rewrite subject"), ("Subject", "=?utf-8?Q?Pr=C3=BCfung?=")]
        for name in ("ham.eml", "no-subject.eml"):
            outcome = self.deliver(wish(wishes, name))
            assert outcome.message is not None
            self.assertEqual(values(outcome.message, "Subject"), ["Prüfung"], name)

    def test_percent(self) -> None:
        """Stalwart reads no format in a reply: what is doubled stays so."""
        outcome = self.force(("Action", "reject"), ("Message", "100% sure"))
        self.assertEqual(outcome.reply, b"554 5.7.1 100% sure\r\n")

    def test_lines(self) -> None:
        """It makes each line of a reply one of its own: there must be but one."""
        text = "=?utf-8?Q?one=0Atwo?="
        outcome = self.force(("Action", "reject"), ("Message", text))
        self.assertEqual(outcome.reply.count(b"\r\n"), 1, outcome.reply)


class EditTests(StalwartCase):
    """Edits arrive."""

    def arrive(self, *fields: tuple[str, str], name: str = "ham.eml") -> Outcome:
        """A message with wishes, delivered."""
        outcome = self.deliver(wish(fields, name))
        self.assertEqual(outcome.action, "a")
        return outcome

    def fields(self, outcome: Outcome, name: str) -> list[str]:
        """The values of a field in what is delivered."""
        assert outcome.message is not None
        return values(outcome.message, name)

    def test_add(self) -> None:
        outcome = self.arrive(("Add", "X-A: one two"), ("Add", "X-B: top @0"))
        self.assertEqual(self.fields(outcome, "X-A"), ["one two"])
        self.assertEqual(self.fields(outcome, "X-B"), ["top"])

    def test_remove(self) -> None:
        outcome = self.arrive(("Remove", "x-twice"), name="folded.eml")
        self.assertEqual(self.fields(outcome, "X-Twice"), [])

    def test_remove_one(self) -> None:
        outcome = self.arrive(("Remove", "X-Twice @-1"), name="folded.eml")
        self.assertEqual(self.fields(outcome, "X-Twice"), ["first", "second"])

    def test_change(self) -> None:
        outcome = self.arrive(("Change", "X-Twice: other @2"), name="folded.eml")
        self.assertEqual(self.fields(outcome, "X-Twice"), ["first", "other", "third"])
        outcome = self.arrive(("Change", "X-New: value"))
        self.assertEqual(self.fields(outcome, "X-New"), ["value"])

    def test_body(self) -> None:
        outcome = self.arrive(("Body", "something else"))
        assert outcome.message is not None
        self.assertEqual(body_of(outcome.message), b"something else\r\n")
        self.assertEqual(self.fields(outcome, "Subject"), ["The boat and the rope"])

    def test_recipients(self) -> None:
        outcome = self.arrive(("Add-Rcpt", "a@box.test"), ("Remove-Rcpt", "bob@box.test"))
        self.assertEqual(outcome.strings("+"), [("<a@box.test>",)])
        self.assertEqual(outcome.strings("-"), [("<bob@box.test>",)])

    def test_sender(self) -> None:
        """A frame without arguments, not even none, is no frame to Stalwart."""
        outcome = self.arrive(("Sender", "bounces@example.org"))
        self.assertEqual(outcome.strings("e"), [("<bounces@example.org>", "")])

    def test_slow(self) -> None:
        """Signs of life are no final reply."""
        outcome = self.arrive(("Delay", "6"), ("Symbol", "FORCE_ONE 0.5"))
        self.assertEqual(outcome.changes, [])
