"""Names and addresses that are not ASCII, through Haraka: none of them gets mail past the filter.

The plugin `rspamd` throws on those that are beyond Latin-1, and Haraka goes on without it.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass

from .haraka import Haraka
from .haraka_case import HarakaCase, at_port
from .harness import SENDER, Reply, message_file, shared_filter, shared_sink
from .scan_mta import HAM
from .smtp import STRANGER, Client

GTUBE = message_file("gtube-reject.eml")
PATH = "path = /no where\n"
"""A request that Node.js refuses to send."""


@dataclass(frozen=True, slots=True)
class Names:
    """What a client says that it is, and of its mail; the encoding is that of its octets."""

    helo: str = "client.live.test"
    hostname: str = "client.live.test"
    sender: str = SENDER
    box: str = "bob"
    encoding: str = "utf-8"


BEYOND = (
    Names(helo="€"),
    Names(helo="\xff\xfe", encoding="latin_1"),
    Names(hostname="€.live.test"),
    Names(sender="€@example.org"),
    Names(sender="alice@€.example"),
    Names(box="€bob"),
    Names(helo="\N{PILE OF POO}", sender="日本@example.org", box="ボブ"),
)
"""What is beyond Latin-1 as Haraka reads it: as UTF-8, with U+FFFD for what is none."""
WITHIN = (Names(), Names(helo="é"), Names(sender="é@example.org"), Names(box="bøb"))
CONTROL = (
    Names(helo="a\x01b"),
    Names(helo="a\x7fb"),
    Names(sender="a\x01b@example.org"),
    Names(sender='"a\x00b"@example.org'),
    Names(box="a\x01b"),
    Names(box='"a\tb"'),
)


@functools.cache
def upstream() -> Haraka:
    """With the plugin `rspamd` itself, and everything else as documented."""
    return Haraka(at_port(shared_filter().http), shared_sink().port, scanner="rspamd")


def refused(filter_port: int, scanner: str, changes: Mapping[str, str]) -> Haraka:
    """One whose requests Node.js does not send."""
    return Haraka(at_port(filter_port) + PATH, shared_sink().port, changes, scanner=scanner)


class NamesCase(HarakaCase):
    """Base: a message from a client that calls itself and others as it likes."""

    def replies(self, names: Names, message: bytes) -> list[Reply]:
        """The replies to EHLO, MAIL, RCPT and the message."""
        with Client(self.haraka.port, stranger=False) as client:
            client.command_encoding = names.encoding
            client.docmd("XCLIENT", f"ADDR={STRANGER} NAME={names.hostname}")
            return [
                client.say(f"EHLO {names.helo}"),
                client.say(f"MAIL FROM:<{names.sender}>"),
                client.say(f"RCPT TO:<{self.recipient(names)}>"),
                client.data_octets(message),
            ]

    def recipient(self, names: Names) -> str:
        """One that no other test has."""
        return f"{names.box}-{self.box}" if names.box[0] != '"' else f"{names.box}@sink.test"

    def codes(self, names: Names, message: bytes) -> list[int]:
        """The codes of the replies."""
        return [reply.code for reply in self.replies(names, message)]


class HarakaNamesTests(NamesCase):
    """As documented."""

    def test_beyond(self) -> None:
        """Spam is refused, whatever names it comes with."""
        for names in (*BEYOND, *WITHIN):
            self.assertEqual(self.codes(names, GTUBE), [250, 250, 250, 550], names)
            self.assertEqual(self.sink.to(self.recipient(names)), [], names)

    def test_told(self) -> None:
        """The filter learns names and addresses as they are."""
        for names in (*BEYOND, *WITHIN):
            mark = self.filter.log_size()
            self.assertEqual(self.codes(names, HAM), [250] * 4, names)
            helo = "\ufffd\ufffd" if names.encoding == "latin_1" else names.helo
            self.filter.wait_record(
                mark, helo=helo, sender=names.sender, recipients=[self.recipient(names)]
            )

    def test_control(self) -> None:
        """Control characters are refused by Haraka: in EHLO, which then holds as it was."""
        for names in CONTROL:
            codes = self.codes(names, GTUBE)
            self.assertIn(501, codes, names)
            self.assertIn(codes[-1], (503, 550), names)

    def test_recipients(self) -> None:
        """With more recipients than the filter reads, spam is deferred; it never gets in."""
        for count, codes in ((1000, {550}), (20_000, {450, 550})):
            boxes = [f"{number}-{self.box}" for number in range(count)]
            with Client(self.haraka.port, stranger=False) as client:
                client.envelope(SENDER, *boxes)
                self.assertIn(client.data_octets(GTUBE).code, codes)


class HarakaRefusedTests(NamesCase):
    """A request that the plugin cannot make, for whatever reason."""

    def check(self, scanner: str, code: int, changes: Mapping[str, str] = {}) -> None:
        """What becomes of a message."""
        self.haraka = refused(self.filter.http, scanner, changes)
        self.addCleanup(self.haraka.stop)
        self.assertEqual(self.send(GTUBE).code, code)
        if scanner == "mailfilter":
            self.assertIn("not scanned: ", self.haraka.log())

    def test_deferred(self) -> None:
        """Deferred."""
        self.check("mailfilter", self.away)

    def test_accepted(self) -> None:
        """Let in, where errors are not to be deferred."""
        self.check("mailfilter", 250, {"error = true": "error = false"})

    def test_upstream(self) -> None:
        """The plugin itself does not look at `[defer]` then."""
        self.check("rspamd", 250)


class HarakaUpstreamTests(NamesCase):
    """The plugin `rspamd` by itself, which we say not to use."""

    def make_haraka(self) -> Haraka:
        """See `HarakaCase`."""
        return upstream()

    def test_beyond(self) -> None:
        """Spam gets in unscanned."""
        for names in BEYOND:
            self.assertEqual(self.codes(names, GTUBE), [250] * 4, names)
        self.assertEqual(self.filter.records(self.mark), [])

    def test_within(self) -> None:
        """What is Latin-1 is scanned, but is not told as UTF-8."""
        for names in WITHIN:
            self.assertEqual(self.codes(names, GTUBE), [250, 250, 250, 550], names)
