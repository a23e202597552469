"""Passwords against hashes, in processes of their own."""

import sys
from typing import Any

from twisted.internet import reactor as installed_reactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase, TestCase

from mailfilter.codec.password import make_hash
from mailfilter.servers import derivation as module
from mailfilter.servers.derivation import MAX_WAITING, MAX_WRONG, Derivations, Undecided, Verdicts

HASH = "$1$hwsecowsszgt6cut5m7ropgetxphnt76$4ddjykk9cyysofchsb7oz549e8rf4qjb4ytdsbi4gua3jhfad5gb"
OTHER = make_hash(b"other")

reactor: Any = installed_reactor


class DerivationTests(TestCase):
    """Real processes."""

    timeout = 120

    def use(self, program: str) -> None:
        """Run this, in Python, in place of ours."""
        spawn = reactor.spawnProcess

        def other(protocol: object, executable: str, arguments: object, **rest: Any) -> Any:
            return spawn(protocol, sys.executable, [sys.executable, "-c", program], **rest)

        self.patch(reactor, "spawnProcess", other)

    async def test_verdict(self) -> None:
        """All kinds of hashes, and octets of all kinds."""
        check = Derivations(reactor).check
        self.assertTrue(await check(HASH, b"secretpw"))
        self.assertFalse(await check(HASH, b"secretpw\n"))
        self.assertFalse(await check(HASH, b""))
        self.assertTrue(await check(OTHER, b"other"))
        weird = b"\xff\0\n$1$\r\n"
        self.assertTrue(await check(make_hash(weird), weird))

    async def test_killed(self) -> None:
        """One that does not end is killed, and nothing is known then."""
        self.patch(module, "MAX_SECONDS", 0.2)
        self.use("import time; time.sleep(600)")
        await self.assertFailure(_checked(Derivations(reactor)), Undecided)

    async def test_failed(self) -> None:
        """What dies, or babbles, has not decided either."""
        for program in (
            "raise SystemExit('no memory')",
            "import os; os.abort()",
            "print('right'); print('right')",
            "print('x' * 10**6)",
            "import sys; sys.stdin.close(); print('RIGHT')",
        ):
            self.use(program)
            await self.assertFailure(_checked(Derivations(reactor)), Undecided)

    async def test_not_started(self) -> None:
        """Without a process there is no verdict, and the next is tried."""

        def refuse(*_: object, **__: object) -> None:
            raise BlockingIOError("no more processes")

        derivations = Derivations(reactor)
        self.patch(reactor, "spawnProcess", refuse)
        for _ in range(3):
            await self.assertFailure(_checked(derivations), Undecided)

    async def test_at_once(self) -> None:
        """Few run at a time, so many wait, and the rest is turned away at once."""
        running = most = 0
        spawn = reactor.spawnProcess

        def counted(protocol: module._Process, *rest: Any, **named: Any) -> Any:
            nonlocal running, most
            running += 1
            most = max(most, running)

            def over(result: bytes) -> bytes:
                nonlocal running
                running -= 1
                return result

            protocol.ended.addBoth(over)
            return spawn(protocol, *rest, **named)

        self.patch(reactor, "spawnProcess", counted)
        self.patch(module, "MAX_WAITING", 3)
        derivations = Derivations(reactor)
        wanted = [Deferred.fromCoroutine(derivations.check(HASH, b"x")) for _ in range(7)]
        refused = [self.failureResultOf(item, Undecided) for item in wanted[5:]]
        self.assertIn("too many", str(refused[0].value))
        self.assertEqual(await gatherResults(wanted[:5]), [False] * 5)
        self.assertEqual((running, most), (0, 2))

    def test_bound(self) -> None:
        """What may wait is over in less than a client waits."""
        self.assertLess(MAX_WAITING, 100)


class VerdictTests(SynchronousTestCase):
    """What is remembered, and what is asked once."""

    def setUp(self) -> None:
        self.asked: list[tuple[str, bytes]] = []
        self.answers: list[Deferred[bool]] = []
        self.verdicts = Verdicts(self.check)

    async def check(self, stored: str, password: bytes) -> bool:
        self.asked.append((stored, password))
        self.answers.append(Deferred())
        return await self.answers[-1]

    def ask(self, stored: str, password: bytes) -> Deferred[bool]:
        return Deferred.fromCoroutine(self.verdicts.is_right(stored, password))

    def test_right(self) -> None:
        """The right password is looked up from then on; another one is not it."""
        first = self.ask(HASH, b"x")
        self.answers[0].callback(True)
        self.assertTrue(self.successResultOf(first))
        self.assertTrue(self.successResultOf(self.ask(HASH, b"x")))
        self.assertEqual(len(self.asked), 1)
        self.assertNoResult(self.ask(HASH, b"X"))
        self.assertNoResult(self.ask(OTHER, b"x"))
        self.assertEqual(len(self.asked), 3)

    def test_wrong(self) -> None:
        """So are wrong ones, but not any number of them."""
        for number in range(MAX_WRONG + 1):
            wrong = self.ask(HASH, b"%d" % number)
            self.answers[-1].callback(False)
            self.assertFalse(self.successResultOf(wrong))
        self.assertFalse(self.successResultOf(self.ask(HASH, b"1")))
        self.assertEqual(len(self.asked), MAX_WRONG + 1)
        self.assertNoResult(self.ask(HASH, b"0"))

    def test_at_once(self) -> None:
        """Whoever asks for the same meanwhile gets the same answer."""
        asked = [self.ask(HASH, b"x") for _ in range(5)]
        self.assertEqual(len(self.asked), 1)
        self.answers[0].callback(True)
        self.assertEqual([self.successResultOf(item) for item in asked], [True] * 5)

    def test_left(self) -> None:
        """Who does not wait takes nothing from others, nor from whoever asks later."""
        asked = [self.ask(HASH, b"x") for _ in range(2)]
        for item in asked:
            item.addErrback(lambda failure: None)
            item.cancel()
        self.answers[0].callback(True)
        self.assertTrue(self.successResultOf(self.ask(HASH, b"x")))

    def test_checked(self) -> None:
        """What could not be found out is asked again."""
        asked = [self.ask(HASH, b"x") for _ in range(2)]
        self.answers[0].errback(Failure(Undecided("later")))
        for item in asked:
            self.failureResultOf(item, Undecided)
        self.assertNoResult(self.ask(HASH, b"x"))
        self.assertEqual(len(self.asked), 2)

    def test_plain(self) -> None:
        """A password as it is needs no process."""
        self.assertTrue(self.successResultOf(self.ask("geheim", b"geheim")))
        self.assertFalse(self.successResultOf(self.ask("geheim", b"Geheim")))
        self.assertEqual(self.asked, [])

    def test_memory(self) -> None:
        """Of no password there is more in memory than what only we can make of it."""
        one, other = Verdicts(self.check), Verdicts(self.check)
        self.assertEqual(one.digest(HASH, b"x"), one.digest(HASH, b"x"))
        self.assertNotEqual(one.digest(HASH, b"x"), other.digest(HASH, b"x"))
        self.assertNotEqual(one.digest(HASH, b"x"), one.digest(OTHER, b"x"))


def _checked(derivations: Derivations) -> Deferred[bool]:
    return Deferred.fromCoroutine(derivations.check(HASH, b"x"))
