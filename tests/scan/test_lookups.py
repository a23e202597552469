"""What checks ask of DNS: answers, budgets, and side by side."""

from collections.abc import Awaitable, Callable, Mapping
from typing import ClassVar

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec.dns_answer import (
    Answer,
    DnsBudgetSpent,
    DnsError,
    DnsFailure,
    DnsTimeout,
    DnsTooMany,
    Kind,
    Question,
)
from mailfilter.config.model import Config, Dns
from mailfilter.scan.check import Check, Findings, Hit, Symbol
from mailfilter.scan.lookups import CheckLookups, Lookups, side_by_side
from mailfilter.scan.task import Task
from mailfilter.scan.verdict import Verdict
from mailfilter.testing.checks import run_check, scan_message, symbols_of
from mailfilter.testing.fake_dns import FakeDns

from .case import RAW, finding

ZONE = "".join(f"{number}.example A 192.0.2.{number}\n" for number in range(100))


def question(number: int, kind: Kind = Kind.A) -> Question:
    return Question(f"{number}.example", kind)


def asking(
    check_name: str, ask: Callable[[CheckLookups], Awaitable[object]], limit: int | None = None
) -> type[Check]:
    """A check that asks, and fires a symbol of its name, with the reason if it got no answer."""

    class Asking(Check):
        name = check_name
        symbols: ClassVar[Mapping[str, Symbol]] = {check_name.upper(): Symbol(1, "test", "asked")}

        async def run(self, task: Task) -> Findings:
            try:
                await ask(task.lookups.for_check(check_name, limit))
            except DnsError as error:
                return [Hit(check_name.upper(), options=(error.reason,))]
            return [Hit(check_name.upper())]

    return Asking


def asking_many(
    check_name: str, count: int, limit: int | None = None, kind: Kind = Kind.A
) -> type[Check]:
    """A check that asks many questions, one after the other, whatever becomes of them."""

    async def ask(lookups: CheckLookups) -> None:
        last = None
        for number in range(count):
            try:
                await lookups.ask(question(number, kind))
            except DnsError as error:
                last = error
        if last is not None:
            raise last

    return asking(check_name, ask, limit)


async def ask_one(lookups: CheckLookups) -> None:
    await lookups.ask(question(1))


