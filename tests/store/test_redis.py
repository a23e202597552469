"""The store in Redis and servers that say what they should not, or nothing."""

from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import LogLevel, globalLogPublisher

from mailfilter.store.base import (
    Bucket,
    Count,
    Dump,
    Get,
    HashPut,
    HistoryFind,
    Key,
    Put,
    Take,
)
from mailfilter.store.errors import (
    Clustered,
    Denied,
    Full,
    ReadOnly,
    StoreError,
    TooLarge,
    Unavailable,
    WrongKind,
)

from .case import HOSTILE, A, B, C
from .fake_redis import OK, Answer, FakeCase, Flood, Speaker, always, bulk, pause

OLD = "ERR Error running script (call to f_0123): @user_script:12: @user_script: 12: "
NEW = " script: 0123456789abcdef, on @user_script:12."
REFUSALS: tuple[tuple[str, type[StoreError]], ...] = (
    ("READONLY You can't write against a read only replica.", ReadOnly),
    (OLD + "-READONLY You can't write against a read only replica.", ReadOnly),
    ("READONLY You can't write against a read only replica." + NEW, ReadOnly),
    ("OOM command not allowed when used memory > 'maxmemory'.", Full),
    (OLD + "-OOM command not allowed when used memory > 'maxmemory'.", Full),
    ("MISCONF Errors writing to the AOF file: No space left on device", Full),
    ("LOADING Redis is loading the dataset in memory", Unavailable),
    ("MASTERDOWN Link with MASTER is down", Unavailable),
    ("CLUSTERDOWN The cluster is down", Unavailable),
    ("BUSY Redis is busy running a script.", Unavailable),
    ("TRYAGAIN Multiple keys request during rehashing of slot", Unavailable),
    ("NOREPLICAS Not enough good replicas to write.", Unavailable),
    ("ERR max number of clients reached", Unavailable),
    ("WRONGTYPE Operation against a key holding the wrong kind of value", WrongKind),
    (OLD + "WRONGTYPE Operation against a key holding the wrong kind of value", WrongKind),
    ("ERR value is not an integer or out of range" + NEW, WrongKind),
    ("MOVED 3999 127.0.0.1:6381", Clustered),
    ("ASK 3999 127.0.0.1:6381", Clustered),
    ("CROSSSLOT Keys in request don't hash to the same slot", Clustered),
    ("ERR Script attempted to access a non local key in a cluster node" + NEW, Clustered),
    ("NOAUTH Authentication required.", Denied),
    ("NOPERM this user has no permissions to run the 'get' command", Denied),
    ("ERR The user executing the script can't run this command or subcommand" + NEW, Denied),
    ("ERR unknown command 'GET'", StoreError),
    ("ERR BUSY-ness of others is told in READONLY words", StoreError),
    ("", StoreError),
)


