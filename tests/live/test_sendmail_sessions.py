"""SMTP sessions of every course through Sendmail, which tells the filter nothing of a RSET."""

import threading
from collections.abc import Callable

from .delivered import values
from .harness import SENDER, body_of, message_file, wish
from .processes import wait_until
from .sendmail import DOCUMENTED, REFUSED
from .sendmail_case import SendmailCase
from .smtp import Client
from .told import told

HAM = message_file("ham.eml")
SERVICES = (DOCUMENTED, "unix", "open")
FIRST = "first@example.org"
OTHER = "other-sm@sink.test"

Step = Callable[[Client], object]


def nothing(client: Client) -> None:
    """Only the greeting."""


def mail(client: Client) -> None:
    """Begin a message from `FIRST`."""
    assert client.say(f"MAIL FROM:<{FIRST}> BODY=8BITMIME").code == 250


def rcpt(client: Client) -> None:
    """Begin a message to `OTHER`."""
    mail(client)
    assert client.say(f"RCPT TO:<{OTHER}>").code == 250


def refused(client: Client) -> None:
    """Begin a message that has only a refused recipient."""
    mail(client)
    assert client.say(f"RCPT TO:<{REFUSED}>").code == 550


def data(client: Client) -> None:
    """Begin a message and ask to send it."""
    rcpt(client)
    assert client.say("DATA").code == 354


def half(client: Client) -> None:
    """Send half of a message."""
    data(client)
    client.send(b"X-Left: behind\r\n\r\n" + b"some text\r\n" * 20000)


def message(client: Client) -> None:
    """Send a whole message."""
    rcpt(client)
    assert client.data_octets(b"X-Left: behind\r\n" + HAM).code == 250


def rejected(client: Client) -> None:
    """Send a message that the filter refuses."""
    rcpt(client)
    assert client.data_octets(message_file("gtube-reject.eml")).code == 554


