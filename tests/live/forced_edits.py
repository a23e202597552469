"""Edits as a check asks for them, seen from both ends of an MTA; the same cases for every MTA."""

from .delivered import header_lines, values, without_ours
from .forced import ForcedCase
from .harness import body_of, message_file, wish


class EditCases(ForcedCase):
    """Whatever a check changes of a message reaches its recipients."""

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
        """Order 1 is below the MTA's own Received, 0 the very top, one edit after the other."""
        delivered = self.arrive(("Add", "X-Below: second @1"), ("Add", "X-Top: first @0"))
        fields = [line.partition(b":")[0] for line in header_lines(delivered)]
        begin = fields.index(b"X-Top")
        self.assertEqual(fields[begin : begin + 3], [b"X-Top", b"Received", b"X-Below"])

    def test_add_at_end(self) -> None:
        """Without an order a field goes to the end, in the order asked for."""
        delivered = self.arrive(("Add", "X-A: 1"), ("Add", "X-B: two words"))
        fields = without_ours(delivered)
        self.assertEqual(fields[-2:], [b"X-A: 1", b"X-B: two words"])

    def test_add_beyond_the_end(self) -> None:
        """An order that the header does not have is its end, whatever names are there."""
        wishes = ("Add", "X-Twice: fourth @1000"), ("Add", "X-Twice: fifth @1000")
        delivered = self.arrive(*wishes, name="folded.eml")
        expected = ["first", "second", "third", "fourth", "fifth"]
        self.assertEqual(values(delivered, "X-Twice"), expected)

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

    def test_folds(self) -> None:
        """Line breaks before a blank are folds, with the line ends of SMTP; others are blanks."""
        value = "=0A_two=0D=0A=09three=0Afour?="
        wishes = ("Add", f"=?utf-8?Q?X-F=3A_one{value}"), ("Change", f"=?utf-8?Q?X-Tab=3A_1{value}")
        self.assertEqual(self.send(wish(wishes, "folded.eml"), self.out).code, 250)
        (taken,) = self.sink.wait_to(self.out)
        for begin in (b"X-F: one", b"X-Tab: 1"):
            expected = b"\r\n" + begin + b"\r\n two\r\n\tthree four\r\n"
            self.assertIn(expected, taken.message)
        self.assertNotRegex(taken.message, rb"\r(?!\n)|(?<!\r)\n")

    def test_no_injection(self) -> None:
        """A line break in a value starts no field of its own."""
        delivered = self.arrive(("Add", "=?utf-8?Q?X-A=3A_one=0D=0AX-Evil=3A_two?="))
        self.assertEqual(values(delivered, "X-Evil"), [])
        self.assertEqual(len(values(delivered, "X-A")), 1)
        self.assertEqual(body_of(delivered), body_of(message_file("ham.eml")))

    def test_several_of_a_name(self) -> None:
        """Fields of a name that is there already are added, and one goes by its number."""
        wishes = ("Add", "X-Twice: fourth"), ("Add", "x-twice: fifth"), ("Remove", "X-Twice @2")
        delivered = self.arrive(*wishes, name="folded.eml")
        self.assertEqual(values(delivered, "X-Twice"), ["first", "third", "fourth", "fifth"])

    def test_remove_many(self) -> None:
        """Several of a name go, whichever is named first."""
        wishes = ("Remove", "X-Twice @1"), ("Remove", "X-Twice @3")
        delivered = self.arrive(*wishes, name="folded.eml")
        self.assertEqual(values(delivered, "X-Twice"), ["second"])

    def test_envelope(self) -> None:
        """Sender and recipients are changed."""
        added, removed = f"added-{self.out}", f"removed-{self.out}"
        wishes = (
            ("Sender", "bounces@example.org"),
            ("Add-Rcpt", added),
            ("Remove-Rcpt", removed),
        )
        self.assertEqual(self.send(wish(wishes), self.out, removed).code, 250)
        taken = self.sink.wait_to(added)
        self.sink.wait_to(self.out)
        self.wait_idle()
        self.assertEqual([item.sender for item in taken], ["bounces@example.org"])
        self.assertEqual(self.sink.to(removed), [])

    def test_sender_arguments(self) -> None:
        """A new sender may have ESMTP arguments."""
        wishes = [("Sender", "bounces@example.org RET=HDRS ENVID=abc")]
        self.assertEqual(self.send(wish(wishes), self.out).code, 250)
        (taken,) = self.sink.wait_to(self.out)
        self.assertEqual(taken.sender, "bounces@example.org")
        self.assertLessEqual({"RET=HDRS", "ENVID=abc"}, set(taken.sender_args))

    def test_sender_without_arguments(self) -> None:
        """One without leaves those of the old one."""
        message = wish([("Sender", "bounces@example.org")])
        self.assertEqual(self.send(message, self.out, esmtp=["RET=FULL", "ENVID=xyz"]).code, 250)
        (taken,) = self.sink.wait_to(self.out)
        self.assertEqual(taken.sender, "bounces@example.org")
        self.assertLessEqual({"RET=FULL", "ENVID=xyz"}, set(taken.sender_args))

    def test_null_sender_forced(self) -> None:
        """It may be nobody."""
        self.assertEqual(self.send(wish([("Sender", "")]), self.out).code, 250)
        (taken,) = self.sink.wait_to(self.out)
        self.assertEqual(taken.sender, "")

    def test_body(self) -> None:
        """The body is replaced, the header stays."""
        delivered = self.arrive(("Body", "something else"))
        self.assertEqual(body_of(delivered), b"something else\r\n")
        self.assertEqual(values(delivered, "Subject"), ["The boat and the rope"])

    def test_body_of_many_frames(self) -> None:
        """More than one frame holds."""
        delivered = self.arrive(("Body-Lines", "9000"))
        expected = b"".join(b"line %d\r\n" % number for number in range(9000))
        self.assertGreater(len(expected), 65535)
        self.assertEqual(body_of(delivered), expected)

    def test_large_body(self) -> None:
        """A body of many frames is untouched."""
        message = message_file("ham.eml") + b"0123456789 abcdef\r\n" * 30000
        self.assertEqual(self.send(message).code, 250)
        delivered = self.wait_delivered()
        self.assertEqual(body_of(delivered), body_of(message))