class RefusalTests(FakeCase):
    """What servers refuse with."""

    async def test_refusals(self) -> None:
        """Each kind of refusal has its error, in calls that are commands and in scripts."""
        self.begin(OK)
        for text, kind in REFUSALS:
            self.server.script = always(f"-{text}\r\n".encode())
            self.counts.clear()
            for call in (Get([A]), Count({A: 1})):
                said = await self.fails(call, kind)
                self.assertIn(f"127.0.0.1:{self.server.port}", said)
            self.assertEqual(self.counts, [f"store/{kind.name}"] * 2)
        self.assertEqual(self.server.connections, 1)
        self.assertEqual(len(self.alarms), len({kind for _, kind in REFUSALS}))

    async def test_script_is_lost(self) -> None:
        """A server that has forgotten a script gets it again, once."""

        def answer(speaker: Speaker, words: list[bytes]) -> Answer:
            return (
                b"-NOSCRIPT No matching script.\r\n" if words[0] == b"EVALSHA" else b"*1\r\n:5\r\n"
            )

        self.begin(answer)
        self.assertEqual(await self.store.do(Count({A: 5})), [5])
        *_, first, second = self.server.heard
        self.assertEqual((first[0], second[0]), (b"EVALSHA", b"EVAL"))
        self.assertEqual(first[2:], second[2:])
        self.server.script = lambda speaker, words: b"-NOSCRIPT No matching script.\r\n"
        await self.fails(Count({A: 5}))
        self.assertEqual(self.counts, ["store/failed"])

    async def test_wrong_password(self) -> None:
        """It is told at once, with the user but without the password."""
        refused = b"-WRONGPASS invalid username-password pair or user is disabled.\r\n"
        self.begin(OK, 5, username="filter", password="s3cret", login={b"AUTH": refused})
        said = await self.fails(Get([A]), Denied)
        self.assertIn("'filter'", said)
        await self.fails(Get([A]), Denied)
        self.assertNotIn("s3cret", "".join([said, *self.alarms]))

    async def test_password_repeated(self) -> None:
        """A server that repeats it is not believed to be discreet."""
        refused = b"-ERR unknown command `AUTH`, with args beginning with: `s3cret`\r\n"
        self.begin(OK, password="s3cret", login={b"AUTH": refused})
        said = await self.fails(Get([A]))
        self.assertNotIn("s3cret", said)
        self.assertNotIn("args", said)
        refused = b"-ERR AUTH s3cret is wrong\r\n"
        self.server.login[b"AUTH"] = refused
        await self.until(lambda: len(self.alarms) == 2)
        self.assertNotIn("s3cret", "".join(self.alarms))

    async def test_loading(self) -> None:
        """A server that is loading gets ready some time."""
        self.begin(bulk(b"x"), login={b"SCRIPT": b"-LOADING Redis is loading\r\n"})
        self.assertIn("LOADING", await self.fails(Get([A]), Unavailable))
        del self.server.login[b"SCRIPT"]
        await self.works()

    async def test_nobody_there(self) -> None:
        """What refuses connections is told, at first after a call's time, then at once."""
        self.begin(bulk(b"x"), 5)
        await self.server.stop()
        # One may have been under way already.
        while "refused" not in await self.fails(Get([A]), Unavailable):
            await pause(0.01)
        for _ in range(20):
            call = Deferred.fromCoroutine(self.fails(Get([A]), Unavailable))
            self.assertIn("refused", self.successResultOf(call))

    async def test_quiet(self) -> None:
        """Attempts to connect are told of once, as an alarm, and not in the log besides."""
        events: list[Any] = []
        observer: Any = events.append
        self.begin(bulk(b"x"), login={b"SCRIPT": b"-LOADING Redis is loading\r\n"})
        globalLogPublisher.addObserver(observer)
        self.addCleanup(globalLogPublisher.removeObserver, observer)
        while self.server.connections < 4:
            await pause(0.01)
            await self.fails(Get([A]), Unavailable)
        self.assertEqual(len(self.alarms), 1)
        self.assertEqual([event for event in events if event["log_level"] > LogLevel.debug], [])


