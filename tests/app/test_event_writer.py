"""What comes while some is being written goes together."""

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.app.event_writer import EventWriter
from mailfilter.classifier.event import Event, decode
from mailfilter.report.learning_log import LOG, MAX_TOGETHER, known_key
from mailfilter.store.base import Get, LogAppend, LogRead, Publish
from mailfilter.store.errors import StoreError
from mailfilter.store.memory import MemoryStore

from ..classifier.log_case import learn, unlearn


class SlowStore(MemoryStore):
    """Appends only when it may, and remembers how many entries went together."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.appends: list[tuple[int, Deferred[None]]] = []
        self.fails = False

    async def do(self, call: Any) -> Any:
        """See `Store`."""
        if isinstance(call, LogAppend):
            may: Deferred[None] = Deferred()
            self.appends.append((len(call.entries), may))
            await may
        if self.fails and isinstance(call, Publish):
            raise StoreError("away")
        return await super().do(call)


class EventWriterTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.store = SlowStore(Clock())
        self.store.open()
        self.nudges = 0
        self.writer = EventWriter(self.store, self.nudge)

    def nudge(self) -> None:
        self.nudges += 1

    def write(self, event: Event) -> "Deferred[int]":
        return Deferred.fromCoroutine(self.writer.write(event))

    def read(self) -> list[Event]:
        """What is in the log."""
        entries = self.successResultOf(Deferred.fromCoroutine(self.store.do(LogRead(LOG, 0))))
        return [decode(entry.data) for entry in entries]

    def known(self, event: Event) -> bytes | None:
        """What a message is known as."""
        call = Get([known_key(event.digest)])
        found: list[bytes | None] = self.successResultOf(
            Deferred.fromCoroutine(self.store.do(call))
        )
        return found[0]

    def test_together(self) -> None:
        events = [learn("a"), learn("b", "ham"), learn("c")]
        written = [self.write(event) for event in events]
        self.assertEqual([size for size, _ in self.store.appends], [1])
        self.store.appends[0][1].callback(None)
        self.assertEqual(self.successResultOf(written[0]), 1)
        self.assertEqual([size for size, _ in self.store.appends], [1, 2])
        self.assertNoResult(written[1])
        self.store.appends[1][1].callback(None)
        self.assertEqual([self.successResultOf(one) for one in written[1:]], [2, 3])
        self.assertEqual(self.read(), events)
        self.assertEqual([self.known(event) for event in events], [b"spam", b"ham", b"spam"])
        self.assertEqual(self.nudges, 2)
        again = self.write(learn("d"))
        self.store.appends[2][1].callback(None)
        self.assertEqual(self.successResultOf(again), 4)

    def test_last_word(self) -> None:
        self.write(learn("z"))
        for event in (learn("a"), unlearn("a"), unlearn("b"), learn("b", "ham")):
            self.write(event)
        for _, may in self.store.appends:
            may.callback(None)
        self.assertIsNone(self.known(learn("a")))
        self.assertEqual(self.known(learn("b")), b"ham")

    def test_bound(self) -> None:
        for number in range(MAX_TOGETHER + 2):
            self.write(learn(str(number)))
        for _, may in self.store.appends:
            may.callback(None)
        self.assertEqual([size for size, _ in self.store.appends], [1, MAX_TOGETHER, 1])

    def test_store_fails(self) -> None:
        """Whoever waited is told; the next try begins anew."""
        written = [self.write(learn("a")), self.write(learn("b"))]
        self.store.appends[0][1].errback(StoreError("away"))
        self.failureResultOf(written[0], StoreError)
        self.store.appends[1][1].callback(None)
        self.assertEqual(self.successResultOf(written[1]), 1)
        self.assertEqual(self.nudges, 1)

    def test_others_not_told(self) -> None:
        """They look for themselves."""
        self.store.fails = True
        written = self.write(learn("a"))
        self.store.appends[0][1].callback(None)
        self.assertEqual(self.successResultOf(written), 1)
