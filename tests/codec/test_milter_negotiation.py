"""Negotiation with every kind of MTA: what is agreed on, and whole sessions under it.

The bits are written out as numbers, apart from the code's own names for them.
"""

from itertools import product
from struct import pack, unpack

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec.milter import MilterReader
from mailfilter.codec.milter_session import Close, Outcome, Session, Transaction

from .milter_mta import NO_REPLY, connect, frame, frames, header, helo, macros, mail, rcpt

VERSIONS = (0, 1, 2, 3, 4, 5, 6, 7, 8, 255, 2**31 - 1, 2**31, 2**32 - 1)
ACTIONS = (0, 0x01, 0x0F, 0x3F, 0x7F, 0xFF, 0x100, 0x1FF, 0x200, 2**31, 0xFFFFFFFF)
STEPS = (
    0, 0x3F, 0x42, 0x7F, 0x80, 0x17F, 0x37F, 0x3FF, 0x7FF, 0xFFF, 0x1000, 0x2AF00, 0xFFFFF,
    0x100000, 0x1FFFFF, 0x10000000, 0x30000000, 0x3FFFFFFF, 2**31, 0xFFFFFFFF,
)  # fmt: skip

NEWEST = 6
OLDEST = 2
NO_EVENT = 0x1 | 0x2 | 0x4 | 0x8 | 0x10 | 0x20 | 0x40 | 0x100 | 0x200
"""Bits by which a filter gives up events: every one of them is of use to us."""
MAX_DATA = 0x30000000
"""Bits for larger frames than usual."""
SYMBOL_LISTS = 0x100
EVENTS = [
    ("C", connect()),
    ("H", helo()),
    ("U", frame("U", b"XYZZY\0")),
    ("H", helo("again.example.net")),
    ("M", mail()),
    ("R", rcpt()),
    ("R", rcpt("<c@example.net>")),
    ("U", frame("U", b"NOOP\0")),
    ("T", frame("T")),
    *(("L", header("Subject", "x")) for _ in range(3)),
    ("N", frame("N")),
    ("B", frame("B", b"one\r\n")),
    ("B", frame("B", b"two\r\n")),
]
"""All that has a reply, in an order that MTAs may send it; `E` is left to the server."""


def play(version: int, actions: int, steps: int) -> tuple[list[Outcome], list[tuple[str, Outcome]]]:
    """What is answered to the offer, and to each event of a session of two messages."""
    reader, session = MilterReader(), Session(1000)

    def send(data: bytes) -> list[Outcome]:
        return [session.handle(event) for event in reader.receive(data)]

    answer = send(frame("O", pack(">III", version, actions, steps)))
    told: list[tuple[str, Outcome]] = []
    for round_of in (EVENTS, [event for event in EVENTS if event[0] in "MRTLNB"]):
        for code, data in round_of:
            told += [("D", outcome) for outcome in send(macros(code, "i", "1"))]
            told += [(code, outcome) for outcome in send(data)]
        told += [("E", outcome) for outcome in send(frame("E"))]
        told += [("A", outcome) for outcome in send(frame("A"))]
    return answer, told


class NegotiationTests(SynchronousTestCase):
    """Every offer of the tables, with every other."""

    def test_too_old(self) -> None:
        for version, actions, steps in product((0, 1), ACTIONS, STEPS):
            (answer,), _ = play(version, actions, steps)
            self.assertIsInstance(answer, Close)

    def test_answer_is_part_of_the_offer(self) -> None:
        for version, actions, steps in product(VERSIONS[2:], ACTIONS, STEPS):
            offer = (version, hex(actions), hex(steps))
            (answer,), _ = play(version, actions, steps)
            assert isinstance(answer, bytes), offer
            ((code, payload),) = frames(answer)
            self.assertEqual(code, "O", offer)
            told_version, told_actions, told_steps = unpack(">III", payload[:12])
            self.assertEqual(told_version, min(version, NEWEST), offer)
            self.assertEqual(told_actions & ~actions, 0, offer)
            self.assertEqual(told_steps & ~steps, 0, offer)
            self.assertEqual(told_steps & (NO_EVENT | MAX_DATA), 0, offer)
            self.assertEqual(bool(payload[12:]), bool(told_actions & SYMBOL_LISTS), offer)

    def test_all_that_is_of_use_is_taken(self) -> None:
        (answer,), _ = play(6, 0xFFFFFFFF, 0xFFFFFFFF)
        assert isinstance(answer, bytes)
        _, actions, steps = unpack(">III", frames(answer)[0][1][:12])
        self.assertEqual(actions & 0x17F, 0x17F)
        self.assertEqual(steps & 0x100000, 0x100000)
        for bit in NO_REPLY.values():
            self.assertEqual(steps & bit, bit)

    def test_macro_lists_are_sound(self) -> None:
        """Each is a stage of its own and names as MTAs read them; older MTAs get none."""
        for version in VERSIONS[2:]:
            (answer,), _ = play(version, 0x1FF, 0x1FFFFF)
            assert isinstance(answer, bytes)
            rest = frames(answer)[0][1][12:]
            self.assertEqual(bool(rest), version >= NEWEST, version)
            stages = []
            while rest:
                stages.append(int.from_bytes(rest[:4], "big"))
                names, end, rest = rest[4:].partition(b"\0")
                self.assertEqual(end, b"\0")
                for name in names.decode("ascii").split(" "):
                    self.assertRegex(name, r"\A(?:[a-zA-Z_]|\{[a-z_]{2,}\})\Z")
            self.assertEqual(sorted(set(stages)), stages)
            self.assertLessEqual(set(stages), set(range(7)))

    def test_replies_of_a_session(self) -> None:
        """One for each event, but for those whose no-reply bit was agreed on; none for others."""
        for version, actions, steps in product((2, 3, 4, 5, 6, 7, 2**31), (0x3F, 0x1FF), STEPS):
            (answer,), told = play(version, actions, steps)
            assert isinstance(answer, bytes)
            (agreed,) = unpack(">I", frames(answer)[0][1][8:12])
            for code, outcome in told:
                where = (version, hex(steps), code)
                if code == "E":
                    self.assertIsInstance(outcome, Transaction, where)
                    continue
                assert isinstance(outcome, bytes), where
                is_answered = code not in "DA" and not agreed & NO_REPLY[code]
                expected = [("c", b"")] if is_answered else []
                self.assertEqual(frames(outcome), expected, where)

    def test_a_message_is_the_same_under_each_agreement(self) -> None:
        """What is agreed on changes the blank after the colon, and nothing else."""
        seen = set()
        for version, steps in product((2, 3, 4, 5, 6), STEPS):
            _, told = play(version, 0x1FF, steps)
            for _, outcome in told:
                if isinstance(outcome, Transaction):
                    has_space = version >= OLDEST and bool(steps & 0x100000)
                    seen.add((has_space, outcome.raw, outcome.fields, len(outcome.recipients)))
        text = b"Subject:%bx\r\n" * 3 + b"\r\none\r\ntwo\r\n"
        spaces = {False: b" ", True: b""}
        self.assertEqual(
            seen, {(has, text % ((space,) * 3), 3, 2) for has, space in spaces.items()}
        )
