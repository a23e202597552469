"""SMTP sessions of every course; the same cases for every MTA."""

import contextlib
from collections.abc import Callable, Sequence
from typing import ClassVar

from .delivered import values
from .forced import ForcedCase
from .harness import SENDER, body_of, message_file, wish
from .processes import wait_until
from .smtp import Client
from .threads import Threads
from .told import told

HAM = message_file("ham.eml")
FIRST = "first@example.org"

Step = Callable[[Client], object]

KINDS = (
    (HAM, 250),
    (message_file("gtube-reject.eml"), 554),
    (wish({"Action": "soft reject"}), 451),
    (wish({"Action": "discard"}), 250),
    (wish({"Action": "add header"}), 250),
)
"""Messages, and the replies to them."""
SESSIONS = 50
EACH = 10
"""Messages of each session."""


class CourseCases(ForcedCase):
    """What was broken off leaves nothing behind in the next message.

    `box` is a recipient of whose mail the filter tells.
    """

    services: ClassVar[Sequence[str]]
    other: ClassVar[str]
    """A recipient of mail that is broken off."""
    nobody: ClassVar[str]
    """One that the MTA refuses."""
    has_bdat: ClassVar[bool] = True
    is_impatient: ClassVar[bool] = False
    """The MTA slows down clients that say EHLO too often in a session."""

    def connect(self, service: str = "") -> Client:
        """A session; with the usual service unless another is named."""
        raise NotImplementedError

    def mail(self, client: Client) -> None:
        """Begin a message from `FIRST`."""
        assert client.say(f"MAIL FROM:<{FIRST}> BODY=8BITMIME").code == 250

    def rcpt(self, client: Client) -> None:
        """Begin a message to another recipient."""
        self.mail(client)
        assert client.say(f"RCPT TO:<{self.other}>").code == 250

    def refused(self, client: Client) -> None:
        """Begin a message that has only a refused recipient."""
        self.mail(client)
        assert client.say(f"RCPT TO:<{self.nobody}>").code // 100 == 5

    def refused_data(self, client: Client) -> None:
        """Try to send it."""
        self.refused(client)
        assert client.say("DATA").code // 100 == 5

    def chunk(self, client: Client) -> None:
        """Begin a message and send a part of it."""
        self.rcpt(client)
        part = b"X-Left: behind\r\n\r\nbody\r\nmo"
        client.send(b"BDAT %d\r\n%b" % (len(part), part))
        assert client.answer().code == 250

    def data(self, client: Client) -> None:
        """Begin a message and ask to send it."""
        self.rcpt(client)
        assert client.say("DATA").code == 354

    def half(self, client: Client) -> None:
        """Send half of a message."""
        self.data(client)
        client.send(b"X-Left: behind\r\n\r\n" + b"some text\r\n" * 20000)

    def whole(self, client: Client) -> None:
        """Send a whole message."""
        self.rcpt(client)
        assert client.data_octets(b"X-Left: behind\r\n" + HAM).code == 250

    def rejected(self, client: Client) -> None:
        """Send a message that the filter refuses."""
        self.rcpt(client)
        assert client.data_octets(message_file("gtube-reject.eml")).code == 554

    def nothing(self, client: Client) -> None:
        """Only the greeting."""

    def steps(self) -> Sequence[Step]:
        """After each of these a client may say RSET or EHLO."""
        steps = [self.nothing, self.mail, self.rcpt, self.refused, self.refused_data]
        return (*steps, *[self.chunk] * self.has_bdat, self.whole, self.rejected)

    def broken(self) -> Sequence[Step]:
        """After each of these a message is not complete."""
        steps = [self.nothing, self.mail, self.rcpt, self.refused, self.refused_data]
        return (*steps, *[self.chunk] * self.has_bdat, self.data, self.half)

    def check_clean(self, client: Client) -> None:
        """Send a message: the filter sees that and nothing else."""
        client.envelope(SENDER, self.box)
        self.assertEqual(client.data_octets(HAM).code, 250)
        shown = told(self.filter, self.box)
        self.assertEqual(shown.raw, HAM)
        self.assertEqual(shown.recipients, [self.box])
        self.assertEqual((shown.envelope["sender"], shown.envelope["sender_args"]), (SENDER, []))
        self.assertIsNone(shown.envelope["user"])

    def check_count(self, count: int) -> None:
        """So many messages have arrived, and no more come."""
        self.wait_idle()
        self.assertEqual(len(self.delivered()), count)

    def break_off(self, command: str) -> None:
        """At each step of a session break off by a command, then send a message."""
        for service in self.services:
            with contextlib.ExitStack() as stack:
                client = stack.enter_context(self.connect(service))
                for step in self.steps():
                    step(client)
                    self.assertEqual(client.say(command).code, 250)
                    self.check_clean(client)
                    if self.is_impatient:
                        client = stack.enter_context(self.connect(service))
        self.check_count(len(self.steps()) * len(self.services))

    def test_rset(self) -> None:
        """RSET; of which Sendmail tells the filter nothing."""
        self.break_off("RSET")

    def test_ehlo(self) -> None:
        """A second EHLO, which ends a message too."""
        self.break_off("EHLO client.live.test")

    def test_unknown_commands(self) -> None:
        """A command that the MTA does not know, between any two."""
        for service in self.services:
            with self.connect(service) as client:
                for command in (f"MAIL FROM:<{SENDER}>", f"RCPT TO:<{self.box}>", "NOOP"):
                    self.assertEqual(client.say("XYZZY open the door").code, 500)
                    self.assertEqual(client.say(command).code, 250)
                self.assertEqual(client.say("XYZZY").code, 500)
                self.assertEqual(client.data_octets(HAM).code, 250)
            self.assertEqual(told(self.filter, self.box).raw, HAM)

    def test_pipelined(self) -> None:
        """Commands in one piece, and the next message's in one with the text of this one."""
        recipients = "".join(f"RCPT TO:<{to}>\r\n" for to in (self.box, self.nobody, self.other))
        envelope = f"MAIL FROM:<{SENDER}>\r\n{recipients}DATA\r\n"
        dropped = f"RSET\r\nMAIL FROM:<{FIRST}>\r\nRCPT TO:<{self.other}>\r\nRSET\r\n"
        for service in self.services:
            with self.connect(service) as client:
                client.send(envelope.encode())
                for _ in range(3):
                    mail, first, refused, second, data = [client.answer().code for _ in range(5)]
                    self.assertEqual((mail, first, second, data), (250, 250, 250, 354))
                    self.assertEqual(refused // 100, 5)
                    client.send(HAM + b".\r\n" + dropped.encode() + envelope.encode())
                    self.assertEqual([client.answer().code for _ in range(5)], [250] * 5)
                    shown = told(self.filter, self.box)
                    self.assertEqual(shown.recipients, [self.box, self.other])
                    self.assertEqual(shown.raw, HAM)
                client.vanish()
        self.check_count(3 * len(self.services))

    def test_vanish(self) -> None:
        """The client is gone at any step: no message, no complaint, and nothing stays open."""
        for service in self.services:
            for step in self.broken():
                client = self.connect(service)
                step(client)
                client.vanish()
            with self.connect(service) as client:
                self.check_clean(client)
        wait_until(self.is_quiet, "the connections of the MTA to end", 60)
        self.wait_idle()
        records = [record["recipients"] for record in self.filter.records(self.mark)]
        self.assertEqual(records, [[self.box]] * len(self.services))

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
        arrived = len(self.delivered())
        self.assertLessEqual(arrived, 1)
        with self.connect() as client:
            self.check_clean(client)
        self.check_count(arrived + 1)

    def test_mixed(self) -> None:
        """Every kind of end, in turn, on one connection: each message has its own."""
        with self.connect() as client:
            for number in range(40):
                text, code = KINDS[number % len(KINDS)]
                client.envelope(f"n{number}@example.org", self.box)
                self.assertEqual(client.data_octets(numbered(number) + text).code, code)
        self.wait_idle()
        marks = {number_of(text): values(text, "X-Spam") for text in self.delivered()}
        expected = {n: ["Yes"] if n % 5 == 4 else [] for n in range(40) if n % 5 in (0, 4)}
        self.assertEqual(marks, expected)
        self.assertEqual({body_of(text) for text in self.delivered()}, {body_of(HAM)})
        senders = [record["sender"] for record in self.filter.records(self.mark)]
        self.assertEqual(senders, [f"n{number}@example.org" for number in range(40)])

    def test_many_sessions(self) -> None:
        """50 sessions of 10 messages at the same time: 500 arrive, each once."""

        def run(session: int) -> None:
            with self.connect(self.services[session % len(self.services)]) as client:
                for number in range(session * EACH, (session + 1) * EACH):
                    client.envelope(SENDER, self.box)
                    assert client.data_octets(numbered(number) + HAM).code == 250

        Threads(SESSIONS, run).join()
        self.check_count(SESSIONS * EACH)
        arrived = self.delivered()
        self.assertEqual(sorted(map(number_of, arrived)), list(range(SESSIONS * EACH)))
        self.assertEqual({body_of(text) for text in arrived}, {body_of(HAM)})
        self.assertEqual(len(self.filter.records(self.mark)), SESSIONS * EACH)


def numbered(number: int) -> bytes:
    """A field to know a message by."""
    return b"X-Number: %d\r\n" % number


def number_of(message: bytes) -> int:
    """Its value."""
    (value,) = values(message, "X-Number")
    return int(value)
