"""Processes that are killed while they write to one embedded store."""

import os
import random
import signal
import time

from mailfilter.store.base import Count, HistoryFind, LogLook, LogRead

from .hammer import SHARED
from .test_embedded_processes import Hammer
from .trouble import TroubleCase, query

KILLS = 50
AT_ONCE = 5
"""Processes that write at the same time, killed one after another until none is left."""


class KillTests(TroubleCase):
    """What a process was told to be done is there after its death, and nothing is half done."""

    async def test_kill(self) -> None:
        """Fifty deaths at any moment."""
        acknowledged: dict[int, str] = {}
        for start in range(0, KILLS, AT_ONCE):
            for said in self.kill_some(start):
                for position, text in said.items():
                    self.assertNotIn(position, acknowledged)
                    acknowledged[position] = text
            # Nobody has it open now: the next one that comes finds what the dead have left.
            self.assertEqual(query(self.path, "PRAGMA quick_check"), [("ok",)])
        self.assertGreater(len(acknowledged), KILLS)
        await self.check(acknowledged)

    def kill_some(self, start: int) -> list[dict[int, str]]:
        """Start some processes, kill them; what each of them had an answer to."""
        names = [f"writer{start + number}" for number in range(AT_ONCE)]
        writers = [Hammer(self, "acknowledged", name, 0) for name in names]
        for writer in writers:
            self.assertTrue(writer.says("ready"))
        for writer in writers:
            writer.go()
        said = []
        for writer in writers:
            first = writer.line()
            time.sleep(random.uniform(0, 0.03))
            os.kill(writer.process.pid, signal.SIGKILL)
            lines = [first, *writer.rest().splitlines(keepends=True)]
            # Of the last one it may have been able to say a part only.
            parts = [line.split() for line in lines if line.endswith("\n")]
            said.append({int(position): text for position, text in parts})
        return said

    async def check(self, acknowledged: dict[int, str]) -> None:
        """Compare what is there with what was answered."""
        self.start()
        entries: dict[int, str] = {}
        while some := await self.do(LogRead(SHARED, len(entries))):
            entries.update({entry.position: entry.data.decode() for entry in some})
        self.assertEqual(list(entries), list(range(1, len(entries) + 1)))
        self.assertEqual((await self.do(LogLook(SHARED))).last, len(entries))
        self.assertEqual(len(set(entries.values())), len(entries))
        self.assertEqual({at: entries[at] for at in acknowledged}, acknowledged)
        rows: list[str] = []
        cursor = None
        while True:
            page = await self.do(HistoryFind(SHARED, limit=1000, before=cursor))
            rows.extend(row.row_id.decode() for row in page.rows)
            cursor = page.cursor
            if cursor is None:
                break
        self.assertEqual(len(set(rows)), len(rows))
        self.assertLessEqual(set(acknowledged.values()), set(rows))
        self.assertLessEqual(set(rows), set(entries.values()))
        (number,) = await self.do(Count({SHARED: 0}))
        self.assertGreaterEqual(number, len(acknowledged))
        self.assertLessEqual(number, len(rows))
        self.assertEqual(await self.store.inspect(), [])

    async def test_kill_of_the_first(self) -> None:
        """A death while the file is made or checked does not keep the next one from doing so."""
        for number in range(8):
            self.path = os.path.join(self.directory(), f"store{number}")
            writer = Hammer(self, "acknowledged", "writer", 0)
            while not os.listdir(os.path.dirname(self.path)):
                self.assertIsNone(writer.process.poll())
            writer.process.send_signal(signal.SIGKILL)
            writer.rest()
            self.start(self.path)
            self.assertEqual(await self.do(Count({SHARED: 1})), [1])
            self.assertEqual(await self.store.inspect(), [])
            await self.store.close()
        self.assertEqual(self.alarms, [])
