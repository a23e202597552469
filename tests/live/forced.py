"""Action, reply text and delay as a check asks for them, seen from both ends of an MTA.

The cases are the same for every MTA; the classes that run them know how to talk to one.
"""

from collections.abc import Sequence
from pathlib import Path

from mailfilter.syntax import MAX_REPLY_LINE

from .harness import SENDER, LiveCase, Reply, wish
from .sink import Sink


class ForcedCase(LiveCase):
    """What the cases need of the class that runs them, and how they send."""

    box: str
    """Recipient of this test's messages."""
    out: str
    """The same, or another one whose messages go to the sink."""

    sink: Sink

    def send(
        self,
        message: bytes,
        *recipients: str,
        sender: str = SENDER,
        esmtp: Sequence[str] = (),
    ) -> Reply:
        """Send a message; to `box` unless recipients are given."""
        raise NotImplementedError

    def delivered(self) -> list[bytes]:
        """What has arrived at `box`."""
        raise NotImplementedError

    def wait_delivered(self) -> bytes:
        """The first message that arrives there."""
        raise NotImplementedError

    def wait_idle(self) -> None:
        """Wait until nothing is left to be delivered."""
        raise NotImplementedError

    def held(self, reply: Reply) -> list[Path]:
        """The queue files of a message that was accepted and quarantined."""
        raise NotImplementedError

    def arrive(self, *fields: tuple[str, str], name: str = "ham.eml") -> bytes:
        """Send a message with wishes; what arrives in the mailbox."""
        self.assertEqual(self.send(wish(fields, name)).code, 250)
        return self.wait_delivered().replace(b"\r\n", b"\n")

    def refuse(self, *fields: tuple[str, str]) -> tuple[int, str]:
        """Send a message with wishes; the refusal. Nothing arrives."""
        reply = self.send(wish(fields))
        self.wait_idle()
        self.assertEqual(self.delivered(), [])
        return reply.code, reply.text


class ActionCases(ForcedCase):
    """Whatever a check says of a message reaches its sender."""

    def test_soft_reject(self) -> None:
        """A soft reject is a 4xx reply."""
        reply = self.refuse(("Action", "soft reject"))
        self.assertEqual(reply, (451, "4.7.1 Try again later"))

    def test_soft_reject_text(self) -> None:
        """Its text is the check's; percent signs come through."""
        reply = self.refuse(("Action", "soft reject"), ("Message", "wait, 100% sure, 5%s"))
        self.assertEqual(reply, (451, "4.7.1 wait, 100% sure, 5%s"))

    def test_reject_text(self) -> None:
        """A reject's too."""
        reply = self.refuse(("Action", "reject"), ("Message", "not of our taste"))
        self.assertEqual(reply, (554, "5.7.1 not of our taste"))

    def test_reply_not_ascii(self) -> None:
        """The reply stays one of ASCII, whatever the check says."""
        reply = self.refuse(("Action", "reject"), ("Message", "=?utf-8?Q?Gr=C3=BC=C3=9Fe?="))
        self.assertEqual(reply, (554, "5.7.1 Gr??e"))

    def test_reply_line_break(self) -> None:
        """A line break in the text gives no reply of its own."""
        wishes = ("Action", "soft reject"), ("Message", "=?utf-8?Q?one=0D=0A250_two?=")
        self.assertEqual(self.refuse(*wishes), (451, "4.7.1 one\n4.7.1 250 two"))

    def test_reply_lines(self) -> None:
        """A text of lines is a reply of lines, each with the codes of its class."""
        wishes = ("Action", "reject"), ("Message", "=?utf-8?Q?one=0Atwo_100%=0Athree?=")
        expected = (554, "5.7.1 one\n5.7.1 two 100%\n5.7.1 three")
        self.assertEqual(self.refuse(*wishes), expected)

    def test_reply_codes(self) -> None:
        """A text may begin with codes of its own, if they mean the same."""
        reply = self.refuse(("Action", "reject"), ("Message", "550 5.7.26 no such name"))
        self.assertEqual(reply, (550, "5.7.26 no such name"))

    def test_reply_other_class(self) -> None:
        """Codes that mean something else are not its codes."""
        reply = self.refuse(("Action", "soft reject"), ("Message", "550 5.7.1 gone"))
        self.assertEqual(reply, (451, "4.7.1 gone"))

    def test_reply_long(self) -> None:
        """A text that is longer than a line of SMTP is cut."""
        text = "word " * 600
        reply = self.refuse(("Action", "soft reject"), ("Message", text))
        self.assertEqual(reply, (451, f"4.7.1 {text[:MAX_REPLY_LINE]}".rstrip()))

    def test_discard(self) -> None:
        """A discarded message is accepted and gone."""
        self.assertEqual(self.send(wish([("Action", "discard")])).code, 250)
        self.wait_idle()
        self.assertEqual(self.delivered(), [])

    def test_quarantine(self) -> None:
        """A quarantined message is accepted and held."""
        reply = self.send(wish([("Action", "quarantine")]))
        self.assertEqual(reply.code, 250)
        held = self.held(reply)
        for path in held:
            self.addCleanup(path.unlink)
        self.assertTrue(held)
        self.assertEqual(self.delivered(), [])

    def test_greylist_delivers(self) -> None:
        """The action `greylist` by itself delays nothing."""
        self.arrive(("Action", "greylist"))

    def test_delay(self) -> None:
        """The MTA waits for a check that takes its time."""
        self.arrive(("Delay", "2"), ("Symbol", "FORCE_ONE 0.5"))
        self.assertEqual(self.symbols(), {"FORCE_ONE": 0.5})

    def test_too_slow(self) -> None:
        """A check that takes too long is left behind; the message is not."""
        self.arrive(("Delay", "60"), ("Symbol", "FORCE_ONE 0.5"))
        self.assertIn("FORCE_FAIL", self.names())
        self.assertIn("the delay was cancelled", self.filter.log(self.mark))

    def test_raise(self) -> None:
        """A check that fails costs the message nothing."""
        self.complaints_expected = True
        self.arrive(("Raise", "out of order"))
        self.assertIn("FORCE_FAIL", self.names())

    def test_symbols_reject(self) -> None:
        """Enough score refuses."""
        reply = self.refuse(("Symbol", "FORCE_ONE 9 a b"), ("Symbol", "FORCE_TWO 9"))
        self.assertEqual(reply, (554, "5.7.1 Spam message rejected"))
        self.assertEqual(self.symbols(), {"FORCE_ONE": 9.0, "FORCE_TWO": 9.0})

    def names(self) -> Sequence[str]:
        """Names of the symbols of the one message of this test."""
        (record,) = self.filter.records(self.mark)
        return [symbol["name"] for symbol in record["symbols"]]

    def symbols(self) -> dict[str, float]:
        """The symbols that were asked for, with their scores."""
        (record,) = self.filter.records(self.mark)
        forced = [item for item in record["symbols"] if item["name"].startswith("FORCE_")]
        return {item["name"]: item["score"] for item in forced}
