"""What all calls have in common."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.store.base import (
    Get,
    HashPut,
    HistoryAdd,
    Limits,
    LogAppend,
    Publish,
    Put,
    PutIfAbsent,
    Row,
    SetAdd,
    Snapshot,
    SnapshotPut,
)

from .case import A, B

ROW = Row(b"1", 0.0, [b"term"], b"x" * 3, b"y" * 4)


class OctetsTests(SynchronousTestCase):
    """What a call counts for where those that wait are bounded."""

    def test_values(self) -> None:
        """Calls that bring values count them."""
        for call, octets in (
            (Put({A: b"12", B: b"345"}), 5),
            (PutIfAbsent(A, b"123"), 3),
            (SetAdd(A, [b"1", b"23"], 10), 3),
            (HashPut(A, {b"f": b"123"}), 3),
            (HistoryAdd(A, [ROW, ROW], Limits(1, 1, 1)), 14),
            (LogAppend(A, [b"1", b"23"]), 3),
            (SnapshotPut(A, Snapshot(1, b"1234")), 4),
            (Publish(b"t", b"12"), 2),
            (Get([A]), 0),
        ):
            self.assertEqual(call.octets, octets, call)
