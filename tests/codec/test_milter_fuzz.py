"""Random packet streams against the reader and a session: always what the model says, bounded."""

from itertools import pairwise, product
from struct import pack
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec.milter import MAX_FRAME, MilterReader, ProtocolError
from mailfilter.codec.milter_session import Close, Outcome, Session, Transaction

from .milter_model import CODES, Message, Model, sequences, stream
from .milter_mta import frame, frames

EXAMPLES = settings(max_examples=400, derandomize=True, deadline=None, database=None)
MAX_MESSAGE = 2000
OVERHEAD = 4096
"""Octets that a reader and a session of nothing may hold: replies ready to be sent."""

lengths = st.sampled_from([0, 1, 2, 5, MAX_FRAME, MAX_FRAME + 1, 2**31 - 1, 2**31, 2**32 - 1])
heads = st.builds(lambda length, code: pack(">I", length) + code, lengths, st.binary(max_size=2))
payloads = st.one_of(
    st.binary(max_size=40),
    st.lists(st.binary(max_size=6), max_size=6).map(b"\0".join),
    st.just(b"\0" * 2000),
)
packets = st.one_of(
    st.builds(frame, st.sampled_from(CODES + "Qz\0"), payloads),
    st.sampled_from(stream("OCHMRTLNBE")),
    heads,
    st.binary(max_size=8),
)
cuts = st.lists(st.integers(0, 3000), max_size=8)


def pieces(data: bytes, places: list[int]) -> list[bytes]:
    """The stream, cut at some places."""
    edges = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[low:high] for low, high in pairwise(edges)]


def kept(*things: object) -> int:
    """Octets of all byte strings that can be reached from some objects, each counted once."""
    seen: dict[int, object] = {}
    waiting: list[Any] = list(things)
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen or isinstance(thing, type) or callable(thing):
            continue
        seen[id(thing)] = thing
        if isinstance(thing, dict):
            waiting += [*thing.keys(), *thing.values()]
        elif isinstance(thing, list | tuple | set | frozenset):
            waiting += thing
        else:
            waiting += vars(thing).values() if hasattr(thing, "__dict__") else ()
            names = getattr(type(thing), "__slots__", ())
            waiting += [getattr(thing, name) for name in names if hasattr(thing, name)]
    return sum(len(thing) for thing in seen.values() if isinstance(thing, bytes | bytearray))


def play(parts: list[bytes], limit: int = MAX_MESSAGE) -> list[Outcome]:
    """What follows from each event, until the session is closed."""
    reader, session = MilterReader(), Session(limit)
    outcomes: list[Outcome] = []
    for part in parts:
        for event in reader.receive(part):
            outcomes.append(session.handle(event))
            if isinstance(outcomes[-1], Close):
                return outcomes
    return outcomes


class ModelTests(SynchronousTestCase):
    """Well-formed events in any order, against the model."""

    @EXAMPLES
    @given(sequences, cuts)
    @example("OE", [])
    @example("OMRTLNBAMRTLNBE", [])
    @example("OCHMRTLNBKCHMRTLNBE", [])
    @example("OCHMRLRE", [])
    def test_any_order(self, codes: str, places: list[int]) -> None:
        codes = "O" + codes
        model = Model()
        parts = stream(codes)
        outcomes = play(parts)
        self.assertEqual(play(pieces(b"".join(parts), places)), outcomes)
        is_closed = isinstance(outcomes[-1], Close)
        self.assertTrue(is_closed or len(outcomes) == len(codes))
        for number, (code, outcome) in enumerate(zip(codes, outcomes, strict=False)):
            self.assert_as_told(model.take(code, number), outcome, codes[: number + 1])

    def assert_as_told(self, expected: Message | str | None, outcome: Outcome, where: str) -> None:
        """The outcome is that of the model: the one reply, or the whole message."""
        if expected is None:
            self.assertEqual(outcome, Close("no message to end"), where)
            return
        if not isinstance(expected, Message):
            assert isinstance(outcome, bytes), where
            self.assertEqual("".join(code for code, _ in frames(outcome)), expected, where)
            return
        assert isinstance(outcome, Transaction), where
        self.assertEqual(outcome.sender.address, expected.sender, where)
        self.assertEqual([each.address for each in outcome.recipients], expected.recipients, where)
        self.assertEqual(outcome.raw, expected.raw, where)

    def test_each_event_in_each_state(self) -> None:
        """And each after that, up to the end of a message."""
        for before in ("", "C", "CH", "M", "MR", "MRT", "MRTL", "MRTLN", "MRTLNB", "MRTLNBE"):
            for one, two in product(CODES, CODES):
                codes = f"O{before}{one}{two}E"
                model = Model()
                for number, outcome in enumerate(play(stream(codes))):
                    expected = model.take(codes[number], number)
                    self.assert_as_told(expected, outcome, codes[: number + 1])

    @EXAMPLES
    @given(sequences)
    def test_nothing_goes_before_the_negotiation(self, codes: str) -> None:
        codes = codes.replace("O", "")
        outcomes = play(stream(codes))
        quiet = len(codes) - len(codes.lstrip("DAK"))
        expected: list[Outcome] = [b""] * quiet
        if quiet < len(codes):
            expected.append(Close("no negotiation"))
        self.assertEqual(outcomes, expected)


class StreamTests(SynchronousTestCase):
    """Anything at all."""

    @EXAMPLES
    @given(st.lists(packets, max_size=30), cuts, st.sampled_from([0, 50, MAX_MESSAGE]))
    def test_what_is_kept_is_bounded(self, parts: list[bytes], places: list[int], top: int) -> None:
        """Never more than twice what was sent: macros are kept as they came and as they read."""
        reader, session = MilterReader(), Session(top)
        data = stream("O")[0] + b"".join(parts)
        idle = kept(reader, session)
        self.assertLess(idle, OVERHEAD)
        sent = 0
        for piece in pieces(data, places):
            sent += len(piece)
            for event in reader.receive(piece):
                session.handle(event)
            self.assertLessEqual(kept(reader, session), 2 * sent + OVERHEAD)

    @EXAMPLES
    @given(st.lists(packets, max_size=30), cuts)
    def test_the_same_however_it_is_cut(self, parts: list[bytes], places: list[int]) -> None:
        data = b"".join(parts)
        self.assertEqual(play(pieces(data, places)), play([data]))

    @EXAMPLES
    @given(st.lists(packets, max_size=20))
    def test_nothing_is_read_after_an_error(self, parts: list[bytes]) -> None:
        reader = MilterReader()
        events = [event for part in parts for event in reader.receive(part)]
        errors = [at for at, event in enumerate(events) if isinstance(event, ProtocolError)]
        self.assertIn(errors, ([], [len(events) - 1]))
        if errors:
            self.assertEqual(reader.receive(b"".join(stream("OMRE"))), [])
            self.assertLess(kept(reader), 4 * sum(map(len, parts)) + OVERHEAD)

    def test_a_large_frame_is_refused_at_its_head(self) -> None:
        """Before anything of it is there, and nothing is kept for it."""
        for length in (0, MAX_FRAME + 1, 2**31 - 1, 2**31, 2**32 - 1):
            reader = MilterReader()
            (error,) = reader.receive(pack(">I", length))
            self.assertEqual(error, ProtocolError(f"frame of {length} octets"))
            self.assertEqual(reader.receive(b"x" * 100000), [])
            self.assertLess(kept(reader), OVERHEAD)