class HostileTests(FakeCase):
    """Servers that are broken, or none."""

    async def test_split(self) -> None:
        """Replies come as they come."""
        reply = b"*3\r\n$4\r\na\r\nb\r\n$-1\r\n$0\r\n\r\n"
        self.begin(lambda speaker, words: None, 5)
        for at in range(1, len(reply)):
            answer = Deferred.fromCoroutine(self.store.do(Get([A, B, C])))
            while not self.server.heard or self.server.heard[-1][0] != b"EVALSHA":
                await pause(0)
            self.server.heard.clear()
            self.server.speakers[0].send(reply[:at])
            await pause(0.001)
            self.server.speakers[0].send(reply[at:])
            self.assertEqual(await answer, [b"a\r\nb", None, b""])

    async def test_hostile_values(self) -> None:
        """Octets are octets."""
        kept: dict[bytes, bytes] = {}

        def answer(speaker: Speaker, words: list[bytes]) -> Answer:
            if words[0] == b"SET":
                kept[words[1]] = words[2]
                return OK
            return bulk(kept[words[1]])

        self.begin(answer, 5)
        for octets in HOSTILE:
            await self.store.do(Put({A: octets}))
            self.assertEqual(await self.store.do(Get([A])), [octets])

    async def test_too_large(self) -> None:
        """What is announced to be too large is refused when that is read."""
        for reply in (b"$100000000\r\n", b"*100000000\r\n", b"*1\r\n*1\r\n$16777217\r\n"):
            self.begin(reply)
            await self.fails(Get([A]), TooLarge)
            await self.store.close()

    async def test_endless(self) -> None:
        """What does not end is cut off when it gets too large, or too deep."""
        floods: list[Flood] = []
        for begin, data in (
            (b"*1000\r\n", bulk(b"x" * 2**20)),
            (b"", b"*1\r\n" * 1000),
            (b"", b"*2\r\n:1\r\n" * 1000),
            (b"+", b"x" * 1000),
            (b"*1048576\r\n", bulk(b"x" * 10_000)),
        ):

            def answer(
                speaker: Speaker, words: list[bytes], begin: bytes = begin, data: bytes = data
            ) -> None:
                speaker.send(begin)
                floods.append(Flood(speaker, data, 100_000_000))

            self.begin(answer, 5)
            await self.fails(Get([A]), TooLarge)
            await self.store.close()
            # What the kernel has taken in meanwhile counts, too.
            self.assertLess(floods[-1].sent, 2**25)

    async def test_garbage(self) -> None:
        """What is not the protocol ends the connection, with an error that says so."""
        for reply in (
            b"HTTP/1.1 400 Bad Request\r\n\r\n",
            b"\x15\x03\x01\0\x02\x02\x28",
            b"\r\n",
            b"$abc\r\n",
            b"$5\n",
            b"%1\r\n+a\r\n+b\r\n",
            b"_\r\n",
            b"#f\r\n",
            b":12x\r\n",
        ):
            self.begin(reply)
            self.assertIn("not the protocol", await self.fails(Get([A])), reply)
            await self.store.close()

    async def test_unasked(self) -> None:
        """A reply too many would be taken for that of the next call."""
        self.begin(bulk(b"x") * 2)
        self.assertEqual(await self.store.do(Get([A])), [b"x"])
        await self.until(lambda: bool(self.alarms))
        self.assertIn("nobody asked", self.alarms[0])

    async def test_others_are_innocent(self) -> None:
        """One reply that is too large is the trouble of one call; others lose the connection."""

        def answer(speaker: Speaker, words: list[bytes]) -> Answer:
            # The reply before it comes with it.
            return bulk(b"x") + b"$100000000\r\n" if words[1].endswith(B) else None

        self.begin(answer)
        calls = [Deferred.fromCoroutine(self.store.do(Get([name]))) for name in (A, B, C)]
        self.assertEqual(await calls[0], [b"x"])
        for call, kind in zip(calls[1:], (TooLarge, Unavailable), strict=True):
            with self.assertRaises(kind):
                await call
        await self.fails(Get([B]), Unavailable)
        self.assertEqual(self.counts.count("store/too_large"), 1)

    async def test_refusal_of_octets(self) -> None:
        """A refusal may be made of anything."""
        self.begin(b"-ERR \xff\xfe\x1b[2J \xf0\x9f" + b"x" * 1000 + b"\r\n")
        said = await self.fails(Get([A]))
        self.assertTrue(said.isprintable())
        self.assertLess(len(said), 300)

    async def test_about_to_expire(self) -> None:
        """What has less than a millisecond left does not stay for ever in a copy."""
        names = {b"v": b"v:1", b"f": b"f:2"}

        def answer(speaker: Speaker, words: list[bytes]) -> Answer:
            if words[0] == b"SCAN":
                found = [bulk(b"mailfilter:" + name) for name in names.values()]
                return b"*2\r\n" + bulk(b"0") + b"*2\r\n" + b"".join(found)
            if words[0] == b"EVALSHA":
                return b"*2\r\n" + bulk(b"x") + b":0\r\n"
            return b":0\r\n" if words[0] == b"PTTL" else b"*1\r\n" + bulk(b"y")

        self.begin(answer, 5)
        part = await self.store.do(Dump())
        self.assertEqual(part.calls, [Put({Key(b"1"): b"x"}, 0.001)])
        part = await self.store.do(Dump(part.cursor))
        self.assertEqual(part.calls, [HashPut(Key(b"2"), {b"y": b"y"}, 0.001)])

    async def test_makes_no_sense(self) -> None:
        """Another shape of reply than expected is an error of the store."""
        self.begin(b"*1\r\n$1\r\nx\r\n")
        for call in (Take([Bucket(A, 1, 1)]), HistoryFind(A, before=b"not of ours")):
            await self.fails(call)
        self.assertEqual(self.counts, ["store/failed"] * 2)

    async def test_closes_in_the_middle(self) -> None:
        """Half a reply is none."""

        def answer(speaker: Speaker, words: list[bytes]) -> None:
            speaker.send(b"$5\r\nab")
            speaker.transport.loseConnection()  # type: ignore[union-attr]

        self.begin(answer)
        self.assertIn("connection lost", await self.fails(Get([A]), Unavailable))
        self.assertIn("connection lost", await self.fails(Get([A]), Unavailable))
        self.server.script = lambda speaker, words: bulk(b"x")
        await self.works()
