"""Several processes that use one embedded store at the same time."""

import fcntl
import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

from mailfilter.store.base import Count, HashGet, HistoryFind, LogRead, SetMembers
from tests.live.processes import wait_until

from . import hammer
from .hammer import SHARED, TOKENS
from .trouble import TroubleCase, write_file

ROOT = Path(__file__).parents[2]


class Hammer:
    """A process of `hammer`."""

    def __init__(self, case: TroubleCase, kind: str, name: str, count: int) -> None:
        command = [sys.executable, "-m", hammer.__name__, kind, case.path, name, str(count)]
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        case.addCleanup(self.process.communicate)
        case.addCleanup(self.process.kill)

    def says(self, text: str) -> bool:
        """Wait for its next line; whether it is this one."""
        return self.line() == f"{text}\n"

    def line(self) -> str:
        """Wait for its next line."""
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def go(self) -> None:
        """Let it begin."""
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def rest(self) -> str:
        """All that it says until its end."""
        # Not `communicate`, which does not know of what `line` has read ahead.
        assert self.process.stdout is not None
        output = self.process.stdout.read()
        self.process.wait(60)
        return output

    def result(self) -> Any:
        """What came of it."""
        output = self.rest()
        if self.process.returncode:
            assert self.process.stderr is not None
            raise AssertionError(self.process.stderr.read())
        return json.loads(output.splitlines()[-1])

    def send(self, number: signal.Signals) -> None:
        """Send a signal, and see that a stop has come."""
        self.process.send_signal(number)
        if number == signal.SIGSTOP:
            stat = Path(f"/proc/{self.process.pid}/stat")
            wait_until(lambda: stat.read_text().rpartition(")")[2].split()[0] == "T", "the stop")


class HammerTests(TroubleCase):
    """Nothing is lost, nothing is there twice, whoever does what at the same time."""

    def hammer(self, kind: str, processes: int, count: int) -> list[Any]:
        """What came of so many processes with so many calls each."""
        names = [f"{number}/{processes}" for number in range(processes)]
        running = [Hammer(self, kind, name, count) for name in names]
        for one in running:
            self.assertTrue(one.says("ready"))
        for one in running:
            one.go()
        return [one.result() for one in running]

    async def test_counters(self) -> None:
        """Every number is given once, to the last."""
        for processes in (2, 4):
            results = self.hammer("counters", processes, 500)
            for part in (0, 1):
                numbers = sorted(number for result in results for number in result[part])
                first = numbers[0]
                self.assertEqual(numbers, list(range(first, first + processes * 500)))
        self.start()
        self.assertEqual(await self.do(Count({SHARED: 0})), [3000])
        self.assertEqual(await self.do(HashGet(SHARED, [b"f"])), [b"3000"])

    async def test_damaged(self) -> None:
        """When all come upon a damaged file one sets it aside, and none is lost with it."""
        write_file(self.path, b"garbage" * 10_000)
        results = self.hammer("counters", 4, 20)
        for part in (0, 1):
            numbers = sorted(number for result in results for number in result[part])
            self.assertEqual(numbers, list(range(1, 81)))
        self.assertEqual(len(self.beside("*.corrupt-*Z*")), 1)

    async def test_buckets(self) -> None:
        """No more is granted than there is, and no less."""
        self.assertEqual(sum(self.hammer("buckets", 4, 100)), TOKENS)

    async def test_firsts(self) -> None:
        """For each key and each member one process is the first."""
        results = self.hammer("firsts", 4, 400)
        for part in (0, 1):
            firsts = sorted(number for result in results for number in result[part])
            self.assertEqual(firsts, list(range(400)))
        self.start()
        self.assertEqual(len(await self.do(SetMembers(SHARED, 1000))), 400)

    async def test_logs(self) -> None:
        """Positions without gaps, each entry and each row once, those of one process in order."""
        results = self.hammer("logs", 4, 250)
        positions = sorted(position for result in results for position in result)
        self.assertEqual(positions, list(range(1, 1001)))
        self.start()
        entries = {entry.position: entry.data for entry in await self.do(LogRead(SHARED, 0))}
        for number, result in enumerate(results):
            for at, position in enumerate(result):
                self.assertEqual(entries[position], f"{number}/4 {at}".encode())
        page = await self.do(HistoryFind(SHARED, limit=1000))
        self.assertEqual(len({row.row_id for row in page.rows}), 1000)
        self.assertIsNone(page.cursor)
        for number in range(4):
            mine = [row.time for row in page.rows if row.row_id.startswith(b"%d/" % number)]
            self.assertEqual(mine, [float(at) for at in range(249, -1, -1)])

    async def test_snapshots(self) -> None:
        """What is read is always the whole of one snapshot, and never an older one."""
        self.assertEqual(self.hammer("snapshots", 2, 8), [True, True])

    async def test_notices(self) -> None:
        """Everybody hears all of them, in one order."""
        results = self.hammer("notices", 3, 60)
        self.assertEqual(results[0], results[1])
        self.assertEqual(results[0], results[2])
        self.assertEqual(
            Counter(text.split()[0] for text in results[0]).most_common(),
            [(name, 60) for name in dict.fromkeys(text.split()[0] for text in results[0])],
        )
        for number in range(3):
            mine = [text for text in results[0] if text.startswith(f"{number}/3 ")]
            self.assertEqual(mine, [f"{number}/3 {at}" for at in range(60)])


