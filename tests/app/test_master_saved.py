"""What is saved meets generations of workers, in memory."""

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from mailfilter.codec.control import Saved
from mailfilter.servers.services import Refused
from tests.app.test_generation import GenerationCase
from tests.app.test_master import MasterCase


class GenerationTests(GenerationCase):
    def test_saved(self) -> None:
        """Who comes later begins with what is saved then; all others are told."""
        self.hub.saved = Saved(number=1)
        self.serve()
        self.hub.saved = Saved(number=2, symbols={"X": 2.0})
        self.generation.tell(self.hub.saved)
        self.assertIn(self.hub.saved, self.workers[0].sent)
        self.workers[1].end()
        self.clock.advance(0.0)
        found = [worker.boot.saved.number for worker in self.workers]
        self.assertEqual(found, [1, 1, 1, 2])


class SavedTests(MasterCase):
    """What is saved meets generations; the fake ones have a symbol WHO."""

    async def test_told(self) -> None:
        """Those that serve, that come and that leave are told; who comes later begins with it."""
        made = await self.serve()
        made.reload()
        (await self.candidate(2)).ready()
        made.reload()
        third = await self.candidate(3)
        await made.saved.save({"symbols.WHO.score": 2.5}, "me")
        for generation in self.generations:
            (message,) = [item for item in generation.told if isinstance(item, Saved)]
            self.assertEqual(message.symbols, {"WHO": 2.5})
        self.assertIs(made.hub.saved, message)
        third.ready()

    async def test_restart(self) -> None:
        """The next master finds it, before it starts anybody."""
        made = await self.serve()
        await made.saved.save({"actions.greylist": None}, "me")
        await self.stop(made)
        again = await self.start()
        self.assertEqual(again.hub.saved.actions, {"greylist": None})
        self.assertEqual([*again.alarms.raised], [])

    async def test_damaged(self) -> None:
        """No reason not to start."""
        (self.folder / "state").mkdir()
        (self.folder / "state" / "saved.json").write_text("nonsense")
        made = await self.serve()
        self.assertIn("saved.json: not what was written", made.alarms.raised[0].text)
        self.flushLoggedErrors()
        await made.saved.save({"symbols.WHO.score": 2.5}, "me")

    async def test_reload(self) -> None:
        """Who reloads is told what has no effect any more."""
        made = await self.serve()
        await made.saved.save({"symbols.WHO.score": 2.5, "actions.reject": 7}, "me")
        self.write("actions.add_header = 10")
        done = made.reload()
        second = await self.candidate(2)
        second.scores = {}
        second.ready()
        warnings = await done
        self.assertEqual(len(warnings), 2)
        self.assertIn("there is no such symbol", warnings[0])
        self.assertIn("actions.reject = 7.0: expected at least actions.add_header", warnings[1])

    async def test_starting(self) -> None:
        """Nothing is saved before somebody serves, nor after the end."""
        made = await self.start()
        refused = made.saved.save({"symbols.WHO.score": 2.5}, "me")
        await self.assertFailure(Deferred.fromCoroutine(refused), Refused)
        self.generations[0].ready()
        await made.saved.save({"symbols.WHO.score": 2.5}, "me")

    async def test_errors(self) -> None:
        """What the master logs is for controllers to see, until it stops."""
        made = await self.serve()
        log = Logger(namespace="somewhere")
        log.warn("odd")
        (row, *_) = await made.hub.desk.errors()
        self.assertEqual((row["message"], row["type"]), ("odd", "main"))
        await self.stop(made)
        log.warn("odder")
        self.assertNotEqual((await made.hub.desk.errors())[0]["message"], "odder")
