"""Messages of every shape: what is scanned is what is delivered, and as if there were no filter."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from .delivered import OWN_FIELDS
from .harness import SENDER, PostfixCase, Reply
from .shapes import BARE_DOTS, LARGE, SHAPES, SMUGGLED
from .smtp import Client
from .told import told

_MADE = re.compile(
    rb"(?m)^(Message-Id: <)[0-9]{14}[^>]*(?=@mx\.live\.test>)|^(Date:).*[0-9] \([A-Z]+\)"
)
"""What Postfix itself puts into a header that lacks it: no two are the same."""
_FIELD_END = re.compile(rb"(?<=\r\n)(?![ \t])")


@dataclass(frozen=True, slots=True)
class Way:
    """A service of Postfix, and how the message gets to it."""

    service: str
    by_bdat: bool = False

    @property
    def name(self) -> str:
        """Part of the recipient's address."""
        return f"{self.service}-bdat" if self.by_bdat else self.service

    @property
    def without(self) -> "Way":
        """The same without a filter."""
        return Way("none", self.by_bdat)


DATA_WAYS = tuple(Way(name) for name in ("tcp", "unix", "documented", "v4", "v3", "v2"))
BDAT_WAYS = (Way("tcp", by_bdat=True), Way("v3", by_bdat=True))


class ShapeTests(PostfixCase):
    """Every shape on every way."""

    def address(self, way: Way, shape: str) -> str:
        """Who gets a message."""
        return f"tell-{way.name}-{shape}@sink.test"

    def hand_in(self, client: Client, way: Way, shape: str, message: bytes) -> Reply:
        """Send a message over a session."""
        client.envelope(SENDER, self.address(way, shape))
        return client.bdat(message) if way.by_bdat else client.data_octets(message)

    def hand_in_all(self, way: Way) -> list[int]:
        """Send all shapes; the codes of the replies."""
        with Client(self.postfix.ports[way.service]) as client:
            return [self.hand_in(client, way, name, SHAPES[name]).code for name in SHAPES]

    def delivered(self, way: Way, shape: str) -> bytes:
        """What arrives of a message, without what Postfix and the filter have put on top."""
        (taken,) = self.sink.wait_to(self.address(way, shape))
        return _as_sent(taken.message)

    def compare(self, way: Way, shapes: Sequence[str]) -> None:
        """Compare what was scanned, what arrived, and what arrives without a filter."""
        for shape in shapes:
            arrived = self.delivered(way, shape)
            unseen = self.delivered(way.without, shape)
            self.same(_unmade(arrived), _unmade(unseen), f"{way.name}: {shape}")
            self.compare_scanned(way, shape)

    def compare_scanned(self, way: Way, shape: str) -> None:
        """Compare what was scanned and what arrived."""
        arrived = self.delivered(way, shape)
        raw = told(self.filter, self.address(way, shape)).raw
        expected = _as_old(arrived) if way.service.startswith("v") else arrived
        if expected == b"\r\n":
            expected = b""
        self.same(raw, expected, f"scanned, {way.name}: {shape}")

    def same(self, one: bytes, other: bytes, what: str) -> None:
        """Fail with where two messages begin to differ."""
        if one == other:
            return
        at = next((n for n, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]))
        begin = max(0, at - 60)
        self.fail(f"{what}: at {at}\n{one[begin : at + 60]!r}\n{other[begin : at + 60]!r}")

    def test_data(self) -> None:
        """By DATA, over TCP and a unix socket, with each version of the protocol."""
        codes = self.hand_in_all(Way("none"))
        self.assertEqual(set(codes), {250})
        for way in DATA_WAYS:
            self.assertEqual(self.hand_in_all(way), codes, way.name)
        for way in DATA_WAYS:
            self.compare(way, list(SHAPES))

    def test_bdat(self) -> None:
        """By BDAT, where the last line may be without an end."""
        codes = self.hand_in_all(BDAT_WAYS[0].without)
        self.assertEqual(set(codes), {250})
        for way in BDAT_WAYS:
            self.assertEqual(self.hand_in_all(way), codes)
            self.compare(way, list(SHAPES))

    def test_bare_dots(self) -> None:
        """By BDAT a line of one dot is text, however it ends: nothing of it becomes a command."""
        way = BDAT_WAYS[0]
        for each in (way, way.without):
            with Client(self.postfix.ports[each.service]) as client:
                for shape, message in BARE_DOTS.items():
                    self.assertEqual(self.hand_in(client, each, shape, message).code, 250)
        self.compare(way, list(BARE_DOTS))
        self.assertEqual(self.sink.to(SMUGGLED), [])

    def test_bare_dots_in_data(self) -> None:
        """By DATA this Postfix ends a message at some of them: then all that it takes is scanned.

        What is scanned is what arrives: no part of a message gets by.
        """
        way = DATA_WAYS[0]
        for shape, message in BARE_DOTS.items():
            mark = self.filter.log_size()
            with Client(self.postfix.ports[way.service]) as client:
                client.envelope(SENDER, self.address(way, shape))
                self.assertEqual(client.say("DATA").code, 354)
                client.send(message + b".\r\nQUIT\r\n")
                while client.answer().code != 221:
                    pass
            records = self.filter.records(mark)
            self.compare_scanned(way, shape)
            self.postfix.wait_idle()
            smuggled = len(self.sink.to(SMUGGLED))
            self.sink.forget(SMUGGLED)
            self.assertEqual(len(records), 1 + smuggled, shape)

    def test_large(self) -> None:
        """20 MB."""
        ways = (Way("none"), Way("tcp"), Way("v2"))
        for way in ways:
            with Client(self.postfix.ports[way.service]) as client:
                self.assertEqual(self.hand_in(client, way, "large", LARGE).code, 250)
        for way in ways[1:]:
            self.compare(way, ["large"])


def _as_sent(message: bytes) -> bytes:
    head, blank, body = _parts(message)
    fields = [field for field in head[1:] if not field.lower().startswith(OWN_FIELDS)]
    return b"".join(fields) + blank + body


def _unmade(message: bytes) -> bytes:
    return _MADE.sub(lambda found: found[1] or found[2], message)


def _parts(message: bytes) -> tuple[list[bytes], bytes, bytes]:
    """Fields with their line ends, the blank line, the body."""
    if message.startswith(b"\r\n"):
        return [], b"\r\n", message[2:]
    head, blank, body = message.partition(b"\r\n\r\n")
    return _FIELD_END.split(head + b"\r\n")[:-1], blank[2:], body


def _as_old(message: bytes) -> bytes:
    """What is left to see without HDR_LEADSPC: one blank after the colon, the normal form."""
    head, blank, body = _parts(message)
    return b"".join(map(_normal, head)) + blank + body


def _normal(field: bytes) -> bytes:
    name, _, value = field.partition(b":")
    value = value.removeprefix(b" ")
    is_folded = value.startswith((b"\r\n ", b"\r\n\t"))
    return name + (b":" if is_folded or value.startswith(b"\t") else b": ") + value
