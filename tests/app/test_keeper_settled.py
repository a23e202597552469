"""Looks at the files while another configuration comes, and after one came with trouble."""

from collections.abc import Callable

from twisted.internet.defer import Deferred

from mailfilter.app import keeper as module
from tests.app.keeper_case import DAY, WATCH, KeeperCase


class SettledTests(KeeperCase):
    def setUp(self) -> None:
        super().setUp()
        self.keep()

    def waits(self) -> list[Callable[[], None]]:
        """What is looked at in the background, and is not ready yet."""
        waiting: list[Callable[[], None]] = []

        def later(_: object, work: Callable[[], object]) -> Deferred[object]:
            done: Deferred[object] = Deferred()
            waiting.append(lambda: done.callback(work()))
            return done

        self.patch(module, "in_background", later)
        return waiting

    def test_overtaken(self) -> None:
        """A reload has begun meanwhile: what was found is left for the next look."""
        waiting = self.waits()
        self.renew()
        self.look()
        self.is_settled = False
        waiting.pop()()
        self.assertEqual(self.pushed, [])
        self.look(5)
        self.assertEqual(waiting, [])
        self.is_settled = True
        self.look()
        waiting.pop()()
        self.assertEqual(len(self.pushed), 1)

    def test_good_by_itself(self) -> None:
        """One that did not hold yet at a reload is taken when it does, with no file changed."""
        self.renew((1, 90))
        self.reload()
        (text,) = self.alarms()
        self.assertIn("the certificate does not hold before", text)
        self.look(3)
        self.assertEqual(self.pushed, [])
        self.clock.advance(DAY + WATCH)
        self.look(2)
        self.assertEqual(len(self.pushed), 1)
        self.assertEqual(dict(self.keeper.held.troubles()), {})
