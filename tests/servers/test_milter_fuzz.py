"""Random packet streams against the milter server: no exception, and exactly the right replies."""

from dataclasses import replace

from hypothesis import example, given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec.milter_session import Close, Transaction
from mailfilter.scan.verdict import Action, AddHeader, RemoveHeader
from mailfilter.testing.fake_scanner import NO_ACTION, FakeScanner

from ..codec.milter_model import sequences, stream
from ..codec.milter_mta import ALL_STEPS, frame, frames, macros, message, offer
from ..codec.test_milter_fuzz import OVERHEAD, cuts, kept, packets, pieces, play
from .milter_server import START, Mta, logged

EXAMPLES = settings(max_examples=300, derandomize=True, deadline=None, database=None)
MAX_MESSAGE = 2000
FINAL = frozenset("acdrty")

VERDICTS = {
    "a": NO_ACTION,
    "d": replace(NO_ACTION, action=Action.DISCARD),
    "y": replace(NO_ACTION, action=Action.REJECT),
    "ha": replace(NO_ACTION, edits=(AddHeader("X-A", "b"),)),
    "ma": replace(NO_ACTION, edits=(RemoveHeader("X", 1),)),
}
"""Verdicts by the codes of their replies."""

streams = st.one_of(
    sequences.map(stream),
    st.lists(packets, max_size=25),
    st.tuples(sequences.map(stream), st.lists(packets, max_size=5)).map(
        lambda two: two[0] + two[1]
    ),
)
steps = st.sampled_from([0, ALL_STEPS, 0x1000, 0xFE080, 0x2A000])


def expected(data: bytes, verdict: str) -> tuple[int, str, bool]:
    """What is right for a stream by the codec alone: scans, codes of replies, whether it ends."""
    scans, told, is_closed = 0, "", False
    for outcome in play([data], MAX_MESSAGE):
        if isinstance(outcome, Transaction):
            # Of one that is too large a field says so.
            told += "ha" if outcome.raw is None else verdict
            scans += outcome.raw is not None
        elif isinstance(outcome, Close):
            is_closed = True
        else:
            told += "".join(code for code, _ in frames(outcome))
    return scans, told, is_closed


class AtOnceTests(SynchronousTestCase):
    """With a scanner that answers at once."""

    @EXAMPLES
    @given(streams, cuts, steps, st.sampled_from(["a", "d", "y", "ha"]))
    @example([frame("E")], [], 0, "a")
    @example([frame("M"), frame("R"), frame("E")], [], 0, "a")
    @example([frame("M", b"\0"), frame("R", b"\0"), frame("E")], [], ALL_STEPS, "y")
    @example([*message(b"x" * 3000), *message()], [], 0, "d")
    @example([*message()[:-1], frame("K"), *message()], [5, 50], ALL_STEPS, "ha")
    def test_every_reply(
        self, parts: list[bytes], places: list[int], bits: int, codes: str
    ) -> None:
        """Exactly those of the codec, in order, with a verdict for each message."""
        data = offer(steps=bits) + b"".join(parts)
        mta = Mta(FakeScanner(VERDICTS[codes], max_message=MAX_MESSAGE))
        with logged() as lines:
            replies = [reply for piece in pieces(data, places) for reply in mta.send(piece)]
        count, told, is_closed = expected(data, codes)
        self.assertEqual("".join(code for code, _ in replies), told)
        self.assertEqual(len(mta.scanner.calls), count)
        self.assertEqual(mta.is_closing, is_closed)
        self.assertTrue(all(line.isprintable() for line in lines), lines)
        self.assertEqual(self.flushLoggedErrors(), [])
        mta.lose()
        self.assertEqual(mta.clock.getDelayedCalls(), [])

    @EXAMPLES
    @given(streams, cuts, steps)
    def test_memory(self, parts: list[bytes], places: list[int], bits: int) -> None:
        """What a connection keeps is bounded by what it has got."""
        mta = Mta(FakeScanner(max_message=MAX_MESSAGE))
        sent = 0
        for piece in pieces(offer(steps=bits) + b"".join(parts), places):
            mta.send(piece)
            sent += len(piece)
            mta.scanner.calls.clear()
            inner = (mta.protocol._reader, mta.protocol._session, list(mta.protocol._events))
            self.assertLessEqual(kept(*inner), 2 * sent + OVERHEAD)
        self.assertEqual(self.flushLoggedErrors(), [])


class WaitingTests(SynchronousTestCase):
    """With scans that end when they are told to, or are given up."""

    @EXAMPLES
    @given(
        st.lists(
            st.one_of(
                sequences.map(lambda codes: b"".join(stream(codes))),
                st.sampled_from([b"".join(message()), frame("A"), frame("K"), frame("Q")]),
                packets,
                st.none(),
            ),
            max_size=25,
        ),
        steps,
        st.sampled_from(["a", "ha", "y"]),
    )
    def test_one_answer_for_each_message(
        self, parts: list[bytes | None], bits: int, codes: str
    ) -> None:
        """`None` lets a scan end. No message has two final replies, and none that was given up
        has one; those that were not have theirs while the connection lasts."""
        mta = Mta(FakeScanner(VERDICTS[codes], wait=True))
        released = finals = 0
        mta.send(offer(steps=ALL_STEPS if bits else 0))
        for part in parts:
            if part is not None:
                replies = mta.send(part)
            elif mta.scanner.waiting:
                mta.scanner.release()
                released += 1
                replies = mta.replies()
            else:
                continue
            # What the agreement leaves to be replied to has `c`, which is never a final one here.
            finals += sum(code in FINAL - {"c"} for code, _ in replies)
            self.assertEqual(finals, released)
            self.assertLessEqual(mta.scanner.waiting, 1)
            self.assertEqual(
                len(mta.scanner.calls), released + mta.scanner.cancelled + mta.scanner.waiting
            )
        self.assertEqual(self.flushLoggedErrors(), [])
        mta.lose()
        self.assertEqual(mta.scanner.waiting, 0)
        self.assertEqual(mta.clock.getDelayedCalls(), [])

    @EXAMPLES
    @given(sequences, st.sampled_from(["A", "K", "AK", "H"]), st.integers(0, 8))
    def test_nothing_of_an_old_message(self, codes: str, between: str, until: int) -> None:
        """However far one came, after its end the next has only what is its own."""
        mta = Mta()
        # Macros of the connection would rightly stay.
        mta.send(*START, *stream(codes.replace("D", "")))
        for stage in "MRTLNBE":
            mta.send(macros(stage, "i", "old", "{auth_authen}", "old"))
        mta.send(*message()[:until], *stream(between))
        if between == "K":
            mta.send(*START[1:])
        mta.scanner.calls.clear()
        if mta.is_closing:
            # An end without a message was among the codes.
            return
        mta.send(*message(b"the next\r\n"))
        ((envelope, raw),) = mta.scanner.calls
        self.assertEqual(envelope.sender, "a@example.org")
        self.assertEqual([each.address for each in envelope.recipients], ["b@example.net"])
        self.assertEqual((envelope.user, envelope.queue_id), (None, None))
        self.assertEqual(raw, b"From: a@example.org\r\nSubject: hello\r\n\r\nthe next\r\n")
