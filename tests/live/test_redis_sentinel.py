"""A master that is killed under load: Sentinel makes another, and the store finds it."""

from typing import Any

from twisted.internet import reactor
from twisted.trial.unittest import TestCase

from mailfilter.store.base import Count, Get, Publish, Put, Store, key
from mailfilter.store.errors import StoreError, Unavailable

from .processes import free_port, wait_until
from .redis import Server, Told, closing, make_store, on_its_own, passes, settings, until

KEYS = key("test", "first"), key("test", "second")
DOWN_MILLISECONDS = 500
MAY_BE_LOST = 50
"""Of what each task was told to be counted: replication goes on behind the answers."""
RECOVERED = 20.0
"""Seconds after the election within which calls must work, on a slow machine; mostly it is one."""
AWHILE = 100
"""Calls of each task before and after."""


class Counting:
    """A task that counts without a pause, and what came of it."""

    def __init__(self, store: Store, name: Any) -> None:
        self._store, self._name = store, name
        self.acknowledged = 0
        self.failed = 0
        self.last_failure = 0.0
        self.is_running = True
        self.done = on_its_own(self._run())

    async def _run(self) -> None:
        while self.is_running:
            try:
                await self._store.do(Count({self._name: 1}))
            except StoreError:
                self.failed += 1
                self.last_failure = reactor.seconds()
                await passes(0.02)
            else:
                self.acknowledged += 1


class SentinelTests(TestCase):
    """A master with two replicas, looked after by three sentinels."""

    timeout = 180

    def start(self) -> None:
        """Start all of them, and wait until they know each other."""
        self.master = self.server()
        port = self.master.port
        replicas = [self.server(f"replicaof 127.0.0.1 {port}") for _ in range(2)]
        self.sentinels = [
            self.server(
                f"sentinel monitor mail 127.0.0.1 {port} 2",
                f"sentinel down-after-milliseconds mail {DOWN_MILLISECONDS}",
                "sentinel failover-timeout mail 3000",
                "requirepass watch",
                "sentinel sentinel-pass watch",
                sentinel=True,
            )
            for _ in range(3)
        ]
        wait_until(lambda: self.online() == 2, "the replicas to be in step")
        wait_until(lambda: all(map(self.is_complete, self.sentinels)), "the sentinels to meet")
        self.replicas = replicas

    def server(self, *lines: str, sentinel: bool = False) -> Server:
        """One of them."""
        more = ("repl-diskless-sync-delay 0", "repl-ping-replica-period 1")
        server = Server(*lines, *(() if sentinel else more), sentinel=sentinel).start()
        self.addCleanup(server.stop)
        return server

    def online(self) -> int:
        """Replicas that are in step."""
        text: bytes = self.master.ask("INFO", "replication")
        return text.count(b"state=online")

    def is_complete(self, sentinel: Server) -> bool:
        """Whether a sentinel knows the others and the replicas."""
        words = sentinel.ask("SENTINEL", "MASTER", "mail", first=("AUTH", "watch"))
        known = dict(zip(words[::2], words[1::2], strict=True))
        others, replicas = known[b"num-other-sentinels"], known[b"num-slaves"]
        return bool((others, replicas) == (b"2", b"2"))

    def elected(self) -> int:
        """The port of the master that most sentinels know by now, and that says it is one."""
        words = ("SENTINEL", "get-master-addr-by-name", "mail")
        ports = [int(one.ask(*words, first=("AUTH", "watch"))[1]) for one in self.sentinels]
        return max(set(ports), key=ports.count)

    def connect(self, **options: Any) -> Store:
        """A store that asks the sentinels."""
        self.told = Told()
        options = {"sentinel": "mail", "sentinel_password": "watch", **options}
        # The first one is not there at all.
        ports = [free_port(), *(sentinel.port for sentinel in self.sentinels)]
        servers = tuple(f"127.0.0.1:{port}" for port in ports)
        made = settings(self.master, servers=servers, timeout=1.0, **options)
        store = make_store(made, self.told)
        closing(self, store)
        return store

    async def test_failover(self) -> None:
        """Errors for a while, then it goes on with the new master."""
        self.start()
        store = self.connect()
        got: list[bytes | None] = []
        store.subscribe(b"topic", got.append)
        await store.do(Put({KEYS[0]: b"kept"}))
        tasks = [Counting(store, name) for name in KEYS]
        await until(lambda: all(task.acknowledged > AWHILE for task in tasks))
        before = [task.acknowledged for task in tasks]
        killed = reactor.seconds()
        self.master.kill()
        old = self.master.port
        while self.elected() == old:
            await passes(0.02)
        elected = reactor.seconds()
        known = [task.acknowledged for task in tasks]
        await until(
            lambda: all(
                task.acknowledged > count + AWHILE for task, count in zip(tasks, known, strict=True)
            ),
            RECOVERED + 10,
        )
        for task in tasks:
            task.is_running = False
            await task.done
        for task in tasks:
            self.assertLess(task.last_failure - elected, RECOVERED)
            self.assertGreater(task.last_failure, killed)
        found = await store.do(Count(dict.fromkeys(KEYS, 0)))
        for count, early, task in zip(found, before, tasks, strict=True):
            # A replica gets what was acknowledged a moment later: the last few may be lost.
            self.assertGreater(early, AWHILE)
            self.assertGreaterEqual(count, task.acknowledged - MAY_BE_LOST)
            self.assertLessEqual(count, task.acknowledged + task.failed)
        self.assertEqual(await store.do(Get([KEYS[0]])), [b"kept"])
        self.assertIn(str(self.elected()), (await store.stats()).details["server"])
        await until(lambda: got == [None, None])
        await store.do(Publish(b"topic", b"after"))
        await until(lambda: got == [None, None, b"after"])
        self.assertLess(len(self.told.alarms), 6)

    async def test_trouble(self) -> None:
        """What is wrong with what we know of the sentinels is told."""
        self.start()
        for options, words in (
            ({"sentinel": "other"}, "no master named 'other'"),
            ({"sentinel_password": "wr0ng"}, "WRONGPASS"),
            ({"sentinel_password": ""}, "NOAUTH"),
        ):
            store = self.connect(**options)
            try:
                await store.do(Get(KEYS))
            except StoreError as error:
                self.assertIn(words, str(error))
                self.assertNotIn("wr0ng", str(error))
            else:
                self.fail("it was answered")

    async def test_switched(self) -> None:
        """A master that becomes a replica while it lives is left for the new one."""
        self.start()
        store = self.connect()
        await store.do(Put({KEYS[0]: b"kept"}))
        self.sentinels[0].ask("SENTINEL", "FAILOVER", "mail", first=("AUTH", "watch"))
        old = self.master.port
        while self.elected() == old:
            await passes(0.02)
        began = reactor.seconds()
        while True:
            try:
                await store.do(Count({KEYS[0]: 1}))
                if str(old) not in (await store.stats()).details["server"]:
                    break
            except StoreError as error:
                self.assertIsInstance(error, Unavailable | StoreError)
            await passes(0.05)
            self.assertLess(reactor.seconds() - began, RECOVERED)
        self.assertEqual(await store.do(Get([KEYS[0]])), [b"kept"])
