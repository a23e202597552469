"""The time of the embedded store while the clocks of the machine do what they like."""

from typing import Any

from mailfilter.store.base import (
    Bucket,
    Count,
    HistoryAdd,
    HistoryFind,
    Limits,
    Put,
    SetAdd,
    SetMembers,
    Take,
)
from mailfilter.store.embedded import EmbeddedStore
from mailfilter.store.sqlite.upkeep import Sweep

from .case import A, B
from .case_more import row
from .trouble import TroubleCase, query

YEAR = 366 * 86400.0


class ClockTests(TroubleCase):
    """A value that lasts 1000 seconds and a bucket that fills 1 a second tell how much passed."""

    async def begin(self, **options: Any) -> EmbeddedStore:
        """A store in which something expires."""
        self.start(**options)
        await self.do(Put({A: b"1"}, 1000))
        await self.do(Put({B: b"1"}))
        await self.do(SetAdd(A, [b"1"], 10, 1000))
        await self.do(Count({A: 5}, 1000))
        await self.do(Take([Bucket(A, 1, 100_000, amount=100_000)]))
        return self.store

    async def passed(self, seconds: float) -> None:
        """So much time has passed since; at most 1000 s, not counting the last 10."""
        self.assertEqual(await self.tokens(), seconds)
        is_over = seconds >= 1000
        self.assertEqual(await self.value(A), None if is_over else b"1")
        self.assertEqual(await self.do(SetMembers(A)), [] if is_over else [b"1"])
        self.assertEqual(await self.do(Count({A: 0})), [0 if is_over else 5])
        self.assertEqual(await self.value(B), b"1")

    async def tokens(self) -> float:
        """What is in the bucket, by how long one would have to wait for all."""
        (wait,) = await self.do(Take([Bucket(A, 1, 100_000, amount=100_000)]))
        return round(100_000 - wait)

    async def restart(self, off: float, wall: float, **options: Any) -> None:
        """Start the machine anew: it was off for so long, and its clock says this much more."""
        await self.store.close()
        self.uptime.rightNow = off
        self.wall.rightNow += wall
        self.start(**options)
        # It opens in the background: the clocks must not move before it has looked at them.
        await self.value(B)

    async def keep(self) -> None:
        """Let the store write down the time, as each sweep does."""
        query(self.path, "DELETE FROM swept")
        while (await self.do(Sweep(self.store.clock))).has_more:
            pass

    async def test_wall_jumps(self) -> None:
        """Somebody sets the clock while it runs: nothing expires early or lives on."""
        await self.begin()
        for jump in (YEAR, -2 * YEAR, YEAR + 7):
            self.wall.rightNow += jump
            await self.keep()
            await self.passed(0)
        self.passes_now(400)
        self.wall.rightNow -= YEAR
        await self.passed(400)
        self.passes_now(599)
        await self.passed(999)
        self.passes_now(2)
        await self.passed(1001)

    async def test_restart_of_the_program(self) -> None:
        """Within one boot the wall clock does not matter to the next process, either."""
        await self.begin()
        for jump in (YEAR, -2 * YEAR):
            await self.store.close()
            self.wall.rightNow += jump
            self.passes_now(100)
            self.start()
        await self.passed(200)

    async def test_reboot(self) -> None:
        """After a reboot the wall clock says how long the machine was off."""
        await self.begin()
        await self.restart(3.0, 300.0, boot="boot 2")
        await self.passed(300)
        await self.restart(8.0, 3600.0, boot="boot 3")
        await self.passed(3900)

    async def test_reboot_after_a_while(self) -> None:
        """What it ran before counts as well, as far as it was written down."""
        await self.begin()
        self.passes_now(500)
        await self.keep()
        await self.restart(3.0, 100.0, boot="boot 2")
        await self.passed(600)

    async def test_reboot_with_clock_back(self) -> None:
        """A clock that has gone back tells nothing: no time has passed, and none is taken back."""
        await self.begin()
        self.passes_now(500)
        await self.keep()
        await self.restart(3.0, -YEAR, boot="boot 2")
        await self.passed(500)
        self.passes_now(499)
        await self.passed(999)
        await self.restart(0.0, -YEAR, boot="boot 3")
        # Not written down since: as late as when it was opened.
        await self.passed(500)

    async def test_clock_back_then_right(self) -> None:
        """A machine without a battery starts in 1970 and is set right later."""
        await self.begin()
        self.passes_now(100)
        await self.keep()
        await self.restart(3.0, -self.wall.rightNow, boot="boot 2")
        self.wall.rightNow = 1_800_000_000
        await self.keep()
        await self.passed(100)
        await self.restart(3.0, 50.0, boot="boot 3")
        await self.passed(150)

    async def test_snapshot_of_the_machine(self) -> None:
        """Set back to a snapshot with the same boot, but with a file that has gone on."""
        await self.begin()
        self.passes_now(500)
        await self.keep()
        await self.store.close()
        self.uptime.rightNow -= 400
        self.wall.rightNow -= 400
        self.start()
        await self.passed(500)
        self.passes_now(499)
        await self.passed(999)

    async def test_boots_without_names(self) -> None:
        """Where boots have no names: less time since boot than was seen is another boot."""
        await self.begin(boot="")
        self.passes_now(100)
        await self.keep()
        await self.store.close()
        self.wall.rightNow -= YEAR
        self.passes_now(100)
        self.start(boot="")
        await self.passed(200)
        await self.restart(3.0, 0.0, boot="")
        await self.passed(200)
        self.passes_now(50)
        await self.passed(250)

    async def test_several_processes(self) -> None:
        """Whoever opens the file, and when: all tell the same time."""
        first = await self.begin()
        self.wall.rightNow += YEAR
        self.passes_now(100)
        second = self.start()
        looks = self.start(is_service=False)
        await self.value(A)
        await second.do(Count({A: 0}))
        self.assertEqual(first.clock.now(), second.clock.now())
        self.assertEqual(first.clock.now(), looks.clock.now())
        self.passes_now(10)
        self.assertEqual(first.clock.now(), second.clock.now())

    async def test_never_back(self) -> None:
        """However boots and clocks follow each other, the time of the file never goes back."""
        await self.begin()
        last = self.store.clock.now()
        moves = [(9e5, 5.0), (0.0, -YEAR), (4e7, 3.0), (2.0, YEAR), (1.0, 0.0), (1e6, -5.0)]
        for number, (off, wall) in enumerate(moves):
            await self.keep()
            await self.restart(off, wall, boot=f"boot {number % 2}")
            await self.value(A)
            self.assertGreaterEqual(self.store.clock.now(), last)
            last = self.store.clock.now()
            self.passes_now(10)

    async def test_history(self) -> None:
        """Rows leave by the store's time, while filters go by what rows bear."""
        self.start()
        limits = Limits(100, 1000, 10**6)
        await self.do(HistoryAdd(A, [row(1)], limits))
        self.wall.rightNow += YEAR
        self.passes_now(400)
        await self.do(HistoryAdd(A, [row(2)], limits))
        self.wall.rightNow -= 2 * YEAR
        self.passes_now(400)
        self.assertEqual(await self.found(), [b"2", b"1"])
        self.assertEqual(await self.found(since=1002.0), [b"2"])
        self.assertEqual(await self.found(until=1002.0), [b"1"])
        self.passes_now(300)
        self.assertEqual(await self.found(), [b"2"])
        await self.keep()
        self.assertEqual(await self.found(), [b"2"])

    async def found(self, **conditions: Any) -> list[bytes]:
        """Rows of the history."""
        page = await self.do(HistoryFind(A, **conditions))
        return [item.row_id for item in page.rows]

    async def test_sweep_after_jumps(self) -> None:
        """Sweeps come neither all the time nor never, whatever the clock says."""
        await self.begin()
        await self.keep()
        self.wall.rightNow += YEAR
        self.passes_now(5)
        await self.do(Sweep(self.store.clock))
        ((kept,),) = query(self.path, "SELECT wall FROM clock")
        self.assertLess(kept / 1000, self.wall.rightNow - YEAR + 1)
        self.passes_now(20)
        await self.do(Sweep(self.store.clock))
        self.assertEqual(query(self.path, "SELECT wall FROM clock"), [(self.wall.rightNow * 1000,)])
