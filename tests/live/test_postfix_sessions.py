"""SMTP sessions of every course: what was broken off leaves nothing behind in the next message."""

from collections.abc import Callable

from .delivered import values
from .harness import SENDER, PostfixCase, body_of, message_file, wish
from .processes import wait_until
from .smtp import Client
from .told import told

HAM = message_file("ham.eml")
SERVICES = ("tcp", "unix", "documented", "v4", "v3", "v2")
FIRST = "first@example.org"
OTHER = "other@box.test"
NOBODY = "nobody@elsewhere.test"

Step = Callable[[Client], object]


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
    assert client.say(f"RCPT TO:<{NOBODY}>").code // 100 == 5


def refused_data(client: Client) -> None:
    """Try to send it."""
    refused(client)
    assert client.say("DATA").code // 100 == 5


def chunk(client: Client) -> None:
    """Begin a message and send a part of it."""
    rcpt(client)
    part = b"X-Left: behind\r\n\r\nbody\r\nmo"
    client.send(b"BDAT %d\r\n%b" % (len(part), part))
    assert client.answer().code == 250


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


def nothing(client: Client) -> None:
    """Only the greeting."""


STEPS: tuple[Step, ...] = (
    *(nothing, mail, rcpt, refused, refused_data),
    *(chunk, message, rejected),
)
"""After each of these a client may say RSET or EHLO."""


class SessionTests(PostfixCase):
    """One connection, several messages."""

    def setUp(self) -> None:
        """Name the recipient of whose mail the filter tells."""
        super().setUp()
        self.rcpt = f"tell-{self._testMethodName}@sink.test"

    def connect(self, service: str = "tcp") -> Client:
        """A session of a client from outside."""
        return Client(self.postfix.ports[service])

    def check_clean(self, client: Client) -> None:
        """Send a message: the filter sees that and nothing else."""
        client.envelope(SENDER, self.rcpt)
        self.assertEqual(client.data_octets(HAM).code, 250)
        shown = told(self.filter, self.rcpt)
        self.assertEqual(shown.raw, HAM)
        self.assertEqual(shown.recipients, [self.rcpt])
        self.assertEqual((shown.envelope["sender"], shown.envelope["sender_args"]), (SENDER, []))
        self.assertIsNone(shown.envelope["user"])

    def break_off(self, command: str) -> None:
        """At each step of a session break off by a command, then send a message."""
        for service in SERVICES:
            with self.connect(service) as client:
                for step in STEPS:
                    step(client)
                    self.assertEqual(client.say(command).code, 250)
                    self.check_clean(client)
        self.postfix.wait_idle()
        self.assertEqual(len(self.sink.to(self.rcpt)), len(STEPS) * len(SERVICES))

    def test_rset(self) -> None:
        """RSET."""
        self.break_off("RSET")

    def test_ehlo(self) -> None:
        """A second EHLO, which ends a message too."""
        self.break_off("EHLO client.live.test")

    def test_unknown_commands(self) -> None:
        """A command that Postfix does not know, between any two."""
        for service in SERVICES:
            with self.connect(service) as client:
                for command in (f"MAIL FROM:<{SENDER}>", f"RCPT TO:<{self.rcpt}>", "NOOP"):
                    self.assertEqual(client.say("XYZZY open the door").code // 100, 5)
                    self.assertEqual(client.say(command).code, 250)
                self.assertEqual(client.say("XYZZY").code // 100, 5)
                self.assertEqual(client.data_octets(HAM).code, 250)
            self.assertEqual(told(self.filter, self.rcpt).raw, HAM)

    def test_pipelined(self) -> None:
        """Commands in one piece, and the next message's in one with the text of this one."""
        envelope = f"MAIL FROM:<{SENDER}>\r\nRCPT TO:<{self.rcpt}>\r\nRCPT TO:<{NOBODY}>\r\n"
        envelope += f"RCPT TO:<{self.out}>\r\nDATA\r\n"
        dropped = f"RSET\r\nMAIL FROM:<{FIRST}>\r\nRCPT TO:<{OTHER}>\r\nRSET\r\n"
        for service in SERVICES:
            with self.connect(service) as client:
                client.send(envelope.encode())
                for _ in range(3):
                    codes = [client.answer().code for _ in range(5)]
                    self.assertEqual(codes, [250, 250, 554, 250, 354])
                    client.send(HAM + b".\r\n" + dropped.encode() + envelope.encode())
                    codes = [client.answer().code for _ in range(5)]
                    self.assertEqual(codes, [250] * 5)
                    shown = told(self.filter, self.rcpt)
                    self.assertEqual(shown.recipients, [self.rcpt, self.out])
                    self.assertEqual(shown.raw, HAM)
                client.vanish()
        self.postfix.wait_idle()
        self.assertEqual(len(self.sink.to(self.rcpt)), 3 * len(SERVICES))

    def test_vanish(self) -> None:
        """The client is gone at any step: no message, no complaint, and nothing stays open."""
        for service in SERVICES:
            for step in (*STEPS[:6], data, half):
                client = self.connect(service)
                step(client)
                client.vanish()
            with self.connect(service) as client:
                self.check_clean(client)
        wait_until(self.is_quiet, "the connections of Postfix to end")
        self.postfix.wait_idle()
        records = self.filter.records(self.mark)
        self.assertEqual([record["recipients"] for record in records], [[self.rcpt]] * 6)

    def is_quiet(self) -> bool:
        """No connection is open."""
        return self.filter.connections() <= 0

    def test_vanish_in_scan(self) -> None:
        """The client does not wait for the answer: the message arrives once, or not at all."""
        client = self.connect()
        client.envelope(SENDER, self.out)
        assert client.say("DATA").code == 354
        client.send(wish({"Delay": "1"}) + b".\r\n")
        wait_until(lambda: "force: waiting" in self.filter.log(self.mark), "the scan to begin")
        client.vanish()
        self.filter.wait_record(self.mark, recipients=[self.out])
        self.postfix.wait_idle()
        self.assertLessEqual(len(self.sink.to(self.out)), 1)
        with self.connect() as client:
            self.check_clean(client)

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
                top = b"X-Number: %d\r\n" % number
                self.assertEqual(client.data_octets(top + text).code, code)
        arrived = self.postfix.wait_mailbox(self.box, 16)
        self.postfix.wait_idle()
        numbers = sorted(int(values(text, "X-Number")[0]) for text in arrived)
        self.assertEqual(numbers, [n for n in range(40) if n % 5 in (0, 4)])
        marked = [int(values(text, "X-Number")[0]) % 5 for text in arrived if _is_marked(text)]
        self.assertEqual(set(marked), {4})
        self.assertEqual({body_of(text) for text in arrived}, {body_of(HAM)})
        senders = [record["sender"] for record in self.filter.records(self.mark)]
        self.assertEqual(senders, [f"n{number}@example.org" for number in range(40)])


def _is_marked(text: bytes) -> bool:
    return values(text, "X-Spam") == ["Yes"]
