"""What Postfix tells of client, sender and recipients, as the filter reads it."""

import smtplib
from typing import Any

from .harness import SENDER, PostfixCase, message_file
from .smtp import Client
from .told import Told, told

HAM = message_file("ham.eml")
SERVICES = ("tcp", "unix", "documented", "v4", "v3", "v2")


class EnvelopeCase(PostfixCase):
    """Base: every test has a recipient of whose mail the filter tells."""

    def setUp(self) -> None:
        """Name the recipient."""
        super().setUp()
        self.rcpt = f"tell-{self._testMethodName}@box.test".lower()

    def tell(self, client: smtplib.SMTP, *, sender: str = SENDER) -> Told:
        """Send a message over a session, and end that; what the filter was shown."""
        with client:
            client.sendmail(sender, [self.rcpt], HAM)
        return told(self.filter, self.rcpt)

    def connect(self, service: str = "tcp", *attributes: str) -> Client:
        """A session, for somebody else if there are attributes for XCLIENT."""
        client = Client(self.postfix.ports[service], stranger=False)
        if attributes:
            client.xclient(*attributes)
        return client


class ClientTests(EnvelopeCase):
    """Who sends."""

    def client(self, *attributes: str) -> tuple[Any, Any]:
        """Address and name that the filter sees of a client, on all ways the same."""
        seen = set()
        for service in SERVICES:
            envelope = self.tell(self.connect(service, *attributes)).envelope
            seen.add((envelope["client_ip"], envelope["hostname"]))
        self.assertEqual(len(seen), 1, seen)
        return seen.pop()

    def test_ipv4(self) -> None:
        """Address and name."""
        seen = self.client("ADDR=203.0.113.5", "NAME=mail.example.net")
        self.assertEqual(seen, ("203.0.113.5", "mail.example.net"))

    def test_ipv6(self) -> None:
        """Address and name."""
        seen = self.client("ADDR=IPV6:2001:db8::5", "NAME=six.example.net")
        self.assertEqual(seen, ("2001:db8::5", "six.example.net"))

    def test_no_name(self) -> None:
        """A client whose address has no name, or whose name cannot be looked up now."""
        for name in ("[UNAVAILABLE]", "[TEMPUNAVAIL]"):
            seen = self.client("ADDR=203.0.113.5", f"NAME={name}")
            self.assertEqual(seen, ("203.0.113.5", None))
            seen = self.client("ADDR=IPV6:2001:db8::5", f"NAME={name}")
            self.assertEqual(seen, ("2001:db8::5", None))

    def test_no_address(self) -> None:
        """A client of which nothing is known."""
        self.assertEqual(self.client("ADDR=[UNAVAILABLE]", "NAME=[UNAVAILABLE]"), (None, None))

    def test_own(self) -> None:
        """A client on this host."""
        self.assertEqual(self.client()[0], "127.0.0.1")

    def test_helo(self) -> None:
        """The name in the last EHLO or HELO."""
        client = self.connect()
        client.ehlo("first.example.net")
        client.helo("second.example.net")
        self.assertEqual(self.tell(client).envelope["helo"], "second.example.net")

    def test_mta(self) -> None:
        """The name of the MTA, and the queue id that the client is told."""
        for service in SERVICES:
            with self.connect(service) as client:
                client.envelope(SENDER, self.rcpt)
                reply = client.data_octets(HAM)
            envelope = told(self.filter, self.rcpt).envelope
            self.assertEqual(envelope["mta_name"], "mx.live.test")
            self.assertEqual(envelope["queue_id"], reply.text.split()[-1])


class AddressTests(EnvelopeCase):
    """From whom, and to whom."""

    def test_arguments(self) -> None:
        """Those of ESMTP belong to the addresses, and are none."""
        for service in SERVICES:
            with self.connect(service) as client:
                client.say(f"MAIL FROM:<{SENDER}> SIZE=500 BODY=8BITMIME RET=HDRS ENVID=x1")
                client.say(f"RCPT TO:<{self.rcpt}> NOTIFY=NEVER ORCPT=rfc822;other@box.test")
                client.say(f"RCPT TO:<{self.box}>")
                self.assertEqual(client.data_octets(HAM).code, 250)
            envelope = told(self.filter, self.rcpt).envelope
            self.assertEqual(envelope["sender"], SENDER)
            arguments = ["SIZE=500", "BODY=8BITMIME", "RET=HDRS", "ENVID=x1"]
            self.assertEqual(envelope["sender_args"], arguments)
            notify = ["NOTIFY=NEVER", "ORCPT=rfc822;other@box.test"]
            recipients = [(self.rcpt, notify), (self.box, [])]
            seen = [(item["address"], item["args"]) for item in envelope["recipients"]]
            self.assertEqual(seen, recipients)

    def test_null_sender(self) -> None:
        """It is empty, not absent."""
        for service in SERVICES:
            self.assertEqual(self.tell(self.connect(service), sender="").envelope["sender"], "")

    def test_quoted(self) -> None:
        """A local part in quotes."""
        with self.connect() as client:
            client.envelope('"a b,c"@example.org', self.rcpt)
            client.data_octets(HAM)
        self.assertEqual(told(self.filter, self.rcpt).envelope["sender"], '"a b,c"@example.org')

    def test_utf8(self) -> None:
        """Addresses that are not ASCII."""
        sender = "jürgen@example.org"
        with self.connect() as client:
            client.send(f"MAIL FROM:<{sender}> SMTPUTF8\r\nRCPT TO:<{self.rcpt}>\r\n".encode())
            self.assertEqual([client.answer().code for _ in range(2)], [250, 250])
            self.assertEqual(client.data_octets(HAM).code, 250)
        envelope = told(self.filter, self.rcpt).envelope
        self.assertEqual((envelope["sender"], envelope["sender_args"]), (sender, ["SMTPUTF8"]))

    def test_twenty(self) -> None:
        """Twenty recipients, and one that is refused among them: each of the others once."""
        boxes = [self.rcpt, *(f"twenty-{number}@box.test" for number in range(1, 20))]
        for service in ("tcp", "v2"):
            with self.connect(service) as client:
                client.say(f"MAIL FROM:<{SENDER}>")
                codes = [client.say(f"RCPT TO:<{box}>").code for box in boxes[:10]]
                refused = client.say("RCPT TO:<nobody@elsewhere.test>")
                codes += [client.say(f"RCPT TO:<{box}>").code for box in boxes[10:]]
                self.assertEqual(client.data_octets(HAM).code, 250)
            self.assertEqual((set(codes), refused.code // 100), ({250}, 5))
            self.assertEqual(told(self.filter, self.rcpt).recipients, boxes)
        for box in boxes:
            self.postfix.wait_mailbox(box, 2)
        self.postfix.wait_idle()
        self.assertEqual({len(self.postfix.mailbox(box)) for box in boxes}, {2})

    def test_all_refused(self) -> None:
        """Without a recipient nothing is scanned, and the next message is whole."""
        with self.connect() as client:
            client.envelope("first@example.org", "nobody@elsewhere.test")
            self.assertEqual(client.say("DATA").code // 100, 5)
            client.say("RSET")
            self.assertEqual(self.tell(client).recipients, [self.rcpt])
