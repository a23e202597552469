"""The queue of scans that wait to be stored."""

import gc
import tracemalloc
from dataclasses import fields, replace
from typing import Any
from weakref import ref

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.report.history_octets import row_octets, scan_octets
from mailfilter.report.history_queue import MAX_OCTETS, Queue, Waiting
from mailfilter.scan.envelope import Envelope, Recipient, TlsFacts
from mailfilter.scan.request_settings import RequestSettings
from mailfilter.scan.verdict import (
    AddHeader,
    AddRecipient,
    ChangeHeader,
    ChangeSender,
    CheckRun,
    Edit,
    RemoveHeader,
    RemoveRecipient,
    ReplaceBody,
    Summary,
    SymbolResult,
    TraceEntry,
    Verdict,
)

from .history_case import ENVELOPE, NOW, VERDICT, masks

LONG = "\U0001f600" * 2500
"""Takes 10,000 octets."""


class QueueTests(SynchronousTestCase):
    """How much memory is given to what waits."""

    def test_octets(self) -> None:
        """Large scans are bounded by their octets."""
        queue = Queue()
        large = replace(VERDICT, edits=(ReplaceBody(bytes(2**20)),))
        dropped = sum(queue.add(Waiting(ENVELOPE, large, NOW)) for _ in range(100))
        self.assertLessEqual(queue.octets, MAX_OCTETS)
        self.assertEqual((len(queue), dropped), (15, 85))

    def test_exact(self) -> None:
        """Once a row is made it counts for what it is, and nothing is left of it at the end."""
        queue = Queue()
        items = [Waiting(ENVELOPE, VERDICT, NOW) for _ in range(3)]
        for item in items:
            queue.add(item)
        row = queue.make_row(items[0], masks())
        self.assertEqual(queue.octets, row_octets(row) + 2 * scan_octets(ENVELOPE, VERDICT))
        self.assertIs(queue.make_row(items[0], masks()), row)
        queue.discard(items[1])
        queue.discard(items[1])
        queue.remove([items[0]])
        queue.make_row(items[0], masks())
        self.assertEqual((len(queue), queue.octets), (1, scan_octets(ENVELOPE, VERDICT)))
        self.assertEqual((queue.clear(), queue.octets), (1, 0))


def long(number: int) -> str:
    """A text that nothing else shares."""
    return f"{number:08}" + "\U0001f600" * 500


def hostile(start: int) -> tuple[Envelope, Verdict]:
    """A scan in which all is as large as a stranger can have it."""
    texts = iter(map(long, range(start, start + 1000)))

    def several() -> tuple[str, ...]:
        return tuple(next(texts) for _ in range(10))

    envelope = replace(ENVELOPE, recipients=tuple(map(Recipient, several())), helo=next(texts))
    verdict = replace(
        VERDICT,
        message_id=next(texts),
        smtp_message=next(texts),
        subject=next(texts),
        summary=Summary(several(), several(), next(texts)),
        symbols=(SymbolResult("A", 1, 1, options=several()),),
        edits=(AddHeader("A", next(texts)), ChangeSender(next(texts))),
        trace=tuple(TraceEntry(0.1, "a", text, quotes=True) for text in several()),
        runs=tuple(CheckRun("a", "main", 0.1 * start, 0.2 * start, ("A",)) for _ in range(100)),
    )
    return envelope, verdict


class EstimateTests(SynchronousTestCase):
    """What a scan and a row count for."""

    def assert_counted(self, envelope: Envelope, verdict: Verdict, what: object) -> None:
        more = scan_octets(envelope, verdict) - scan_octets(ENVELOPE, VERDICT)
        self.assertGreater(more, 9000, what)

    def test_verdict(self) -> None:
        """All texts of a verdict that may be from a message, and what there may be many of."""
        changes: list[dict[str, Any]] = [
            {"summary": Summary(senders=(LONG,))},
            {"summary": Summary(recipients=("a", LONG))},
            {"summary": Summary(subject=LONG)},
            {"subject": LONG},
            {"smtp_message": LONG},
            {"message_id": LONG},
            {"symbols": (SymbolResult("A", 1, 1, options=("a", LONG)),)},
            {"symbols": (SymbolResult("A", 1, 1),) * 100},
            {"trace": (TraceEntry(0, "a", LONG),)},
            {"trace": (TraceEntry(0, "a", "b"),) * 100},
            {"runs": (CheckRun("a", "b"),) * 100},
        ]
        for change in changes:
            self.assert_counted(ENVELOPE, replace(VERDICT, **change), change.keys())

    def test_edits(self) -> None:
        """All texts of edits, and many edits."""
        edits: list[Edit] = [
            AddHeader("a", LONG),
            AddHeader(LONG, "a"),
            ChangeHeader("a", LONG),
            RemoveHeader(LONG),
            ChangeSender(LONG),
            ChangeSender("a", (LONG,)),
            AddRecipient(LONG),
            RemoveRecipient(LONG),
            ReplaceBody(bytes(10000)),
        ]
        for edit in edits:
            self.assert_counted(ENVELOPE, replace(VERDICT, edits=(edit,)), type(edit))
        self.assert_counted(ENVELOPE, replace(VERDICT, edits=(RemoveHeader("a"),) * 100), "many")

    def test_envelope(self) -> None:
        """All that a client tells; who it is by its certificate is a name of ours."""
        names = [field.name for field in fields(Envelope) if field.type == str | None]
        names.remove("identity")
        changes: list[dict[str, Any]] = [{name: LONG} for name in names]
        changes += [
            {"sender_args": (LONG,)},
            {"recipients": (Recipient(LONG),)},
            {"recipients": (Recipient("a", (LONG,)),)},
            {"recipients": (Recipient("a"),) * 100},
            {"flags": frozenset({LONG})},
            {"tls": TlsFacts(cert_subject=LONG)},
        ]
        for change in changes:
            self.assert_counted(replace(ENVELOPE, **change), VERDICT, change.keys())

    def test_settings_do_not_wait(self) -> None:
        """They may be large, and a row has nothing of them."""

        class Scores(dict[str, float]):
            """Can be watched."""

        scores = Scores({LONG: 1.0})
        is_kept = ref(scores)
        settings = RequestSettings(scores=scores)
        waiting = Waiting(replace(ENVELOPE, settings=settings), VERDICT, NOW)
        del scores, settings
        gc.collect()
        self.assertIsNone(is_kept())
        self.assertEqual(
            waiting.make_row(masks()), Waiting(ENVELOPE, VERDICT, NOW).make_row(masks())
        )

    def measured(self, *, made: bool) -> tuple[int, int]:
        """What a hundred hostile scans, or their rows, take, and what they count for."""
        queue = Queue()
        tracemalloc.start()
        self.addCleanup(tracemalloc.stop)
        before = tracemalloc.get_traced_memory()[0]
        for number in range(100):
            item = Waiting(*hostile(1000 * number), NOW)
            queue.add(item)
            if made:
                queue.make_row(item, masks())
        gc.collect()
        taken = tracemalloc.get_traced_memory()[0] - before
        self.assertEqual(len(queue), 100)
        return taken, queue.octets

    def test_scans(self) -> None:
        """Hostile scans take no more than they count for."""
        taken, counted = self.measured(made=False)
        self.assertLess(taken, counted * 1.1)

    def test_rows(self) -> None:
        """Nor do their rows."""
        taken, counted = self.measured(made=True)
        self.assertLess(taken, counted * 1.1)
