"""Of whom it is said that they are not believed: once of each."""

from typing import cast

from twisted.logger import ILogObserver, LogEvent, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.config.model import Listener
from mailfilter.servers.peer import Peers
from mailfilter.tls.known import Known

from .test_peer import four


class NotedTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.events: list[LogEvent] = []
        observer = cast(ILogObserver, self.events.append)
        globalLogPublisher.addObserver(observer)
        self.addCleanup(globalLogPublisher.removeObserver, observer)
        listener = Listener(protocol="http", endpoint="tcp:0", client_auth="optional")
        self.peers = Peers("here", listener)

    def note(self, host: str, known: Known | None = None) -> int:
        """How many lines it makes."""
        before = len(self.events)
        self.peers.note_ignored(self.peers.peer(four(host), known))
        return len(self.events) - before

    def test_identity(self) -> None:
        """Wherever it comes from: its address may be another one each time."""
        one, two = Known("one", is_trusted=False), Known("two", is_trusted=False)
        lines = [self.note(f"192.0.2.{at}", one) for at in range(5)]
        self.assertEqual(lines, [1, 0, 0, 0, 0])
        self.assertEqual(self.note("192.0.2.1", two), 1)

    def test_strangers(self) -> None:
        """By their addresses."""
        self.assertEqual([self.note("192.0.2.1"), self.note("192.0.2.1")], [1, 0])
        self.assertEqual(self.note("192.0.2.2"), 1)
