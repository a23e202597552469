"""Redis servers that are killed, paused, full, or of the wrong sort."""

import shutil
import signal
import time
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from mailfilter.store.base import (
    Bucket,
    Call,
    Count,
    Get,
    HashAdd,
    HashAll,
    HashGet,
    HashPut,
    HashRemove,
    HistoryAdd,
    HistoryFind,
    Limits,
    LogAppend,
    LogRead,
    Publish,
    Put,
    PutIfAbsent,
    Row,
    SetAdd,
    SetHas,
    SetMembers,
    SetRemove,
    Store,
    Take,
    key,
)
from mailfilter.store.errors import (
    Clustered,
    Denied,
    Full,
    ReadOnly,
    StoreError,
    TimedOut,
    Unavailable,
    WrongKind,
)

from .processes import free_port
from .redis import PERMISSIONS, Server, Told, closing, make_store, passes, settings, shared, until

A, B = key("test", "a"), key("test", "b")


class TroubleCase(TestCase):
    """A server that something happens to."""

    timeout = 120

    def setUp(self) -> None:
        """What is told."""
        self.told = Told()

    def start(self, *lines: str) -> Server:
        """A server of the test's own."""
        server = Server(*lines).start()
        self.addCleanup(server.stop)
        return server

    def connect(self, server: Server, **options: Any) -> Store:
        """A store."""
        store = make_store(settings(server, **options), self.told)
        closing(self, store)
        return store

    async def fails(self, store: Store, call: Call[Any], *kinds: type[StoreError]) -> str:
        """The text of the error."""
        try:
            answer = await store.do(call)
        except StoreError as error:
            self.assertIn(type(error), kinds, str(error))
            return str(error)
        raise AssertionError(f"it was answered {answer!r}")

    async def works_again(self, store: Store, seconds: float = 30.0) -> None:
        """After a while a call is answered."""
        began = reactor.seconds()
        while reactor.seconds() - began < seconds:
            try:
                await store.do(Get([B]))
            except StoreError:
                await passes(0.02)
            else:
                return
        raise AssertionError(f"it does not work again within {seconds} s")


class DeathTests(TroubleCase):
    """Servers that go away, or stand still."""

    async def test_killed(self) -> None:
        """Errors at once while it is gone, then calls and notices as before."""
        server = self.start("appendonly yes", "appendfsync always")
        store = self.connect(server)
        got: list[bytes | None] = []
        store.subscribe(b"topic", got.append)
        await store.do(Put({A: b"kept"}))
        await until(lambda: got == [None])
        calls = [Deferred.fromCoroutine(store.do(LogAppend(A, [b"x"]))) for _ in range(200)]
        await passes(0)
        server.kill()
        outcomes: list[Any] = await DeferredList(calls, consumeErrors=True)
        acknowledged = sum(is_done for is_done, _ in outcomes)
        for is_done, outcome in outcomes:
            if not is_done:
                self.assertIs(outcome.type, Unavailable)
        for _ in range(100):
            self.failureResultOf(Deferred.fromCoroutine(store.do(Get([A]))), Unavailable)
        server.start()
        await self.works_again(store)
        self.assertEqual(await store.do(Get([A])), [b"kept"])
        self.assertGreaterEqual(len(await store.do(LogRead(A, 0))), acknowledged)
        await until(lambda: got == [None, None])
        await store.do(Publish(b"topic", b"after"))
        await until(lambda: got == [None, None, b"after"])
        self.assertLess(len(self.told.alarms), 5)

    async def test_paused(self) -> None:
        """Each call ends within its time while the server stands still, and works afterwards."""
        server = self.start()
        store = self.connect(server, timeout=0.5)
        await store.do(Put({A: b"x"}))
        server.send(signal.SIGSTOP)
        self.addCleanup(server.send, signal.SIGCONT)
        slowest = 0.0
        for _ in range(20):
            began = reactor.seconds()
            calls = [Deferred.fromCoroutine(store.do(Count({B: 1}))) for _ in range(20)]
            outcomes: list[Any] = await DeferredList(calls, consumeErrors=True)
            slowest = max(slowest, reactor.seconds() - began)
            for is_done, outcome in outcomes:
                self.assertFalse(is_done)
                self.assertIn(outcome.type, (TimedOut, Unavailable))
            await passes(0.05)
        # Tests with a clock of their own are more exact.
        self.assertLess(slowest, 5)
        server.send(signal.SIGCONT)
        await self.works_again(store)
        self.assertEqual(await store.do(Get([A])), [b"x"])
        self.assertLess(len(self.told.alarms), 4)

    async def test_busy(self) -> None:
        """An endless script of somebody else holds us up no longer than a call may take."""
        server = self.start("lua-time-limit 100")
        store = self.connect(server, timeout=0.5)
        await store.do(Put({A: b"x"}))
        endless = deferToThread(self.blocked, server)
        said: list[str] = []
        while "BUSY" not in "".join(said):
            began = reactor.seconds()
            try:
                await store.do(Get([A]))
            except (TimedOut, Unavailable) as error:
                said.append(str(error))
            self.assertLess(reactor.seconds() - began, 5)
            await passes(0.02)
        server.ask("SCRIPT", "KILL")
        await endless
        await self.works_again(store)

    def blocked(self, server: Server) -> None:
        """Run a script that does not end."""
        server.ask("EVAL", "while true do end", "0")

    async def test_we_are_held_up(self) -> None:
        """A reply that is there is no late one, when it is us who have not looked."""
        store = self.connect(self.start(), timeout=0.3)
        await store.do(Put({A: b"x"}))
        calls = [Deferred.fromCoroutine(store.do(Get([A]))) for _ in range(10)]
        # What is written leaves between the two.
        await passes(0)
        await passes(0)
        self.hold_up(0.6)
        for call in calls:
            self.assertEqual(await call, [b"x"])
        self.assertEqual(self.told.counts, [])

    def hold_up(self, seconds: float) -> None:
        """Keep the reactor from everything."""
        time.sleep(seconds)

    async def test_scripts_are_lost(self) -> None:
        """Nobody notices."""
        server = self.start()
        store = self.connect(server)
        await store.do(Count({A: 1}))
        server.ask("SCRIPT", "FLUSH")
        self.assertEqual(await store.do(Count({A: 1})), [2])
        self.assertEqual(await store.do(Take([Bucket(A, 1, 1)])), [0.0])
        self.assertEqual(self.told.counts, [])


