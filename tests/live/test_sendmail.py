"""A real Sendmail asks the filter: delivery, envelope, and what it tells of the client."""

import smtplib

from twisted.trial.unittest import SkipTest

from .delivered import values, without_ours
from .harness import SENDER, body_of, message_file
from .postfix_keys import why_no_sasl
from .sendmail import DOCUMENTED, PASSWORD, REFUSED, USER
from .sendmail_case import SendmailCase
from .smtp import Client
from .told import told

HAM = message_file("ham.eml")
SERVICES = (DOCUMENTED, "unix", "open")
UNTOUCHED = (
    "ham-html.eml",
    "eight-bit.eml",
    "latin-1.eml",
    "white-space.eml",
    "folded.eml",
    "bounce.eml",
)


class SendmailDeliveryTests(SendmailCase):
    """Mail that is not spam arrives as it was sent, other mail as its verdict says."""

    def test_untouched(self) -> None:
        """Header and body octets are those that arrive without a filter.

        Not always those that were sent: Sendmail folds lists of addresses anew.
        """
        for name in UNTOUCHED:
            message = message_file(name)
            plain = self.deliver(message, "none", name)
            self.assertEqual(body_of(plain), body_of(message))
            for service in SERVICES:
                delivered = self.deliver(message, service, name)
                self.assertEqual(body_of(delivered), body_of(message))
                self.assertEqual(without_ours(delivered), without_ours(plain))

    def deliver(self, message: bytes, service: str, name: str) -> bytes:
        """Send a message; what arrives."""
        box = self.address(f"{service}-{name.partition('.')[0]}")
        self.assertEqual(self.send(message, box, service=service).code, 250)
        return self.sink.wait_to(box)[0].message

    def test_gtube(self) -> None:
        """The four test patterns do what they ask for."""
        reply = self.send(message_file("gtube-reject.eml"))
        self.assertEqual((reply.code, reply.text), (554, "5.7.1 Gtube pattern"))
        self.wait_idle()
        self.assertEqual(self.delivered(), [])
        for name, field, value in (
            ("add-header", "X-Spam", ["Yes"]),
            ("rewrite-subject", "Subject", ["*** SPAM *** Test of the filter"]),
            ("no-action", "X-Spam", []),
        ):
            box = self.address(name)
            self.assertEqual(self.send(message_file(f"gtube-{name}.eml"), box).code, 250)
            self.assertEqual(values(self.sink.wait_to(box)[0].message, field), value)

    def test_null_sender(self) -> None:
        """A bounce comes from nobody."""
        self.assertEqual(self.send(message_file("bounce.eml"), sender="").code, 250)
        self.assertEqual(self.sink.wait_to(self.box)[0].sender, "")
        record = self.filter.wait_record(self.mark, message_id="bounce-1@example.org")
        self.assertEqual((record["sender"], record["recipients"]), ("", [self.box]))

    def test_twenty_recipients(self) -> None:
        """Each gets the message once; one that Sendmail refuses is not shown to the filter."""
        boxes = [self.address(f"twenty-{number}") for number in range(20)]
        with smtplib.SMTP("127.0.0.1", self.sendmail.ports[DOCUMENTED], timeout=40) as client:
            refused = client.sendmail(SENDER, [*boxes[:10], REFUSED, *boxes[10:]], HAM)
        self.assertEqual(list(refused), [REFUSED])
        for box in boxes:
            self.sink.wait_to(box)
        self.wait_idle()
        self.assertEqual({len(self.sink.to(box)) for box in boxes}, {1})
        (record,) = self.filter.records(self.mark)
        self.assertEqual(record["recipients"], boxes)

    def test_esmtp_arguments(self) -> None:
        """Arguments of MAIL and RCPT are no addresses."""
        box = "tell-sm-arguments@sink.test"
        arguments = ["SIZE=2000", "BODY=8BITMIME", "RET=HDRS", "ENVID=abc"]
        with Client(self.sendmail.ports[DOCUMENTED], stranger=False) as client:
            client.say(f"MAIL FROM:<{SENDER}> {' '.join(arguments)}")
            client.say(f"RCPT TO:<{box}> NOTIFY=FAILURE")
            self.assertEqual(client.data_octets(HAM).code, 250)
        envelope = told(self.filter, box).envelope
        self.assertEqual((envelope["sender"], envelope["sender_args"]), (SENDER, arguments))
        rcpt = {"address": box, "args": ["NOTIFY=FAILURE"]}
        self.assertEqual(envelope["recipients"], [rcpt])