class SendmailSessionTests(SendmailCase):
    """What was broken off leaves nothing behind in the next message."""

    def setUp(self) -> None:
        """Name the recipient of whose mail the filter tells."""
        super().setUp()
        self.box = f"tell-sm-{self._testMethodName}@sink.test"

    def connect(self, service: str = DOCUMENTED) -> Client:
        """A session."""
        return Client(self.sendmail.ports[service], stranger=False)

    def check_clean(self, client: Client) -> None:
        """Send a message: the filter sees that and nothing else."""
        client.envelope(SENDER, self.box)
        self.assertEqual(client.data_octets(HAM).code, 250)
        shown = told(self.filter, self.box)
        self.assertEqual(shown.raw, HAM)
        self.assertEqual(shown.recipients, [self.box])
        self.assertEqual((shown.envelope["sender"], shown.envelope["sender_args"]), (SENDER, []))

    def break_off(self, command: str, code: int) -> None:
        """At each step of a session say a command, then send a message."""
        steps: tuple[Step, ...] = (nothing, mail, rcpt, refused, message, rejected)
        for service in SERVICES:
            for step in steps:
                with self.connect(service) as client:
                    step(client)
                    self.assertEqual(client.say(command).code, code)
                    self.check_clean(client)
        self.wait_idle()
        self.assertEqual(len(self.delivered()), len(steps) * len(SERVICES))

    def test_rset(self) -> None:
        """RSET: the next MAIL comes without an abort of the message before it."""
        self.break_off("RSET", 250)

    def test_ehlo(self) -> None:
        """A second EHLO, which ends a message too."""
        self.break_off("EHLO client.live.test", 250)

    def test_unknown_commands(self) -> None:
        """A command that Sendmail does not know, between any two."""
        for service in SERVICES:
            with self.connect(service) as client:
                for command in (f"MAIL FROM:<{SENDER}>", f"RCPT TO:<{self.box}>", "NOOP"):
                    self.assertEqual(client.say("XYZZY open the door").code, 500)
                    self.assertEqual(client.say(command).code, 250)
                self.assertEqual(client.say("XYZZY").code, 500)
                self.assertEqual(client.data_octets(HAM).code, 250)
            self.assertEqual(told(self.filter, self.box).raw, HAM)

    def test_vanish(self) -> None:
        """The client is gone at any step: no message, no complaint, and nothing stays open."""
        for service in SERVICES:
            for step in (nothing, mail, rcpt, refused, data, half):
                client = self.connect(service)
                step(client)
                client.vanish()
            with self.connect(service) as client:
                self.check_clean(client)
        wait_until(self.is_quiet, "the connections of Sendmail to end", 30)
        self.wait_idle()
        records = self.filter.records(self.mark)
        self.assertEqual([record["recipients"] for record in records], [[self.box]] * len(SERVICES))

    def is_quiet(self) -> bool:
        """No connection to the filter is left."""
        return not any(each["connections"] for each in self.filter.status()["listeners"].values())

    def test_vanish_in_scan(self) -> None:
        """The client does not wait for the answer: the message arrives once, or not at all."""
        client = self.connect()
        client.envelope(SENDER, self.box)
        self.assertEqual(client.say("DATA").code, 354)
        client.send(wish({"Delay": "1"}) + b".\r\n")
        wait_until(lambda: "force: waiting" in self.filter.log(self.mark), "the scan to begin")
        client.vanish()
        self.filter.wait_record(self.mark, recipients=[self.box])
        self.wait_idle()
        self.assertLessEqual(len(self.delivered()), 1)

    def test_pipelined(self) -> None:
        """Commands in one piece, and the next message's in one with the text of this one."""
        envelope = (
            f"MAIL FROM:<{SENDER}>\r\nRCPT TO:<{self.box}>\r\nRCPT TO:<{REFUSED}>\r\nDATA\r\n"
        )
        dropped = f"RSET\r\nMAIL FROM:<{FIRST}>\r\nRCPT TO:<{OTHER}>\r\nRSET\r\n"
        with self.connect() as client:
            client.send(envelope.encode())
            for _ in range(3):
                codes = [client.answer().code for _ in range(4)]
                self.assertEqual(codes, [250, 250, 550, 354])
                client.send(HAM + b".\r\n" + dropped.encode() + envelope.encode())
                self.assertEqual([client.answer().code for _ in range(5)], [250] * 5)
                shown = told(self.filter, self.box)
                self.assertEqual((shown.recipients, shown.raw), ([self.box], HAM))
            client.vanish()
        self.wait_idle()
        self.assertEqual(len(self.delivered()), 3)

    def test_mixed(self) -> None:
        """Every kind of end, in turn, on one connection: each message has its own."""
        kinds = (
            (HAM, 250),
            (message_file("gtube-reject.eml"), 554),
            (wish({"Action": "soft reject"}), 451),
            (wish({"Action": "discard"}), 250),
            (wish({"Action": "add header"}), 250),
        )
        with self.connect() as client:
            for number in range(40):
                text, code = kinds[number % len(kinds)]
                client.envelope(f"n{number}@example.org", self.box)
                self.assertEqual(client.data_octets(numbered(number) + text).code, code)
        self.wait_idle()
        marks = {number_of(text): values(text, "X-Spam") for text in self.delivered()}
        expected = {str(n): ["Yes"] if n % 5 == 4 else [] for n in range(40) if n % 5 in (0, 4)}
        self.assertEqual(marks, expected)
        senders = [record["sender"] for record in self.filter.records(self.mark)]
        self.assertEqual(senders, [f"n{number}@example.org" for number in range(40)])

    def test_parallel(self) -> None:
        """20 sessions of 5 messages at the same time: 100 in the sink, each once."""
        codes: list[int] = []

        def run(session: int) -> None:
            with self.connect(SERVICES[session % len(SERVICES)]) as client:
                for count in range(5):
                    client.envelope(SENDER, self.box)
                    codes.append(client.data_octets(numbered(session * 5 + count) + HAM).code)

        threads = [threading.Thread(target=run, args=(number,)) for number in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(codes, [250] * 100)
        self.wait_idle()
        arrived = self.delivered()
        self.assertEqual(sorted(int(number_of(text)) for text in arrived), list(range(100)))
        self.assertEqual({body_of(text) for text in arrived}, {body_of(HAM)})


def numbered(number: int) -> bytes:
    """A field to know a message by."""
    return b"X-Number: %d\r\n" % number


def number_of(message: bytes) -> str:
    """Its value."""
    (value,) = values(message, "X-Number")
    return value