class Budgets(SynchronousTestCase):
    def setUp(self) -> None:
        self.dns = FakeDns(ZONE)

    def ask(self, lookups: CheckLookups, number: int) -> bool:
        """Whether there is an answer; else the budget is spent."""
        asked: list[object] = []
        answer = Deferred.fromCoroutine(lookups.ask(question(number)))
        answer.addErrback(lambda failure: failure.trap(DnsBudgetSpent)).addCallback(asked.append)
        return asked != [DnsBudgetSpent]

    def test_message(self) -> None:
        lookups = Lookups(self.dns, 3)
        one, two = lookups.for_check("one"), lookups.for_check("two")
        self.assertEqual([self.ask(one, 1), self.ask(one, 2)], [True, True])
        self.assertEqual([self.ask(two, 3), self.ask(two, 4)], [True, False])
        self.assertFalse(self.ask(one, 5))
        self.assertEqual(self.dns.asked.total(), 3)

    def test_check(self) -> None:
        lookups = Lookups(self.dns, 10)
        one, two = lookups.for_check("one", 2), lookups.for_check("two")
        self.assertEqual([self.ask(one, n) for n in range(4)], [True, True, False, False])
        self.assertTrue(self.ask(two, 9))

    def test_what_is_kept(self) -> None:
        """What is kept for a check nobody else can spend, and it may ask what is left besides."""
        lookups = Lookups(FakeDns(ZONE), 6, kept={"b": 2, "c": 1})
        self.assertEqual(self.count(lookups, "a", range(9)), 3)
        self.assertEqual(self.count(lookups, "b", range(10, 19)), 2)
        self.assertEqual(self.count(lookups, "c", range(20, 29)), 1)
        lookups = Lookups(FakeDns(ZONE), 6, kept={"b": 2, "c": 1})
        self.assertEqual(self.count(lookups, "b", range(9)), 5)
        self.assertEqual(self.count(lookups, "a", range(10, 19)), 0)
        self.assertEqual(self.count(lookups, "c", range(20, 29)), 1)

    def test_more_is_kept_than_there_is(self) -> None:
        """Then each has a share, and at least one question as long as there are some."""
        for most, shares in ((10, (5, 1, 4)), (3, (1, 1, 1)), (2, (1, 1, 0)), (49, (24, 4, 19))):
            kept = {"b": 25, "c": 5, "d": 20}
            lookups = Lookups(FakeDns(ZONE), most, kept=kept)
            found = tuple(
                self.count(lookups, name, range(30 * at, 30 * at + 30))
                for at, name in enumerate(kept)
            )
            self.assertEqual(sum(found), most, most)
            lookups = Lookups(FakeDns(ZONE), most, kept=kept)
            for at, share in reversed([*enumerate(shares)]):
                asked = self.count(lookups, "bcd"[at], range(30 * at, 30 * at + 30))
                self.assertGreaterEqual(asked, share, (most, at))

    def count(self, lookups: Lookups, check: str, numbers: range) -> int:
        """How many of these questions of a check are answered."""
        asked = lookups.for_check(check).ask_all([question(number) for number in numbers])
        found = self.successResultOf(Deferred.fromCoroutine(asked))
        return sum(isinstance(answer, Answer) for answer in found)

    def test_what_is_at_hand_costs_nothing(self) -> None:
        one = Lookups(self.dns, 1).for_check("one", 1)
        for _ in range(5):
            self.assertTrue(self.ask(one, 1))
        self.assertFalse(self.ask(one, 2))
        self.assertTrue(self.ask(one, 1))
        self.assertEqual(self.dns.asked, {question(1): 1})

    def test_failures_cost(self) -> None:
        self.dns.fail("1.example")
        one = Lookups(self.dns, 2).for_check("one")
        for error in (DnsFailure, DnsFailure, DnsBudgetSpent):
            self.failureResultOf(Deferred.fromCoroutine(one.ask(question(1))), error)

    def test_seconds(self) -> None:
        """What waits is given up when the time of the check is spent, and no more is asked."""
        clock = Clock()
        dns = FakeDns(ZONE, clock)
        dns.delay = 3.0
        lookups = Lookups(dns, 10, clock)
        short, long = lookups.for_check("one", seconds=4.0), lookups.for_check("two")
        self.assertEqual(self.answered(short, 1, clock, 3.0), "found")
        waiting = self.answered(short, 2, clock, 1.0)
        self.assertEqual(waiting, "no answer in the time of the check")
        self.assertEqual(self.answered(short, 1, clock, 0.0), "found")
        self.assertEqual(self.answered(short, 3, clock, 0.0), "the time of the check is spent")
        self.assertEqual(self.answered(long, 3, clock, 3.0), "found")
        self.assertEqual(
            list(lookups.undone()),
            [
                ("one", "given up: 1 A; no answer in the time of the check"),
                ("one", "not asked: 1 A; the time of the check is spent"),
            ],
        )
        self.assertEqual(clock.getDelayedCalls(), [])

    def test_seconds_of_a_question(self) -> None:
        """A question that is not worth more has no answer then; no budget is spent."""
        clock = Clock()
        dns = FakeDns(ZONE, clock)
        dns.delay = 3.0
        lookups = Lookups(dns, 10, clock)
        check = lookups.for_check("one", seconds=4.0)
        asked = Deferred.fromCoroutine(check.ask(question(1), 2.0))
        clock.advance(1.9)
        self.assertNoResult(asked)
        clock.advance(0.1)
        self.failureResultOf(asked, DnsTimeout)
        asked = Deferred.fromCoroutine(check.ask(question(2), 5.0))
        clock.advance(2.0)
        self.failureResultOf(asked, DnsBudgetSpent)
        self.assertEqual(len(list(lookups.undone())), 1)
        self.assertEqual(clock.getDelayedCalls(), [])

    def answered(self, lookups: CheckLookups, number: int, clock: Clock, seconds: float) -> str:
        """What comes after so long: a status, or why there is no answer."""
        said: list[str] = []

        async def ask() -> None:
            try:
                said.append((await lookups.ask(question(number))).status)
            except DnsError as error:
                said.append(error.reason)

        Deferred.fromCoroutine(ask())
        clock.advance(seconds)
        (text,) = said
        return text

    def test_no_resolver(self) -> None:
        one = Lookups().for_check("one")
        self.assertIsNone(one.peek(question(1)))
        failure = self.failureResultOf(Deferred.fromCoroutine(one.ask(question(1))), DnsFailure)
        self.assertIn("no resolver", str(failure.value))

    def test_words(self) -> None:
        """However much is left undone, there is one text for a check and a reason."""
        lookups = Lookups(self.dns, 0)
        one, two = lookups.for_check("one"), lookups.for_check("two", 0)
        self.assertEqual(list(lookups.undone()), [])
        for kind in [Kind.A] * 1000 + [Kind.TXT]:
            self.failureResultOf(Deferred.fromCoroutine(one.ask(question(1, kind))))
        self.failureResultOf(Deferred.fromCoroutine(two.ask(question(1))))
        self.assertEqual(
            list(lookups.undone()),
            [
                ("one", "not asked: 1000 A, 1 TXT; a message may ask 0 questions"),
                ("two", "not asked: 1 A; the check may ask 0 questions"),
            ],
        )


