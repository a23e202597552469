"""Action, edits, reply text and delay as a check asks for them, seen from both ends of Postfix."""

from collections.abc import Sequence

from .delivered import header_lines, values, without_ours
from .harness import PostfixCase, body_of, message_file, wish


class ForcedTests(PostfixCase):
    """Whatever a check asks for reaches the sender or the recipient."""

    def arrive(self, *fields: tuple[str, str], name: str = "ham.eml") -> bytes:
        """Send a message with wishes; what arrives in the mailbox."""
        self.assertEqual(self.send(wish(fields, name)).code, 250)
        return self.postfix.wait_mailbox(self.box)[0]

    def refuse(self, *fields: tuple[str, str]) -> tuple[int, str]:
        """Send a message with wishes; the refusal. Nothing arrives."""
        reply = self.send(wish(fields))
        self.postfix.wait_idle()
        self.assertEqual(self.postfix.mailbox(self.box), [])
        return reply.code, reply.text

    def test_soft_reject(self) -> None:
        """A soft reject is a 4xx reply."""
        code, text = self.refuse(("Action", "soft reject"))
        self.assertEqual(code, 451)
        self.assertTrue(text.startswith("4.7.1 "), text)

    def test_soft_reject_text(self) -> None:
        """Its text is the check's; percent signs come through."""
        code, text = self.refuse(("Action", "soft reject"), ("Message", "wait, 100% sure, 5%s"))
        self.assertEqual(code, 451)
        self.assertIn("wait, 100% sure, 5%s", text)

    def test_reject_text(self) -> None:
        """A reject's too."""
        code, text = self.refuse(("Action", "reject"), ("Message", "not of our taste"))
        self.assertEqual(code, 554)
        self.assertIn("not of our taste", text)

    def test_reply_not_ascii(self) -> None:
        """The reply stays one of ASCII, whatever the check says."""
        code, text = self.refuse(("Action", "reject"), ("Message", "=?utf-8?Q?Gr=C3=BC=C3=9Fe?="))
        self.assertEqual(code, 554)
        self.assertTrue(text.isascii(), text)

    def test_reply_line_break(self) -> None:
        """A line break in the text gives no reply of its own."""
        wishes = ("Action", "soft reject"), ("Message", "=?utf-8?Q?one=0D=0A250_two?=")
        code, text = self.refuse(*wishes)
        self.assertEqual(code, 451)
        self.assertIn("one", text)

    def test_discard(self) -> None:
        """A discarded message is accepted and gone."""
        self.assertEqual(self.send(wish([("Action", "discard")])).code, 250)
        self.postfix.wait_idle()
        self.assertEqual(self.postfix.mailbox(self.box), [])

    def test_quarantine(self) -> None:
        """A quarantined message is accepted and held."""
        reply = self.send(wish([("Action", "quarantine")]))
        self.assertEqual(reply.code, 250)
        queue_id = reply.text.split()[-1]
        held = [path for path in self.postfix.queued() if path.name == queue_id]
        self.addCleanup(held[0].unlink)
        self.assertIn("hold", held[0].parts)
        self.assertEqual(self.postfix.mailbox(self.box), [])

    def test_greylist_delivers(self) -> None:
        """The action `greylist` by itself delays nothing."""
        self.arrive(("Action", "greylist"))

    def test_subject(self) -> None:
        """A new subject, not ASCII."""
        wishes = ("Action", "rewrite subject"), ("Subject", "=?utf-8?Q?Pr=C3=BCfung?=")
        delivered = self.arrive(*wishes, name="folded.eml")
        self.assertEqual(values(delivered, "Subject"), ["Prüfung"])
        self.assertTrue(delivered.partition(b"\n\n")[0].isascii())

    def test_subject_absent(self) -> None:
        """A message without a subject gets one."""
        wishes = ("Action", "rewrite subject"), ("Subject", "new")
        self.assertEqual(values(self.arrive(*wishes, name="no-subject.eml"), "Subject"), ["new"])

    def test_add_header_fields(self) -> None:
        """The mark replaces one that the sender had set."""
        delivered = self.arrive(("Action", "add header"), name="folded.eml")
        self.assertEqual(values(delivered, "X-Spam"), ["Yes"])

    def test_add_on_top(self) -> None:
        """Order 1 is below Postfix's own Received, 0 the very top, one edit after the other."""
        delivered = self.arrive(("Add", "X-Below: second @1"), ("Add", "X-Top: first @0"))
        fields = [line.partition(b":")[0] for line in header_lines(delivered)]
        begin = fields.index(b"X-Top")
        self.assertEqual(fields[begin : begin + 3], [b"X-Top", b"Received", b"X-Below"])

    def test_add_at_end(self) -> None:
        """Without an order a field goes to the end, in the order asked for."""
        delivered = self.arrive(("Add", "X-A: 1"), ("Add", "X-B: two words"))
        fields = without_ours(delivered)
        self.assertEqual(fields[-2:], [b"X-A: 1", b"X-B: two words"])

    def test_remove_all(self) -> None:
        """All fields of a name go."""
        delivered = self.arrive(("Remove", "x-twice"), name="folded.eml")
        self.assertEqual(values(delivered, "X-Twice"), [])

    def test_remove_one(self) -> None:
        """The first, or the last."""
        delivered = self.arrive(("Remove", "X-Twice @1"), name="folded.eml")
        self.assertEqual(values(delivered, "X-Twice"), ["second", "third"])

    def test_remove_last(self) -> None:
        """Counted from the end."""
        delivered = self.arrive(("Remove", "X-Twice @-1"), name="folded.eml")
        self.assertEqual(values(delivered, "X-Twice"), ["first", "second"])

    def test_change(self) -> None:
        """The second of three gets a new value."""
        delivered = self.arrive(("Change", "X-Twice: other @2"), name="folded.eml")
        self.assertEqual(values(delivered, "X-Twice"), ["first", "other", "third"])

    def test_change_absent(self) -> None:
        """A field that is not there is added."""
        self.assertEqual(values(self.arrive(("Change", "X-New: value")), "X-New"), ["value"])

    def test_no_injection(self) -> None:
        """A line break in a value starts no field of its own."""
        delivered = self.arrive(("Add", "=?utf-8?Q?X-A=3A_one=0D=0AX-Evil=3A_two?="))
        self.assertEqual(values(delivered, "X-Evil"), [])
        self.assertEqual(len(values(delivered, "X-A")), 1)
        self.assertEqual(body_of(delivered), body_of(message_file("ham.eml")))

    def test_envelope(self) -> None:
        """Sender and recipients are changed."""
        wishes = (
            ("Sender", "bounces@example.org"),
            ("Add-Rcpt", "added@sink.test"),
            ("Remove-Rcpt", "removed@sink.test"),
        )
        self.assertEqual(self.send(wish(wishes), self.out, "removed@sink.test").code, 250)
        taken = self.sink.wait_to("added@sink.test")
        self.sink.wait_to(self.out)
        self.postfix.wait_idle()
        self.assertEqual([item.sender for item in taken], ["bounces@example.org"])
        self.assertEqual(self.sink.to("removed@sink.test"), [])

    def test_body(self) -> None:
        """The body is replaced, the header stays."""
        delivered = self.arrive(("Body", "something else"))
        self.assertEqual(body_of(delivered), b"something else\r\n")
        self.assertEqual(values(delivered, "Subject"), ["The boat and the rope"])

    def test_large_body(self) -> None:
        """A body of many frames is untouched."""
        message = message_file("ham.eml") + b"0123456789 abcdef\r\n" * 30000
        self.assertEqual(self.send(message).code, 250)
        delivered = self.postfix.wait_mailbox(self.box)[0]
        self.assertEqual(body_of(delivered), body_of(message))

    def test_delay(self) -> None:
        """Postfix waits for a check that takes its time."""
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
        code, _ = self.refuse(("Symbol", "FORCE_ONE 9 a b"), ("Symbol", "FORCE_TWO 9"))
        self.assertEqual(code, 554)
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
