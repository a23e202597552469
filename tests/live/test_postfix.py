"""A real Postfix asks the filter, over TCP and over a unix socket."""

import smtplib
import threading
from collections.abc import Sequence
from email.header import decode_header, make_header
from email.parser import BytesHeaderParser

from .harness import SENDER, PostfixCase, body_of, message_file, wish

UNTOUCHED = (
    "ham.eml",
    "ham-html.eml",
    "eight-bit.eml",
    "latin-1.eml",
    "dots.eml",
    "long-lines.eml",
    "white-space.eml",
    "folded.eml",
    "no-subject.eml",
    "bounce.eml",
)
OWN_FIELDS = (b"x-spam", b"x-mailfilter")
"""How the names of fields begin that the filter may add to any message."""
TRACE_FIELDS = (b"received", b"return-path", b"x-original-to", b"delivered-to")


def header_lines(message: bytes) -> list[bytes]:
    """The header fields as they are, folds kept, in their order, LF line ends."""
    head = message.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    fields: list[bytes] = []
    for line in head.split(b"\n"):
        if line[:1] in (b" ", b"\t"):
            fields[-1] += b"\n" + line
        else:
            fields.append(line)
    return fields


def without_ours(message: bytes) -> list[bytes]:
    """The header fields without those of Postfix's delivery and those that we may add."""
    return [
        line
        for line in header_lines(message)
        if not line.lower().startswith((*OWN_FIELDS, *TRACE_FIELDS))
    ]


def values(message: bytes, name: str) -> list[str]:
    """The values of a field, encoded words decoded."""
    found = BytesHeaderParser().parsebytes(message).get_all(name) or []
    return [str(make_header(decode_header(value))) for value in found]


