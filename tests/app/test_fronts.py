"""TLS of listeners is made anew: with new certificates, by the hour, and when something ends."""

import time

from mailfilter.app.fronts import MARGIN, ROTATION, Fronts
from mailfilter.app.serving import FACTORIES
from mailfilter.codec.control import Credentials, Pair, Trust
from mailfilter.config import Config
from mailfilter.config.model import Certificate, Identity, Listener
from mailfilter.testing.fake_scanner import FakeScanner
from mailfilter.tls.contexts import ServerSide
from tests.authority import Authority

from .case import SocketCase
from .test_serving import Timeless

DAY = 86400.0


class FrontsTests(SocketCase):
    def setUp(self) -> None:
        super().setUp()
        self.clock = Timeless()
        self.alarms: list[str] = []
        self.authority = Authority(self.folder, "ours")
        self.theirs = Authority(self.folder, "theirs")
        self.good = self.credentials("mx.example.org")
        self.fronts = self.front()

    def credentials(self, name: str, *, key: str = "") -> Credentials:
        chain, own = self.authority.issue(name)
        private = own if not key else self.authority.issue(key)[1]
        trust = Trust(
            listener="here",
            authorities=self.theirs.file.read_bytes(),
            revoked=(self.theirs.revoke(days=(-1, 30)).read_bytes(),),
        )
        pair = Pair(name="mx", chain=chain.read_bytes(), key=private.read_bytes())
        return Credentials(pairs=(pair,), trusts=(trust,))

    def front(self) -> Fronts:
        listener = Listener(
            protocol="http",
            endpoint="tcp:0",
            certificates=("mx",),
            client_auth="required",
        )
        config = Config(
            listeners={"here": listener},
            certificates={"mx": Certificate(chain="x")},
            identities={"mx1": Identity(any_certificate=True)},
        )
        self.wall = time.time()
        site = FACTORIES["http"](FakeScanner(), "here", listener, self.clock)
        made = Fronts(
            self.clock, config, {"here": site}, self.alarms.append, self.good, lambda: self.wall
        )
        made.start()
        self.addCleanup(made.stop)
        return made

    @property
    def side(self) -> ServerSide:
        return self.fronts.by_listener["here"].side

    async def passes(self, seconds: float) -> None:
        """Time passes, and all is made anew."""
        before = self.side
        self.wall += seconds
        self.clock.advance(seconds)
        await self.until(lambda: self.side is not before)

    def test_nothing_yet(self) -> None:
        before = self.side
        self.clock.advance(ROTATION - 1)
        self.assertIs(self.side, before)

    async def test_by_the_hour(self) -> None:
        for _ in range(3):
            await self.passes(ROTATION)
        self.assertEqual(self.alarms, [])

    async def test_when_something_ends(self) -> None:
        """A list of what was revoked ends in between: the authority is the next to do so."""
        ends = self.side.ends
        self.wall = ends - 100 - ROTATION
        await self.passes(ROTATION)
        await self.passes(100 + MARGIN)
        self.assertGreater(self.side.ends, ends + 1000 * DAY)

    async def test_bad(self) -> None:
        """The old ones stay, and are those that are made anew."""
        before = self.side
        await self.fronts.renew(self.credentials("a.example", key="b.example"))
        self.assertIs(self.side, before)
        self.assertIn("the private key does not belong", self.alarms[0])
        await self.passes(ROTATION)
        self.assertEqual(len(self.alarms), 1)

    async def test_bad_after_good(self) -> None:
        """It does not stand in the way of those that came before."""
        before = self.side
        good = self.fronts.renew(self.credentials("new.example"))
        await self.fronts.renew(Credentials(trusts=self.good.trusts))
        await good
        self.assertEqual(len(self.alarms), 1)
        self.assertIsNot(self.side, before)

    def test_stop(self) -> None:
        self.fronts.stop()
        self.assertEqual(self.clock.getDelayedCalls(), [])
