"""Mail through MTAs that ask by HTTP; the same cases for each of them."""

import contextlib
import functools
from collections.abc import Callable, Iterable
from typing import ClassVar

from mailfilter.client.control import ask
from mailfilter.codec.control import Answer

from .delivered import header_lines, values, without_ours
from .harness import SENDER, Filter, MtaCase, Reply, body_of, message_file, wish
from .processes import free_port, wait_until
from .sink import Sink
from .smtp import Client
from .threads import PATIENCE, Threads
from .told import told

HAM = message_file("ham.eml")
UNTOUCHED = (
    "ham-html.eml",
    "eight-bit.eml",
    "latin-1.eml",
    "white-space.eml",
    "dots.eml",
    "folded.eml",
    "no-subject.eml",
)
FORMS = ("", "-base64", "-qp")
"""Encodings of the test patterns."""
LARGE = HAM + b"0123456789 abcdefghijklmnopqrstuvwxyz, and on it goes.\r\n" * 187_000
"""10 MB."""
MESSAGES, AT_ONCE = 200, 20
UNIX = "scan.sock"


class ScanMtaCase(MtaCase):
    """Base: who sends, where it arrives, and the replies of this kind of MTA."""

    sink: Sink
    reject: ClassVar[str] = "{}"
    """The reply of a refusal, with its text."""
    soft_reject: ClassVar[str]
    """That of a soft reject."""
    default_soft_reject: ClassVar[str]
    """Its text where the filter has none."""
    away: ClassVar[int]
    """The code with which a message is deferred while the filter cannot be reached."""

    def address(self, name: str) -> str:
        """A recipient that no other test has."""
        return f"{type(self).__name__}-{name}@sink.test".lower()

    def wait_idle(self) -> None:
        """Wait until nothing is left to be delivered."""
        raise NotImplementedError

    def arrived(self, box: str) -> bytes:
        """The one message for a recipient."""
        (taken,) = self.sink.wait_to(box)
        return taken.message

    def check_arrived(self, count: int) -> None:
        """So many have arrived for this test's recipient, and no more come."""
        self.wait_idle()
        self.assertEqual(len(self.sink.to(self.box)), count)

    def check_refused(self, code: int, text: str, *wishes: tuple[str, str]) -> None:
        """A message with wishes gets that reply and does not arrive."""
        self.assertEqual(self.send(wish(wishes)), Reply(code, text))
        self.check_arrived(0)