class RefusalTests(TroubleCase):
    """What real servers refuse."""

    async def test_wrong_password(self) -> None:
        """Told at once, without the password; once it is right all goes well."""
        server = self.start("requirepass right")
        store = self.connect(server, password="wr0ng")
        said = await self.fails(store, Get([A]), Denied)
        self.assertNotIn("wr0ng", said + "".join(self.told.alarms))
        self.assertIn("WRONGPASS", said)
        server.ask("CONFIG", "SET", "requirepass", "wr0ng", first=("AUTH", "right"))
        await self.works_again(store)

    async def test_no_password(self) -> None:
        """None where one is needed, and one where there is none."""
        store = self.connect(self.start("requirepass right"))
        self.assertIn("NOAUTH", await self.fails(store, Get([A]), Denied))
        store = self.connect(shared(), password="s3cret")
        said = await self.fails(store, Get([A]), Denied)
        self.assertNotIn("s3cret", said + "".join(self.told.alarms))

    async def test_permissions(self) -> None:
        """What a user may not do is told with its name; the rest works."""
        rules = f"{PERMISSIONS} -hgetall -incrby -xadd -subscribe -info -role"
        server = self.start(f"user filter on >x ~mf:v* ~mf:c* ~mf:h* ~mf:f* &mf:* {rules}")
        store = self.connect(server, username="filter", password="x", prefix="mf:")
        await store.do(Put({A: b"1"}))
        self.assertIn("'filter'", await self.fails(store, HashAll(A), Denied))
        await store.do(Count({A: 1}))
        self.assertIn("'filter'", await self.fails(store, Count({A: 1}), Denied))
        row = HistoryAdd(A, [Row(b"1", 0.0, (), b"")], Limits(1, 60, 1000))
        await self.fails(store, row, Denied)
        await self.fails(store, SetAdd(A, [b"x"], 5), Denied)
        store.subscribe(b"topic", lambda _: None)
        before = self.told.counts.count("store/denied")
        await until(lambda: self.told.counts.count("store/denied") > before)
        self.assertEqual((await store.stats()).octets, 0)
        self.assertEqual(set(self.told.counts), {"store/denied"})
        self.assertEqual(len(self.told.alarms), 1)
        self.assertEqual(await store.do(Get([A])), [b"1"])

    async def test_full(self) -> None:
        """Memory is used up: reading goes on, and writing when there is room again."""
        server = self.start("maxmemory 3mb")
        store = self.connect(server)
        await store.do(Put({A: b"x"}))
        said = ""
        for number in range(20):
            try:
                await store.do(Put({key("test", str(number)): b"x" * 2**19}))
            except Full as error:
                said = str(error)
                break
        self.assertIn("OOM", said)
        server.ask("CONFIG", "SET", "maxmemory", "1mb")
        await self.fails(store, Count({A: 1}), Full)
        await self.fails(store, LogAppend(A, [b"x"]), Full)
        self.assertEqual(await store.do(Get([A])), [b"x"])
        server.ask("CONFIG", "SET", "maxmemory", "100mb")
        self.assertEqual(await store.do(Count({A: 1})), [1])

    async def test_cannot_save(self) -> None:
        """A server that cannot write to its disk takes nothing more."""
        server = self.start("save 3600 1000000")
        store = self.connect(server)
        await store.do(Put({A: b"x"}))
        shutil.rmtree(server.home)
        server.ask("BGSAVE")
        while b"rdb_last_bgsave_status:err" not in server.ask("INFO", "persistence"):
            await passes(0.05)
        self.assertIn("MISCONF", await self.fails(store, Put({A: b"y"}), Full))
        self.assertIn("MISCONF", await self.fails(store, Count({A: 1}), Full))
        self.assertEqual(await store.do(Get([A])), [b"x"])

    async def test_replica(self) -> None:
        """It can be read, not written."""
        master = shared()
        replica = self.start(f"replicaof 127.0.0.1 {master.port}")
        store = self.connect(replica)
        while b"master_link_status:up" not in replica.ask("INFO", "replication"):
            await passes(0.05)
        for call in (Put({A: b"x"}), Count({A: 1}), SetAdd(A, [b"x"], 5)):
            self.assertIn("READONLY", await self.fails(store, call, ReadOnly))
        self.assertEqual(await store.do(Get([A])), [None])
        self.assertEqual((await store.do(HistoryFind(A))).rows, [])

    async def test_replica_without_master(self) -> None:
        """Nor does it look well if it may not answer alone."""
        rules = ("replicaof 127.0.0.1 1", "replica-serve-stale-data no")
        store = self.connect(self.start(*rules))
        self.assertIn("MASTERDOWN", await self.fails(store, Get([A]), Unavailable))

    async def test_several_servers(self) -> None:
        """Of several the master is taken, and found again when another one is."""
        first = self.start()
        second = self.start(f"replicaof 127.0.0.1 {first.port}")
        servers = tuple(f"127.0.0.1:{server.port}" for server in (second, first))
        store = self.connect(first, servers=servers, prefix="several:")
        self.assertEqual(await store.do(Count({A: 1})), [1])
        while second.ask("GET", b"several:c:" + A) != b"1":
            await passes(0.05)
        second.ask("REPLICAOF", "NO", "ONE")
        first.ask("REPLICAOF", "127.0.0.1", str(second.port))
        await self.fails(store, Count({A: 1}), ReadOnly, Unavailable)
        await self.works_again(store)
        self.assertEqual(await store.do(Count({A: 1})), [2])

    async def test_other_kinds(self) -> None:
        """Something of another kind is under a key of ours."""
        server = shared()
        store = self.connect(server, prefix="kinds:")
        for letter in (b"v", b"c", b"b", b"f", b"s", b"h", b"l"):
            server.ask("RPUSH", b"kinds:%b:" % letter + A, "x")
        server.ask("SET", b"kinds:c:" + B, "words")
        row = HistoryAdd(A, [Row(b"1", 0.0, (), b"")], Limits(1, 60, 1000))
        for call in (
            *(Get([A]), Get([B, A]), Count({A: 1}), Count({B: 1}), Take([Bucket(A, 1, 1)])),
            *(HashAll(A), HashGet(A, [b"x"]), HashGet(A, [b"%d" % n for n in range(20)])),
            *(HashPut(A, {b"x": b""}), HashAdd(A, {b"x": 1}), HashRemove(A, [b"x"])),
            *(SetAdd(A, [b"x"], 5), SetHas(A, [b"x"]), SetMembers(A), SetRemove(A, [b"x"])),
            *(PutIfAbsent(A, b""), row, LogAppend(A, [b"x"]), LogRead(A, 0)),
        ):
            await self.fails(store, call, WrongKind)
        self.assertEqual(set(self.told.counts), {"store/wrong_kind"})

    async def test_cluster(self) -> None:
        """A node of a cluster."""
        # Its port for other nodes would be one that nobody has looked at.
        server = self.start("cluster-enabled yes", f"cluster-port {free_port()}")
        for number in (0, 3):
            store = self.connect(server, database=number)
            await self.fails(store, Get([A]), Clustered, Unavailable)
        server.ask("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
        for _ in range(100):
            if b"cluster_state:ok" in server.ask("CLUSTER", "INFO"):
                break
            await passes(0.05)
        store = self.connect(server, database=3)
        self.assertIn("not supported", await self.fails(store, Get([A]), Clustered))
        store = self.connect(server)
        keys = [key("test", str(number)) for number in range(10)]
        self.assertIn("not supported", await self.fails(store, Get(keys), Clustered))
