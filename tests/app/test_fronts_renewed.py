"""Renewals of what TLS is served with that meet: the newest stays, whatever is made anew."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import mkdtemp
from types import SimpleNamespace
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.app import fronts as module
from mailfilter.app.fronts import ROTATION, Fronts
from mailfilter.app.serving import FACTORIES
from mailfilter.codec.control import Credentials, Pair
from mailfilter.config import Config
from mailfilter.config.model import Certificate, Listener
from mailfilter.testing.fake_scanner import FakeScanner
from mailfilter.tls.contexts import build_sides
from tests.authority import Authority


class RenewedTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(mkdtemp())
        self.authority = Authority(self.folder, "ours")
        self.clock = Clock()
        self.waiting: list[Callable[[], None]] = []
        """What is made in the background, and not ready yet."""
        self.alarms: list[str] = []
        self.made: dict[int, Credentials] = {}

        def note(config: Config, credentials: Credentials, now: float) -> Mapping[str, Any]:
            sides = build_sides(config, credentials, now)
            self.made[id(sides["here"])] = credentials
            return sides

        def later(_: object, work: Callable[[], object]) -> Deferred[object]:
            done: Deferred[object] = Deferred()
            self.waiting.append(lambda: done.callback(work()))
            return done

        self.patch(module, "build_sides", note)
        self.patch(module, "in_background", later)
        self.first, self.second, self.third = (self.credentials(at) for at in range(3))
        listener = Listener(protocol="http", endpoint="tcp:0", certificates=("mx",))
        config = Config(listeners={"here": listener}, certificates={"mx": Certificate(chain="x")})
        site = FACTORIES["http"](FakeScanner(), "here", listener, self.clock)
        self.fronts = Fronts(
            self.clock, config, {"here": site}, self.alarms.append, self.first, time.time
        )
        self.fronts.start()
        self.addCleanup(self.fronts.stop)

    def credentials(self, number: int) -> Credentials:
        chain, key = self.authority.issue("mx.example.org", stem=f"mx{number}")
        return Credentials(pairs=(Pair(name="mx", chain=chain.read_bytes(), key=key.read_bytes()),))

    @property
    def used(self) -> Credentials:
        """What new connections get."""
        return self.made[id(self.fronts.by_listener["here"].side)]

    def ready(self, number: int) -> None:
        self.waiting.pop(number)()

    def test_made_anew_after_a_renewal(self) -> None:
        """It is the new one that is made anew by the hour, not the one of the start."""
        self.fronts.renew(self.second)
        self.ready(0)
        for _ in range(3):
            self.assertIs(self.used, self.second)
            self.clock.advance(ROTATION)
            self.ready(0)
        self.assertEqual(self.alarms, [])

    def test_ready_in_another_order(self) -> None:
        """What came last stays, also if what came before takes longer."""
        self.fronts.renew(self.second)
        self.fronts.renew(self.third)
        self.ready(1)
        self.assertIs(self.used, self.third)
        self.ready(0)
        self.assertIs(self.used, self.third)
        self.clock.advance(ROTATION)
        self.ready(0)
        self.assertIs(self.used, self.third)

    def test_ready_after_the_end(self) -> None:
        """Nothing is planned any more."""
        self.fronts.renew(self.second)
        self.fronts.stop()
        self.ready(0)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_first_to_end(self) -> None:
        """Of several listeners the one whose lists or authorities run out first counts."""
        now = time.time()
        self.fronts.stop()
        soon, later = (SimpleNamespace(side=SimpleNamespace(ends=now + at)) for at in (60, 6000))
        for fronts in ({"a": soon, "b": later}, {"a": later, "b": soon}):
            self.patch(self.fronts, "by_listener", fronts)
            self.fronts.start()
            (call,) = self.clock.getDelayedCalls()
            self.assertLess(call.getTime() - self.clock.seconds(), 120)
            self.fronts.stop()