class ScanMtaCases(ScanMtaCase):
    """What every kind of message becomes."""

    def test_untouched(self) -> None:
        """Header and body of mail that is not spam arrive as they were sent."""
        for name in UNTOUCHED:
            self.assertEqual(self.send(message_file(name), self.address(name)).code, 250)
        for name in UNTOUCHED:
            message, delivered = message_file(name), self.arrived(self.address(name))
            self.assertEqual(body_of(delivered), body_of(message), name)
            self.assertEqual(without_ours(delivered), without_ours(message), name)

    def test_shown(self) -> None:
        """The filter sees what the client has sent, below the field of the MTA."""
        for name in UNTOUCHED:
            box = f"tell-{self.address(name)}".replace(".eml", "")
            self.assertEqual(self.send(message_file(name), box).code, 250)
            raw = told(self.filter, box).raw
            message = message_file(name)
            self.assertTrue(raw.startswith(b"Received: from client.live.test"), raw)
            self.assertEqual(header_lines(raw)[1:], header_lines(message), name)
            self.assertEqual(body_of(raw).rstrip(), body_of(message).rstrip(), name)

    def test_gtube(self) -> None:
        """The test patterns in all encodings do what they ask for."""
        for form in FORMS:
            reply = self.send(message_file(f"gtube-reject{form}.eml"))
            self.assertEqual(reply, Reply(550, self.reject.format("Gtube pattern")))
            for name in ("add-header", "rewrite-subject", "no-action"):
                message = message_file(f"gtube-{name}{form}.eml")
                self.assertEqual(self.send(message, self.address(f"{name}{form}")).code, 250)
        self.check_arrived(0)
        for form in FORMS:
            self.assertTrue(self.is_marked(self.arrived(self.address(f"add-header{form}"))))
            subject = values(self.arrived(self.address(f"rewrite-subject{form}")), "Subject")
            self.assertEqual(subject, ["*** SPAM *** Test of the filter"])
            delivered = self.arrived(self.address(f"no-action{form}"))
            self.assertFalse(self.is_marked(delivered))

    def is_marked(self, message: bytes) -> bool:
        """Whether it has the fields that this MTA adds for the action `add header`."""
        raise NotImplementedError

    def test_subject(self) -> None:
        """A new one, not ASCII, in place of one that is folded, and where there was none."""
        wishes = ("Action", "rewrite subject"), ("Subject", "=?utf-8?Q?Pr=C3=BCfung_=C3=A4?=")
        names = ("ham.eml", "folded.eml", "no-subject.eml")
        for name in names:
            self.assertEqual(self.send(wish(wishes, name), self.address(f"new-{name}")).code, 250)
        for name in names:
            delivered = self.arrived(self.address(f"new-{name}"))
            self.assertEqual(values(delivered, "Subject"), ["Prüfung ä"])
            self.assertIn(b"Subject: =?", delivered)

    def test_soft_reject(self) -> None:
        """A soft reject is a 4xx reply, with the MTA's text."""
        text = self.soft_reject.format(self.default_soft_reject)
        self.check_refused(451, text, ("Action", "soft reject"))

    def test_soft_reject_text(self) -> None:
        """Its text is the check's; percent signs come through."""
        text = "wait, 100% sure, 5%s"
        wishes = ("Action", "soft reject"), ("Message", text)
        self.check_refused(451, self.soft_reject.format(text), *wishes)

    def test_reject_text(self) -> None:
        """A text of lines is one line, and ASCII."""
        wishes = ("Action", "reject"), ("Message", "=?utf-8?Q?Gr=C3=BC=C3=9Fe=0D=0A250_two?=")
        self.check_refused(550, self.reject.format("Gr??e 250 two"), *wishes)

    def test_symbols_reject(self) -> None:
        """Enough score refuses, with the text of the settings or of the MTA."""
        reply = self.send(wish([("Symbol", "FORCE_ONE 9"), ("Symbol", "FORCE_TWO 9")]))
        self.assertEqual(reply.code, 550)
        self.check_arrived(0)

    def test_greylist(self) -> None:
        """The action `greylist` by itself delays nothing."""
        self.assertEqual(self.send(wish([("Action", "greylist")])).code, 250)
        self.check_arrived(1)

    def test_unknown_actions(self) -> None:
        """These clients know neither `discard` nor `quarantine`: the message is delivered."""
        for action in ("discard", "quarantine"):
            self.assertEqual(self.send(wish([("Action", action)])).code, 250)
        self.check_arrived(2)

    def test_three_recipients(self) -> None:
        """One scan, of all three; each gets the message once."""
        boxes = [self.address(f"three-{number}") for number in range(3)]
        self.assertEqual(self.send(HAM, *boxes).code, 250)
        self.wait_idle()
        self.assertEqual([len(self.sink.to(box)) for box in boxes], [1, 1, 1])
        (record,) = self.filter.records(self.mark)
        self.assertEqual(record["recipients"], boxes)

    def test_null_sender(self) -> None:
        """A bounce comes from nobody."""
        self.assertEqual(self.send(message_file("bounce.eml"), sender="").code, 250)
        self.assertEqual(self.sink.wait_to(self.box)[0].sender, "")
        record = self.filter.wait_record(self.mark, message_id="bounce-1@example.org")
        self.assertEqual(record["sender"], "")
        self.assertEqual(record["recipients"], [self.box])

    def test_large(self) -> None:
        """10 MB arrive as they were sent."""
        self.addCleanup(self.sink.forget, self.box)
        self.assertEqual(self.send(LARGE).code, 250)
        self.assertEqual(body_of(self.arrived(self.box)), body_of(LARGE))
        self.assertGreater(self.filter.wait_record(self.mark)["size"], 10_000_000)

    def test_many(self) -> None:
        """200 messages, 20 at the same time: each arrives once and is scanned once."""

        with contextlib.ExitStack() as stack:
            # One after the other: some do not take many connections in the same moment.
            sessions = [
                stack.enter_context(Client(self.ports[self.service], stranger=False))
                for _ in range(AT_ONCE)
            ]

            def client(number: int) -> None:
                for count in range(number, MESSAGES, AT_ONCE):
                    sessions[number].envelope(SENDER, self.box)
                    message = b"X-Number: %d\r\n" % count + HAM
                    assert sessions[number].data_octets(message).code == 250

            Threads(AT_ONCE, client).join()
        self.check_arrived(MESSAGES)
        self.assertEqual(self.numbers(), sorted(map(str, range(MESSAGES))))
        self.assertEqual(len(self.filter.records(self.mark)), MESSAGES)

    def numbers(self) -> list[str]:
        """What the messages that have arrived have as their X-Number."""
        return numbers(taken.message for taken in self.sink.to(self.box))


class ClassicCases(ScanMtaCase):
    """A listener that tells the six actions that these clients know; `send` is through it."""

    def make_filter(self) -> Filter:
        """The one that has it."""
        return dressed_filter()

    def test_discard(self) -> None:
        """Told as reject."""
        self.assertEqual(self.send(wish([("Action", "discard")])).code, 550)
        self.check_arrived(0)

    def test_quarantine(self) -> None:
        """Told as add header."""
        self.assertEqual(self.send(wish([("Action", "quarantine")])).code, 250)
        self.assertTrue(values(self.arrived(self.box), "X-Spam-Score"))