class SendmailFactsTests(SendmailCase):
    """What the filter learns of session and client."""

    def setUp(self) -> None:
        """Name a recipient of whose mail the filter tells."""
        super().setUp()
        self.box = f"tell-sm-{self._testMethodName.lower()}@sink.test"

    def connect(self) -> smtplib.SMTP:
        """A session at the documented filter."""
        port = self.sendmail.ports[DOCUMENTED]
        client = smtplib.SMTP("127.0.0.1", port, "client.live.test", timeout=40)
        self.addCleanup(client.close)
        client.ehlo()
        return client

    def test_session(self) -> None:
        """Queue id, client and names; Sendmail's name of itself is that of the port."""
        reply = self.send(HAM)
        envelope = told(self.filter, self.box).envelope
        self.assertEqual(envelope["queue_id"], reply.text.split()[1])
        self.assertEqual(envelope["client_ip"], "127.0.0.1")
        self.assertEqual(envelope["hostname"], "localhost")
        self.assertEqual(envelope["helo"], "client.live.test")
        self.assertEqual(envelope["mta_name"], DOCUMENTED)
        self.assertEqual((envelope["user"], envelope["tls"]), (None, None))
        record = self.filter.wait_record(self.mark, queue_id=envelope["queue_id"])
        self.assertEqual((record["ip"], record["recipients"]), ("127.0.0.1", [self.box]))
        # It takes the filter's list of macros: none is missing.
        self.assertNotRegex(self.filter.log(), r"the MTA '8\.")

    def test_ipv6(self) -> None:
        """An address of IPv6, which Sendmail writes with a prefix."""
        if self.sendmail.six is None:
            raise SkipTest("no ::1 on this host")
        with smtplib.SMTP("::1", self.sendmail.six, "client.live.test", timeout=40) as client:
            client.sendmail(SENDER, [self.box], HAM)
        self.assertEqual(told(self.filter, self.box).envelope["client_ip"], "::1")

    def test_tls(self) -> None:
        """Version and cipher; a client without a certificate has no names."""
        client = self.connect()
        client.starttls(context=self.sendmail.client_context())
        client.sendmail(SENDER, [self.box], HAM)
        facts = told(self.filter, self.box).envelope["tls"]
        self.assertRegex(facts["version"], r"^TLSv1\.[23]$")
        self.assertTrue(facts["cipher"])
        self.assertEqual((facts["cert_subject"], facts["cert_issuer"]), (None, None))

    def test_client_certificate(self) -> None:
        """Its names."""
        client = self.connect()
        context = self.sendmail.client_context()
        context.load_cert_chain(*self.sendmail.authority.issue("client", subject="server"))
        client.starttls(context=context)
        client.sendmail(SENDER, [self.box], HAM)
        facts = told(self.filter, self.box).envelope["tls"]
        self.assertEqual(facts["cert_subject"], "/CN=server")
        self.assertEqual(facts["cert_issuer"], "/CN=authority")

    def test_user(self) -> None:
        """Who has authenticated; not after a new session."""
        if why := why_no_sasl():
            raise SkipTest(why)
        client = self.connect()
        client.login(USER, PASSWORD)
        client.sendmail(SENDER, [self.box], HAM)
        self.assertEqual(told(self.filter, self.box).envelope["user"], USER)
        record = self.filter.wait_record(self.mark, user=USER)
        self.assertEqual(record["recipients"], [self.box])
        self.send(HAM)
        self.assertEqual(told(self.filter, self.box).envelope["user"], None)
