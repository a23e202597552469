"""Several processes at the same keys: nothing is lost, nothing is granted twice."""

import json
import subprocess
import sys
from typing import Any

from twisted.trial.unittest import TestCase

from mailfilter.store.base import Count, HashAdd, LogRead, Store

from . import redis_hammer as hammer
from .peers import CHECKOUT
from .redis import closing, make_store, settings, shared

NAMES = ("one", "two")
ROUNDS = hammer.ROUNDS


class HammerTests(TestCase):
    """Two processes."""

    timeout = 120

    def run_all(self, where: str, prefix: str) -> list[dict[str, list[Any]]]:
        """What the processes were answered."""
        command = [sys.executable, "-m", "tests.live.redis_hammer", where, prefix]
        processes = [
            subprocess.Popen(
                [*command, name],
                cwd=CHECKOUT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for name in NAMES
        ]
        answers = []
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        for process in processes:
            out, errors = process.communicate(timeout=60)
            self.assertEqual((process.returncode, errors), (0, ""))
            answers.append(json.loads(out))
        return answers

    def store(self, prefix: str) -> Store:
        """To look at what is there."""
        store = make_store(settings(shared(), prefix=prefix))
        closing(self, store)
        return store

    async def test_hammer(self) -> None:
        """Every answer fits all others, and what is there in the end."""
        server = shared()
        answers = self.run_all(f"127.0.0.1:{server.port}", "hammer:")
        store = self.store("hammer:")
        every = {
            kind: [answer for one in answers for _, answer in one[kind]] for kind in answers[0]
        }
        total = len(NAMES) * ROUNDS
        self.assertEqual(sorted(n for (n,) in every["count"]), list(range(1, total + 1)))
        self.assertEqual(await store.do(Count({hammer.COUNTER: 0})), [total])
        self.assertEqual(sorted(n for (n,) in every["hash_add"]), list(range(1, total + 1)))
        self.assertEqual(await store.do(HashAdd(hammer.HASH, {b"x": 0})), [total])
        self.assertEqual(sum(wait == 0.0 for (wait,) in every["take"]), hammer.BURST)
        self.check_first(answers)
        self.assertEqual(sum(is_new for is_new, _ in every["set_add"]), ROUNDS)
        self.assertEqual(sum(is_new for _, is_new in every["set_add"]), total)
        await self.check_log(answers, store)

    def check_first(self, answers: list[dict[str, list[Any]]]) -> None:
        """Exactly one of them is first for each key, and the other is told who was."""
        for number in range(ROUNDS):
            told = [dict(one["put_if_absent"])[number] for one in answers]
            self.assertEqual(told.count(None), 1)
            first = NAMES[told.index(None)]
            self.assertEqual({item for item in told if item is not None}, {first})

    async def check_log(self, answers: list[dict[str, list[Any]]], store: Store) -> None:
        """Each entry is at the position that was answered, and there is no other."""
        expected = {
            position: f"{name} {number}".encode()
            for name, one in zip(NAMES, answers, strict=True)
            for number, position in one["log_append"]
        }
        found = {entry.position: entry.data for entry in await store.do(LogRead(hammer.LOG, 0))}
        self.assertEqual(found, expected)
        self.assertEqual(sorted(found), list(range(1, len(NAMES) * ROUNDS + 1)))