class DeliveryTests(PostfixCase):
    """Mail that is not spam arrives as it was sent."""

    def deliver(self, name: str, service: str) -> None:
        """Send a message, compare what arrives at both ends."""
        message = message_file(name)
        tag = f"{service}-{name.partition('.')[0]}"
        box, out = f"{tag}@box.test", f"{tag}@sink.test"
        self.assertEqual(self.send(message, box, out, service=service).code, 250)
        self.assertEqual(body_of(self.sink.wait_to(out)[0].message), body_of(message))
        delivered = self.postfix.wait_mailbox(box)[0]
        self.assertEqual(body_of(delivered), body_of(message))
        self.assertEqual(without_ours(delivered), without_ours(message))

    def test_tcp(self) -> None:
        """Over TCP: header and body octets are untouched."""
        for name in UNTOUCHED:
            self.deliver(name, "tcp")

    def test_unix(self) -> None:
        """Over a unix socket."""
        for name in UNTOUCHED:
            self.deliver(name, "unix")

    def test_old_versions(self) -> None:
        """A Postfix that is told to speak version 4 or 2 of the protocol."""
        for service in ("v4", "v2"):
            self.deliver("folded.eml", service)
            self.deliver("white-space.eml", service)

    def test_log_line(self) -> None:
        """The line about a message has the facts of its session."""
        self.send(message_file("ham.eml"), self.box, self.out)
        delivered = self.postfix.wait_mailbox(self.box)[0]
        queue_id = values(delivered, "Received")[0].partition(" id ")[2].partition(";")[0]
        record = self.filter.wait_record(self.mark, queue_id=queue_id)
        self.assertEqual(record["sender"], SENDER)
        self.assertEqual(record["recipients"], [self.box, self.out])
        self.assertEqual(record["ip"], "127.0.0.1")
        self.assertEqual(record["helo"], "client.live.test")
        self.assertEqual(record["message_id"], "ham-1@example.org")
        self.assertEqual((record["action"], record["listener"]), ("no action", "milter"))

    def test_null_sender(self) -> None:
        """A bounce comes from nobody."""
        self.assertEqual(self.send(message_file("bounce.eml"), sender="").code, 250)
        self.postfix.wait_mailbox(self.box)
        record = self.filter.wait_record(self.mark, message_id="bounce-1@example.org")
        self.assertEqual((record["sender"], record["recipients"]), ("", [self.box]))

    def test_three_recipients(self) -> None:
        """One message for three is scanned once and arrives three times."""
        boxes = [f"{name}@box.test" for name in ("three-a", "three-b", "three-c")]
        self.assertEqual(self.send(message_file("ham.eml"), *boxes).code, 250)
        for box in boxes:
            self.assertEqual(len(self.postfix.wait_mailbox(box)), 1)
        records = self.filter.records(self.mark)
        self.assertEqual([record["recipients"] for record in records], [boxes])

    def test_esmtp_arguments(self) -> None:
        """Arguments of MAIL are no addresses."""
        esmtp = ["SIZE=2000", "BODY=8BITMIME"]
        self.assertEqual(self.send(message_file("eight-bit.eml"), esmtp=esmtp).code, 250)
        record = self.filter.wait_record(self.mark, sender=SENDER)
        self.assertEqual(record["recipients"], [self.box])

    def test_forwarded_client(self) -> None:
        """Address, name and login of the client are those that Postfix tells."""
        with smtplib.SMTP("127.0.0.1", self.postfix.ports["tcp"], timeout=20) as client:
            client.ehlo()
            client.docmd("XCLIENT", "NAME=mail.example.net ADDR=203.0.113.5 LOGIN=alice")
            client.ehlo("mail.example.net")
            client.sendmail(SENDER, [self.box], message_file("ham.eml"))
        record = self.filter.wait_record(self.mark, helo="mail.example.net")
        self.assertEqual((record["ip"], record["user"]), ("203.0.113.5", "alice"))

    def test_several_on_one_connection(self) -> None:
        """What one message left, or one that was broken off, does not reach the next."""
        with smtplib.SMTP("127.0.0.1", self.postfix.ports["tcp"], timeout=20) as client:
            client.ehlo("client.live.test")
            client.mail("first@example.org")
            client.rcpt("other@box.test")
            client.rset()
            with self.assertRaises(smtplib.SMTPDataError):
                client.sendmail("second@example.org", [self.box], message_file("gtube-reject.eml"))
            client.sendmail("third@example.org", [self.box], message_file("ham.eml"))
        self.assertEqual(len(self.postfix.wait_mailbox(self.box)), 1)
        told = [
            (record["sender"], record["recipients"], record["action"])
            for record in self.filter.records(self.mark)
        ]
        self.assertEqual(
            told,
            [
                ("second@example.org", [self.box], "reject"),
                ("third@example.org", [self.box], "no action"),
            ],
        )

    def test_many_sessions(self) -> None:
        """20 sessions of 10 messages at the same time: 200 in the mailbox, each once."""
        errors: list[BaseException] = []

        def session(number: int) -> None:
            try:
                self.session(number)
            except BaseException as error:
                errors.append(error)

        threads = [threading.Thread(target=session, args=(number,)) for number in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(errors, [])
        arrived = self.postfix.wait_mailbox(self.box, 200)
        numbers = sorted(value for text in arrived for value in values(text, "X-Number"))
        expected = sorted(f"{session}-{count}" for session in range(20) for count in range(10))
        self.assertEqual(numbers, expected)
        self.assertEqual({body_of(text) for text in arrived}, {body_of(message_file("ham.eml"))})

    def session(self, number: int) -> None:
        """Ten messages on one connection."""
        with smtplib.SMTP("127.0.0.1", self.postfix.ports["tcp"], timeout=60) as client:
            for count in range(10):
                top = f"X-Number: {number}-{count}\r\n".encode()
                client.sendmail(SENDER, [self.box], top + message_file("ham.eml"))


class GtubeTests(PostfixCase):
    """The four test patterns do what they ask for, in every transfer encoding."""

    def forms(self, action: str) -> list[str]:
        """The messages with the pattern for an action."""
        return [f"gtube-{action}{form}.eml" for form in ("", "-base64", "-qp")]

    def arrive(self, name: str) -> bytes:
        """Send a message that must arrive; what did."""
        box = f"{name.partition('.')[0]}@box.test"
        self.assertEqual(self.send(message_file(name), box).code, 250)
        delivered = self.postfix.wait_mailbox(box)[0]
        self.assertEqual(body_of(delivered), body_of(message_file(name)))
        return delivered

    def test_reject(self) -> None:
        """X: refused with a 5xx reply, and nothing is delivered."""
        for service in ("tcp", "unix", "v2"):
            for name in self.forms("reject"):
                reply = self.send(message_file(name), self.box, service=service)
                self.assertEqual(reply.code // 100, 5, reply)
                self.assertIn("Gtube pattern", reply.text)
        self.postfix.wait_idle()
        self.assertEqual(self.postfix.mailbox(self.box), [])

    def test_add_header(self) -> None:
        """Y: arrives marked, otherwise as it was."""
        for name in self.forms("add-header"):
            delivered = self.arrive(name)
            self.assertEqual(values(delivered, "X-Spam"), ["Yes"])
            self.assertEqual(without_ours(delivered), without_ours(message_file(name)))

    def test_rewrite_subject(self) -> None:
        """Z: arrives with another subject."""
        for name in self.forms("rewrite-subject"):
            subject = values(self.arrive(name), "Subject")
            self.assertEqual(subject, ["*** SPAM *** Test of the filter"])

    def test_no_action(self) -> None:
        """A: arrives as it was, without being marked."""
        for name in self.forms("no-action"):
            delivered = self.arrive(name)
            self.assertEqual(without_ours(delivered), without_ours(message_file(name)))
            self.assertEqual(values(delivered, "X-Spam"), [])


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