class Scans(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.dns = FakeDns(ZONE, self.clock)

    def start(self, *checks: type[Check], config: Config | None = None) -> Deferred[Verdict]:
        return scan_message(RAW, checks, config=config, clock=self.clock, resolver=self.dns)

    def options(self, verdict: Verdict) -> dict[str, tuple[str, ...]]:
        return {item.name: item.options for item in verdict.symbols}

    def texts(self, verdict: Verdict) -> list[tuple[str, str]]:
        return [(entry.source, entry.text) for entry in verdict.trace]

    def test_answer(self) -> None:
        verdict = self.successResultOf(self.start(asking("one", ask_one)))
        self.assertEqual(self.options(verdict), {"ONE": ()})

    def test_failure(self) -> None:
        self.dns.fail("1.example", DnsTimeout)
        verdict = self.successResultOf(self.start(asking("one", ask_one)))
        self.assertEqual(self.options(verdict), {"ONE": ("no answer in time",)})

    def test_without_resolver(self) -> None:
        verdict = self.successResultOf(scan_message(RAW, [asking("one", ask_one)]))
        self.assertEqual(self.options(verdict), {"ONE": ("no resolver",)})

    def test_budget_of_a_message(self) -> None:
        """By default 64 questions; the trace says what was left undone."""
        verdict = self.successResultOf(self.start(asking_many("many", 100)))
        self.assertEqual(self.dns.asked.total(), 64)
        self.assertEqual(self.options(verdict), {"MANY": ("a message may ask 64 questions",)})
        text = "not asked: 36 A; a message may ask 64 questions"
        self.assertIn(("many", text), self.texts(verdict))

    def test_budgets_that_are_set(self) -> None:
        config = Config(dns=Dns(max_queries=10))
        checks = asking_many("few", 5, 3), asking_many("many", 20, kind=Kind.TXT)
        verdict = self.successResultOf(self.start(*checks, config=config))
        self.assertEqual(self.dns.asked.total(), 10)
        texts = self.texts(verdict)
        self.assertIn(("few", "not asked: 2 A; the check may ask 3 questions"), texts)
        self.assertIn(("many", "not asked: 13 TXT; a message may ask 10 questions"), texts)

    def test_budget_is_of_one_message(self) -> None:
        for _ in range(3):
            self.dns.forget()
            verdict = self.successResultOf(self.start(asking_many("many", 60)))
            self.assertEqual(self.options(verdict), {"MANY": ()})

    def test_side_by_side(self) -> None:
        """Ten checks that wait a second each take a second."""
        self.dns.delay = 1

        def asking_for(number: int) -> type[Check]:
            return asking(f"ask{number}", lambda lookups: lookups.ask(question(number)))

        result = self.start(*map(asking_for, range(10)))
        self.assertEqual(self.dns.asked.total(), 10)
        self.assertNoResult(result)
        self.clock.advance(1)
        self.assertEqual(len(self.successResultOf(result).symbols), 10)

    def test_checks_that_ask_nothing_do_not_wait(self) -> None:
        self.dns.delay = 1
        result = self.start(asking("one", ask_one), finding("two", Hit("TWO"), TWO=1))
        self.assertNoResult(result)
        self.clock.advance(1)
        ended = {run.check: run.at + run.took for run in self.successResultOf(result).runs}
        self.assertEqual(ended, {"one": 1.0, "two": 0.0})

    def test_all_at_once(self) -> None:
        """Errors are values, and stand where their questions did."""
        found: list[object] = []

        async def ask(lookups: CheckLookups) -> None:
            found.extend(await lookups.ask_all([question(1), question(2), question(3)]))

        self.dns.delay = 2.0
        self.dns.fail("2.example")
        scan = self.start(asking("all", ask))
        self.assertEqual(self.dns.asked.total(), 3)
        self.clock.advance(2.0)
        self.successResultOf(scan)
        self.assertEqual([type(item) for item in found], [Answer, DnsFailure, Answer])
        found.clear()
        self.dns.delay = 0.0
        self.successResultOf(self.start(asking("all", ask, limit=1)))
        self.assertEqual([type(item) for item in found], [Answer, DnsFailure, Answer])

    def test_all_at_once_within_the_budget(self) -> None:
        found: list[object] = []

        async def ask(lookups: CheckLookups) -> None:
            found.extend(await lookups.ask_all([question(1), question(2)]))

        self.successResultOf(self.start(asking("all", ask, limit=1)))
        self.assertEqual([type(item) for item in found], [Answer, DnsTooMany])

    def test_answers_at_hand_do_not_wait(self) -> None:
        self.dns.delay = 1
        first = self.start(asking("one", ask_one))
        self.clock.advance(1)
        self.successResultOf(first)
        self.successResultOf(self.start(asking("one", ask_one)))

    def test_out_of_time(self) -> None:
        self.dns.delay = 1000
        result = self.start(asking("one", ask_one), finding("two", Hit("TWO"), TWO=1))
        self.clock.advance(60)
        self.assertEqual(set(self.options(self.successResultOf(result))), {"ONE_FAIL", "TWO"})
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_client_leaves(self) -> None:
        """Nothing is asked on for a message that nobody waits for."""
        self.dns.delay = 1
        result = self.start(asking_many("many", 10))
        self.clock.advance(1)
        result.cancel()
        self.failureResultOf(result)
        self.clock.pump([1] * 20)
        self.assertEqual(self.dns.asked.total(), 2)
        self.assertEqual(self.clock.getDelayedCalls(), [])


class SideBySide(SynchronousTestCase):
    def test_order(self) -> None:
        """None waits for another one, and each keeps its place."""
        waits = [Deferred[int](), Deferred[int]()]
        done: list[int] = []

        async def one(wait: Deferred[int]) -> int:
            done.append(await wait)
            return done[-1]

        found = Deferred.fromCoroutine(side_by_side(map(one, waits)))
        waits[1].callback(2)
        self.assertEqual(done, [2])
        self.assertNoResult(found)
        waits[0].callback(1)
        self.assertEqual(self.successResultOf(found), [1, 2])
        self.assertEqual(self.successResultOf(Deferred.fromCoroutine(side_by_side([]))), [])

    def test_ends(self) -> None:
        """It raises what one of them raises, and ends all if it is ended."""

        async def one(wait: Deferred[int]) -> int:
            return await wait

        waits = [Deferred[int](), Deferred[int]()]
        found = Deferred.fromCoroutine(side_by_side(map(one, waits)))
        waits[1].errback(KeyError("x"))
        self.failureResultOf(found, KeyError)
        waits = [Deferred[int](), Deferred[int]()]
        found = Deferred.fromCoroutine(side_by_side(map(one, waits)))
        found.cancel()
        self.failureResultOf(found, CancelledError)
        self.assertTrue(all(wait.called for wait in waits))


class Kit(SynchronousTestCase):
    """A check by itself, with the resolver of a test."""

    def test_run_check(self) -> None:
        found = run_check(asking("one", ask_one), RAW, resolver=FakeDns(ZONE))
        self.assertEqual(symbols_of(found), {"ONE": ()})

    def test_check_that_waits(self) -> None:
        dns = FakeDns(ZONE, Clock())
        dns.delay = 1
        error = self.assertRaises(
            AssertionError, run_check, asking("one", ask_one), RAW, resolver=dns
        )
        self.assertIn("check one waits", str(error))
