"""The clock of reactors."""

import time

from twisted.internet.base import ReactorBase
from twisted.internet.epollreactor import EPollReactor
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.app.steady import steady


class SteadyTests(SynchronousTestCase):
    """What happens when somebody sets the clock."""

    def setUp(self) -> None:
        """A reactor of our own, which never runs; the wall clock that reactors go by is ours."""
        self.offset = 0.0
        wall = staticmethod(lambda: time.time() + self.offset)
        self.patch(ReactorBase, "seconds", wall)
        self.reactor = EPollReactor()
        self.addCleanup(self.reactor._uninstallHandler)

    def fires(self) -> bool:
        """Whether what is due at once comes although the clock was set back."""
        done: list[bool] = []
        self.reactor.callLater(0.0, done.append, True)
        self.offset = -3600.0
        self.reactor.runUntilCurrent()
        return bool(done)

    def test_twisted(self) -> None:
        """What this is for."""
        self.assertFalse(self.fires())

    def test_set_back(self) -> None:
        """Timers go on."""
        steady(self.reactor)
        self.assertTrue(self.fires())

    def test_begun(self) -> None:
        """What is scheduled by another clock stays right."""
        call = self.reactor.callLater(1000, lambda: None)
        steady(self.reactor)
        self.assertLess(abs(call.getTime() - self.reactor.seconds() - 1000), 60)