class LockTests(TroubleCase):
    """Somebody holds the lock of the file and does not let go."""

    def begin(self) -> Hammer:
        """A process whose calls may take a second."""
        one = Hammer(self, "deadlines", "x", 1000)
        self.assertTrue(one.says("ready"))
        return one

    def is_given_up(self, one: Hammer) -> None:
        """Its calls are given up while the lock is held still."""
        one.go()
        for _ in range(2):
            self.assertTrue(one.says("timeout"))

    async def goes_on(self, one: Hammer) -> None:
        """Its reactor was never held up, and its calls are answered again."""
        result = one.result()
        self.assertEqual(set(result["errors"]), {"timeout"})
        # Of about a hundred in a second; a reactor that waits as well has one.
        self.assertGreater(result["turns"], 5)
        self.start()
        (number,) = await self.do(Count({SHARED: 0}))
        self.assertGreaterEqual(number, 1)

    async def locked_by_other(self, begin: str, end: str) -> None:
        """Another program has the file; ours are given up, and go on afterwards."""
        one = self.begin()
        with closing(sqlite3.connect(self.path, isolation_level=None)) as db:
            db.execute(begin)
            self.is_given_up(one)
            db.execute(end)
        await self.goes_on(one)

    async def test_immediate(self) -> None:
        """A transaction that writes."""
        await self.locked_by_other("BEGIN IMMEDIATE", "ROLLBACK")

    async def test_exclusive(self) -> None:
        """A transaction of somebody who wants to be alone."""
        await self.locked_by_other("BEGIN EXCLUSIVE", "COMMIT")

    async def stopped(self, ends_with: signal.Signals) -> None:
        """A process of ours is stopped while it has the turn to write."""
        holder = Hammer(self, "counters", "holder", 10**7)
        self.assertTrue(holder.says("ready"))
        one = self.begin()
        turn = os.open(self.path + "-turn", os.O_RDWR)
        self.addCleanup(os.close, turn)
        holder.go()
        wait_until(lambda: self.stop_in_turn(holder, turn), "a stop during a write", 60)
        self.is_given_up(one)
        holder.send(ends_with)
        await self.goes_on(one)

    def stop_in_turn(self, holder: Hammer, turn: int) -> bool:
        """Stop it; whether it has the turn, so that nobody else gets it."""
        holder.send(signal.SIGSTOP)
        try:
            fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        fcntl.flock(turn, fcntl.LOCK_UN)
        holder.send(signal.SIGCONT)
        return False

    async def test_stopped_and_continued(self) -> None:
        """Once it goes on all go on."""
        await self.stopped(signal.SIGCONT)

    async def test_stopped_and_killed(self) -> None:
        """Its death sets the lock free."""
        await self.stopped(signal.SIGKILL)
