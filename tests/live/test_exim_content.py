"""What Exim and the filter see of a message is the same; many at once; other ways to ask."""

from mailfilter.client.mta.snippets import snippet
from mailfilter.config import load

from .delivered import OWN_FIELDS, header_lines, values
from .exim import RELAY, Exim
from .exim_case import GTUBE, EximCase, documented
from .harness import SENDER, body_of, message_file, shared_sink, wish
from .lines import lines_filter
from .processes import free_port
from .shapes import BARE_DOTS, DATED, SHAPES, SMUGGLED
from .threads import Threads
from .told import told

HAM = message_file("ham.eml")
LARGE = DATED + b"\r\n" + b"0123456789 abcdefghijklmnopqrstuvwxyz, and on it goes.\r\n" * 190_000
"""10 MB."""
FACES: tuple[tuple[bytes, int, list[str] | None], ...] = (
    (HAM, 250, []),
    (GTUBE, 550, None),
    (wish({"Action": "soft reject"}), 451, None),
    (wish({"Action": "add header"}), 250, ["Yes"]),
    (message_file("gtube-rewrite-subject.eml"), 250, ["Yes"]),
)
"""Messages, the replies to them, and the X-Spam-Status of what arrives."""
MESSAGES = 200
CLIENTS = 20


class EximContentTests(EximCase):
    """What is scanned is what Exim delivers, and is the same as without a filter."""

    def hand_in(self, shape: str, message: bytes, source: str = "") -> int:
        """Send a message in a session of its own; the code of the reply."""
        client = self.connect(source=source)
        client.envelope(SENDER, self.address(shape))
        code = client.data_octets(message).code
        client.vanish()
        return code

    def compare(self, shape: str, message: bytes) -> None:
        """Send one message that is scanned and one that is not."""
        box = self.address(shape)
        plain = self.hand_in(shape, message, RELAY)
        self.assertEqual(self.hand_in(shape, message), plain, shape)
        if plain != 250:
            return
        unscanned, scanned = [taken.message for taken in self.sink.wait_to(box, 2)]
        self.assertEqual(parts(scanned), parts(unscanned), shape)
        # Exim hands the message over as it lies in its spool: line ends of Unix.
        seen = told(self.filter, box).raw.replace(b"\r\n", b"\n")
        self.assertEqual(body_of(seen), body_of(scanned), shape)
        self.assertNotIn(b"\nX-Envelope-", seen[:4000], shape)
        self.assertTrue(seen.startswith(b"Received: from"), (shape, seen[:100]))

    def test_shapes(self) -> None:
        """Every shape: 8-bit, NUL, dots, long lines, long and folded fields, bare line ends."""
        for shape, message in SHAPES.items():
            self.compare(shape, message)

    def test_messages(self) -> None:
        """Messages as they are written."""
        for name in ("eight-bit.eml", "latin-1.eml", "dots.eml", "white-space.eml", "folded.eml"):
            self.compare(name, message_file(name))

    def test_large(self) -> None:
        """10 MB."""
        self.compare("large", LARGE)

    def test_bare_dots(self) -> None:
        """Whatever Exim takes for the end of a message, the filter sees what it delivers."""
        for shape, message in BARE_DOTS.items():
            client = self.connect()
            client.envelope(SENDER, self.address(shape))
            self.assertEqual(client.say("DATA").code, 354)
            client.send(message + b".\r\n")
            self.assertIn(client.answer().code // 100, (2, 5), shape)
            client.vanish()
        self.exim.wait_idle()
        scanned = {to for record in self.filter.records(self.mark) for to in record["recipients"]}
        for box in (SMUGGLED, *map(self.address, BARE_DOTS)):
            self.assertLessEqual(len(self.sink.to(box)), int(box in scanned) * 6, box)


class EximLoadTests(EximCase):
    """Many at once."""

    def test_load(self) -> None:
        """200 messages of five kinds, 20 at the same time: each has its own verdict."""

        def run(client: int) -> None:
            for number in range(client, MESSAGES, CLIENTS):
                text, code, _ = FACES[number % len(FACES)]
                reply = self.send(b"X-Number: %d\r\n" % number + text)
                assert reply.code == code, (number, reply)

        Threads(CLIENTS, run).join()
        self.exim.wait_idle()
        arrived = {
            values(text, "X-Number")[0]: values(text, "X-Spam-Status") for text in self.delivered()
        }
        self.assertEqual(
            arrived,
            {
                str(number): marks
                for number in range(MESSAGES)
                if (marks := FACES[number % len(FACES)][2]) is not None
            },
        )
        self.assertEqual(len(self.delivered()), len(arrived))
        self.assertEqual(len(self.filter.records(self.mark)), MESSAGES)


class EximServerTests(EximCase):
    """Other ways to name the filter, and the lines that its own command prints."""

    def check(self, text: str) -> None:
        """A message passes, another one is refused."""
        box = self.box = self.address(f"server-{free_port()}")
        self.exim = Exim(text, shared_sink().port)
        self.addCleanup(self.exim.stop)
        for _ in range(3):
            self.assertEqual(self.send(HAM).code, 250)
            self.assertEqual(self.send(GTUBE).code, 550)
        self.check_arrived(3)
        if "variant=rspamd" in text:
            self.assertEqual(told(self.filter, box).envelope["client_ip"], "127.0.0.1")

    def printed(self, name: str, listener: str) -> str:
        """What the filter's command prints for one of its listeners."""
        return snippet(name, load(str(self.filter.config)).config.listeners[listener])

    def test_printed(self) -> None:
        """TCP and a unix socket, with HTTP and without, in both variants."""
        for name in ("exim", "exim-sa"):
            for listener in ("scan", "spamd", "lines"):
                self.check(self.printed(name, listener))
        self.check(self.printed("exim", "hasty-accept"))

    def test_two(self) -> None:
        """Two, of which one is down: no message is deferred."""
        down = f"127.0.0.1 {free_port()} variant=rspamd"
        self.check(documented(f"{down} : 127.0.0.1 {self.filter.http}"))

    def test_two_ways(self) -> None:
        """Two that are there, one by socket."""
        socket = f"{lines_filter().lines} variant=rspamd"
        self.check(documented(f"{socket} : 127.0.0.1 {self.filter.http}"))

    def test_ipv6(self) -> None:
        """With another divider than the colon it is one server."""
        self.exim = Exim(documented(f"<; ::1 {free_port()}"), shared_sink().port)
        self.addCleanup(self.exim.stop)
        self.assertEqual(self.send(HAM).code, 451)
        self.assertIn("failed to connect to any address for ::1:", self.exim.log())


def parts(message: bytes) -> tuple[list[bytes], bytes]:
    """Fields of the sender, and the body."""
    foreign = (b"received:", b"return-path:", b"message-id:", b"date:", *OWN_FIELDS)
    fields = [line for line in header_lines(message) if not line.lower().startswith(foreign)]
    return fields, body_of(message)
