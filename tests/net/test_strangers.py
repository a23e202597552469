"""Who sends mail chooses the names: what the servers of those do is not our servers' fault."""

from twisted.logger import LogLevel, capturedLogs

from mailfilter.net.health import MAX_FAILURES

from .case import asks
from .clock_case import ClockCase


class SilentZoneTests(ClockCase):
    """Zones whose servers never answer, and a server of ours that does."""

    def test_others_are_answered(self) -> None:
        """A server that answers other questions meanwhile is not down."""
        resolver = self.make_resolver(attempts=1)
        for number in range(2 * MAX_FAILURES):
            silent = asks(resolver, f"silent{number}.test")
            self.peer.take()
            self.last(0.5)
            other = asks(resolver, f"n{number}.example")
            self.answer(rcode="NXDOMAIN" if number % 2 else "SERVFAIL")
            self.assertTrue(other.called)
            other.addErrback(lambda _: None)
            self.last(1.0)
            self.failureResultOf(silent)
            self.assertFalse(self.is_down(resolver))

    def test_nothing_else_is_asked(self) -> None:
        """Then it is asked at once whether it is there, and the log says nothing of it."""
        resolver = self.make_resolver(attempts=1)
        with capturedLogs() as logged:
            for number in range(MAX_FAILURES):
                self.assertFalse(self.is_down(resolver))
                self.give_up(resolver, f"silent{number}.test")
                self.peer.take()
            self.assertTrue(self.is_down(resolver))
            self.last(0.2)
            self.answer()
        self.assertFalse(self.is_down(resolver))
        self.assertEqual([event for event in logged if event["log_level"] != LogLevel.debug], [])