class ScanAwayCases(ScanMtaCase):
    """The filter stops, is killed, or reloads. `send` is through an MTA that defers then."""

    def make_filter(self) -> Filter:
        """One that may be stopped."""
        own = away_filter()
        own.ensure_running()
        return own

    def test_stopped(self) -> None:
        """Mail is deferred, and goes on as soon as the filter is back."""
        self.assertEqual(self.send(HAM).code, 250)
        self.filter.stop()
        self.assertEqual(self.send(HAM).code, self.away)
        self.assertEqual(self.send(message_file("gtube-reject.eml")).code, self.away)
        self.filter.start()
        self.assertEqual(self.send(HAM).code, 250)
        self.check_arrived(2)

    def test_killed_in_scan(self) -> None:
        """A message whose scan breaks off is deferred, not accepted."""
        replies: list[Reply] = []
        client = Threads(1, lambda _: replies.append(self.send(wish({"Delay": "2.5"}))))
        wait_until(lambda: "force: waiting" in self.filter.log(self.mark), "the scan to begin")
        self.filter.kill()
        client.join()
        self.assertEqual(replies[0].code, self.away)
        self.check_arrived(0)

    def test_killed_under_load(self) -> None:
        """Killed in the middle: clients that try again lose nothing, and nothing comes twice."""
        codes = self.load(self.kill_and_start)
        self.assertEqual(codes, {250, self.away})

    def kill_and_start(self, codes: list[int]) -> None:
        """Kill the filter, wait until mail is deferred, start it again."""
        self.filter.kill()
        wait_until(lambda: self.away in codes, "a deferred message", 60)
        self.filter.start()

    def test_reload_under_load(self) -> None:
        """A reload is noticed by nobody."""

        def reload(_: list[int]) -> None:
            self.assertEqual(ask([self.filter.state], "reload"), Answer())

        self.assertEqual(self.load(reload), {250})

    def load(self, disturb: Callable[[list[int]], object]) -> set[int]:
        """Send from four clients, which try again what is deferred; disturb them.

        Checks that each message arrives once; returns the codes of all replies.
        """
        codes: list[int] = []

        def client(number: int) -> None:
            for count in range(15):
                self.until_taken(f"X-Number: {number}-{count}\r\n".encode() + HAM, codes)

        clients = Threads(4, client)
        wait_until(lambda: len(self.filter.records(self.mark)) >= 10, "ten messages")
        disturb(codes)
        clients.join()
        self.check_arrived(60)
        expected = sorted(f"{number}-{count}" for number in range(4) for count in range(15))
        self.assertEqual(numbers(taken.message for taken in self.sink.to(self.box)), expected)
        return set(codes)

    def until_taken(self, message: bytes, codes: list[int]) -> None:
        """Send a message until it is not deferred; collects the codes."""

        def taken() -> bool:
            codes.append(self.send(message).code)
            return codes[-1] != self.away

        wait_until(taken, "a message to be taken", PATIENCE / 2)


def numbers(messages: Iterable[bytes]) -> list[str]:
    """What messages have as their X-Number, in order."""
    return sorted(value for text in messages for value in values(text, "X-Number"))


_LISTENERS = """
[listeners.scan-unix]
protocol = "http"
endpoint = "unix:{home}/{socket}:mode=666"
idle_timeout = "2s"

[listeners.scan-classic]
protocol = "http"
endpoint = "tcp:{classic}:interface=127.0.0.1"
classic_actions = true
"""
_ROUTINES = """
[headers]
use = ["x-spamd-result", "x-virus", "remove-headers", "authentication-results"]
skip_local = false
skip_authenticated = false
virus_symbols = ["FORCE_TWO"]
virus_clean = "none here"
virus_infected = "found"
authserv_id = "mx.live.test"
remove = { X-Old = 0 }
"""


@functools.cache
def away_filter() -> Filter:
    """A filter that may be stopped, and takes no message over 11 MB."""
    own = Filter(start=False)
    own.configure('[scan]\nmax_message = "11MB"\n')
    return own


@functools.cache
def classic_port() -> int:
    """Where `dressed_filter` tells but six actions."""
    return free_port()


@functools.cache
def dressed_filter() -> Filter:
    """A filter whose routines add fields; it listens at a unix socket too."""
    own = Filter(start=False)
    listeners = _LISTENERS.format(home=own.home, socket=UNIX, classic=classic_port())
    own.configure(listeners + _ROUTINES)
    own.start()
    return own
