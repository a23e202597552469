"""A real Postfix asks the filter, over TCP and over a unix socket."""

import smtplib

from .delivered import values, without_ours
from .harness import SENDER, PostfixCase, body_of, message_file

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
