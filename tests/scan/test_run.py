"""The scanner: a verdict in time and in full, whatever checks do."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from ipaddress import ip_address
from typing import ClassVar, cast

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.config.model import (
    Actions,
    Composite,
    Config,
    Group,
    Profile,
    ProfileActions,
    Scan,
)
from mailfilter.scan.check import Check, Finding, Findings, Force, Hit, Note, Stage, Symbol
from mailfilter.scan.envelope import Envelope
from mailfilter.scan.plan import build_plan
from mailfilter.scan.run import Scanner
from mailfilter.scan.task import Task
from mailfilter.scan.verdict import Action, AddHeader, SymbolResult, Verdict

RAW = b"Subject: hello\r\nMessage-ID: <1@example.org>\r\n\r\nbody\r\n"
ENVELOPE = Envelope(listener="test")


def finding(
    check_name: str,
    *found: Finding,
    stage_: Stage = Stage.MAIN,
    group: str = "test",
    **scores: float,
) -> type[Check]:
    """A check that finds what it is told, with the symbols and scores of the keywords."""

    class Found(Check):
        name = check_name
        stage = stage_
        symbols: ClassVar[Mapping[str, Symbol]] = {
            key: Symbol(score, group, f"about {key}") for key, score in scores.items()
        }

        def run(self, task: Task) -> Findings:
            return found

    return Found


def doing(
    check_name: str, work: Callable[[Task], Findings], stage_: Stage = Stage.MAIN
) -> type[Check]:
    """A check that runs a function."""

    class Doing(Check):
        name = check_name
        stage = stage_

        def run(self, task: Task) -> Findings:
            return work(task)

    return Doing


def waiting(check_name: str, answer: Deferred[Findings], *after_: str) -> type[Check]:
    """A check that waits for a Deferred."""

    class Waiting(Check):
        name = check_name
        after = after_

        async def run(self, task: Task) -> Findings:
            return await answer

    return Waiting


class ScanCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.seen: list[Verdict] = []

    def start(
        self,
        checks: Iterable[type[Check]],
        config: Config | None = None,
        envelope: Envelope = ENVELOPE,
        raw: bytes = RAW,
    ) -> Deferred[Verdict]:
        config = config or Config()
        plan = build_plan(config, checks)
        scanner = Scanner(
            plan,
            config.scan,
            self.clock,
            [lambda _envelope, verdict: self.seen.append(verdict)],
            work_clock=self.clock.seconds,
        )
        return Deferred.fromCoroutine(scanner.scan(envelope, raw))

    def scan(
        self,
        *checks: type[Check],
        config: Config | None = None,
        envelope: Envelope = ENVELOPE,
        raw: bytes = RAW,
    ) -> Verdict:
        return self.successResultOf(self.start(checks, config, envelope, raw))

    def names(self, verdict: Verdict) -> list[str]:
        return [item.name for item in verdict.symbols]


class ScoreTests(ScanCase):
    def test_nothing_found(self) -> None:
        verdict = self.scan(finding("a"))
        self.assertEqual((verdict.action, verdict.score), (Action.NO_ACTION, 0.0))
        self.assertEqual(verdict.message_id, "1@example.org")
        self.assertEqual(verdict.size, len(RAW))
        self.assertEqual(self.seen, [verdict])

    def test_symbols(self) -> None:
        verdict = self.scan(finding("a", Hit("A", options=("x", "y")), Hit("B", 0.5), A=2.0, B=4.0))
        self.assertEqual(
            verdict.symbols,
            (
                SymbolResult("A", 2.0, 2.0, "test", "about A", ("x", "y")),
                SymbolResult("B", 2.0, 4.0, "test", "about B"),
            ),
        )
        self.assertEqual((verdict.action, verdict.score), (Action.GREYLIST, 4.0))

    def test_thresholds(self) -> None:
        for score, action in {
            5.999999: Action.GREYLIST,
            6.0: Action.ADD_HEADER,
            15.0: Action.REJECT,
        }.items():
            self.assertIs(self.scan(finding("a", Hit("A"), A=score)).action, action)

    def test_rounding(self) -> None:
        """0.1 and 0.2 reach 0.3."""
        check = finding("a", Hit("A"), Hit("B"), A=0.1, B=0.2)
        config = Config(actions=Actions(greylist=0.3))
        self.assertIs(self.scan(check, config=config).action, Action.GREYLIST)

    def test_one_shot(self) -> None:
        class Many(Check):
            name = "many"
            symbols: ClassVar[Mapping[str, Symbol]] = {
                "ONCE": Symbol(1.0, "test", ""),
                "EACH": Symbol(1.0, "test", "", one_shot=False),
            }

            def run(self, task: Task) -> Findings:
                return [Hit(name, options=(text,)) for text in "abb" for name in self.symbols]

        once, each = self.scan(Many).symbols
        self.assertEqual((once.score, once.options), (1.0, ("a", "b")))
        self.assertEqual((each.score, each.options), (3.0, ("a", "b")))

    def test_group_cap(self) -> None:
        check = finding("a", Hit("A"), Hit("B"), Hit("C"), group="g", A=3.0, B=4.0, C=-1.0)
        config = Config(groups={"g": Group(max_score=5.0)})
        verdict = self.scan(check, config=config)
        self.assertEqual([item.score for item in verdict.symbols], [3.0, 2.0, -1.0])
        self.assertEqual(verdict.score, 4.0)

    def test_composite_takes_its_parts(self) -> None:
        check = finding("a", Hit("A"), Hit("B"), Hit("C"), A=3.0, B=2.0, C=1.0)
        composites = {"BOTH": Composite(expression="A & ~B", score=7.0)}
        verdict = self.scan(check, config=Config(composites=composites))
        self.assertEqual(self.names(verdict), ["C", "BOTH"])
        self.assertEqual(verdict.score, 2.0 + 1.0 + 7.0)

    def test_composite_that_does_not_fire(self) -> None:
        check = finding("a", Hit("A"), A=3.0, B=2.0)
        composites = {"BOTH": Composite(expression="A & B", score=7.0)}
        self.assertEqual(self.names(self.scan(check, config=Config(composites=composites))), ["A"])

    def test_undeclared_symbol(self) -> None:
        verdict = self.scan(finding("a", Hit("NEW", options=("x",))))
        self.assertEqual(
            verdict.symbols, (SymbolResult("NEW", 0.0, 0.0, "undeclared", "", ("x",)),)
        )

    def test_empty_message(self) -> None:
        verdict = self.scan(finding("a", Hit("A"), A=1.0), raw=b"")
        self.assertEqual((verdict.symbols, verdict.message_id), ((), None))

    def test_no_message_id(self) -> None:
        self.assertEqual(self.scan(raw=b"Subject: x\r\n\r\n").message_id, "undef")


class ForceTests(ScanCase):
    def test_force(self) -> None:
        force = Force(Action.SOFT_REJECT, "come back later")
        verdict = self.scan(finding("a", force, Hit("A"), A=20.0))
        self.assertIs(verdict.action, Action.SOFT_REJECT)
        self.assertEqual((verdict.smtp_message, verdict.forced_by), ("come back later", "a"))
        self.assertEqual(verdict.score, 20.0)
        self.assertIn("forced by check a", verdict.trace[-1].text)

    def test_priority_then_order(self) -> None:
        first = finding("a", Force(Action.DISCARD))
        second = finding("b", Force(Action.QUARANTINE))
        third = finding("c", Force(Action.REJECT, priority=1))
        self.assertIs(self.scan(first, second).action, Action.DISCARD)
        self.assertIs(self.scan(first, second, third).action, Action.REJECT)

    def test_final(self) -> None:
        final = finding("a", Force(Action.REJECT, score=15.0, final=True), stage_=Stage.PRE)
        later = finding("b", Hit("B"), B=1.0)
        verdict = self.scan(final, later)
        self.assertEqual((verdict.symbols, verdict.score), ((), 15.0))
        envelope = replace(ENVELOPE, flags=frozenset({"pass_all"}))
        verdict = self.scan(final, later, envelope=envelope)
        self.assertEqual((self.names(verdict), verdict.score), (["B"], 15.0))

    def test_subject(self) -> None:
        for template, expected in {
            "*** SPAM *** %s": "*** SPAM *** hello",
            "[%d] %s": "[7.00] hello",
            "100%% %s %x %": "100% hello %x %",
            "%%s": "%s",
        }.items():
            config = Config(actions=Actions(rewrite_subject=7.0, subject=template))
            verdict = self.scan(finding("a", Hit("A"), A=7.0), config=config)
            self.assertIs(verdict.action, Action.REWRITE_SUBJECT)
            self.assertEqual(verdict.subject, expected)

    def test_subject_of_a_check(self) -> None:
        verdict = self.scan(finding("a", Force(Action.REWRITE_SUBJECT, subject="new")))
        self.assertEqual(verdict.subject, "new")

    def test_subject_with_a_percent_sign_in_it(self) -> None:
        config = Config(actions=Actions(rewrite_subject=1.0))
        verdict = self.scan(
            finding("a", Hit("A"), A=1.0), config=config, raw=b"Subject: 50%s off\r\n\r\nx"
        )
        self.assertEqual(verdict.subject, "*** SPAM *** 50%s off")

    def test_edits_and_notes(self) -> None:
        edit = AddHeader("X-A", "b")
        verdict = self.scan(finding("a", edit, Note("looked twice")))
        self.assertEqual(verdict.edits, (edit,))
        self.assertIn(("a", "looked twice"), [(item.source, item.text) for item in verdict.trace])


class ProfileTests(ScanCase):
    config = Config(
        profiles={
            "office": Profile(
                networks=("192.0.2.0/24",),
                actions=ProfileActions(reject=30.0),
                disable=("b",),
                symbols={"A": 16.0},
            )
        }
    )
    checks = (finding("a", Hit("A"), A=1.0), finding("b", Hit("B"), B=1.0))

    def test_by_network(self) -> None:
        envelope = replace(ENVELOPE, client_ip=ip_address("192.0.2.9"))
        verdict = self.scan(*self.checks, config=self.config, envelope=envelope)
        self.assertEqual(self.names(verdict), ["A"])
        self.assertEqual((verdict.score, verdict.required_score), (16.0, 30.0))
        self.assertIs(verdict.action, Action.ADD_HEADER)
        self.assertEqual(verdict.profile, "office")

    def test_elsewhere(self) -> None:
        envelope = replace(ENVELOPE, client_ip=ip_address("198.51.100.9"))
        verdict = self.scan(*self.checks, config=self.config, envelope=envelope)
        self.assertEqual((self.names(verdict), verdict.required_score), (["A", "B"], 15.0))
        self.assertIsNone(verdict.profile)

    def test_skip(self) -> None:
        config = Config(profiles={"p": Profile(listeners=("test",), skip=True)})
        verdict = self.scan(*self.checks, config=config)
        self.assertTrue(verdict.is_skipped)
        self.assertEqual((verdict.symbols, verdict.action), ((), Action.NO_ACTION))

    def test_skip_asked_for(self) -> None:
        envelope = replace(ENVELOPE, flags=frozenset({"skip"}))
        self.assertTrue(self.scan(*self.checks, envelope=envelope).is_skipped)

    def test_group_switched_off(self) -> None:
        profile = Profile(listeners=("test",), disable_groups=("test",))
        verdict = self.scan(*self.checks, config=Config(profiles={"p": profile}))
        self.assertEqual((verdict.symbols, verdict.score), ((), 0.0))


class IsolationTests(ScanCase):
    """Rows 41 and 47 of bad-input.md: a bad check costs its own symbol, never the scan."""

    good = finding("good", Hit("GOOD"), GOOD=1.0)

    def failing(self, verdict: Verdict) -> dict[str, tuple[str, ...]]:
        return {item.name: item.options for item in verdict.symbols if item.name != "GOOD"}

    def assert_fails(self, check: type[Check], reason: str, errors: type[BaseException]) -> None:
        verdict = self.scan(check, self.good)
        self.assertEqual(self.failing(verdict), {"BAD_FAIL": (reason,)})
        self.assertEqual(verdict.score, 1.0)
        self.assertEqual(len(self.flushLoggedErrors(errors)), 1)

    def test_raises(self) -> None:
        def work(task: Task) -> Findings:
            raise ZeroDivisionError

        self.assert_fails(doing("bad", work), "ZeroDivisionError", ZeroDivisionError)

    def test_recursion(self) -> None:
        def work(task: Task) -> Findings:
            return work(task)

        self.assert_fails(doing("bad", work), "RecursionError", RecursionError)

    def test_generator_that_raises(self) -> None:
        def work(task: Task) -> Iterator[Finding]:
            yield Hit("HALF")
            raise KeyError("x")

        self.assert_fails(doing("bad", work), "KeyError", KeyError)

    def test_no_finding(self) -> None:
        bad = doing("bad", lambda task: cast(Findings, ["A"]))
        self.assert_fails(bad, "TypeError", TypeError)
        self.assert_fails(doing("bad", lambda task: cast(Findings, 7)), "TypeError", TypeError)

    def test_numbers_that_are_none(self) -> None:
        for weight in (math.nan, math.inf):
            self.assert_fails(finding("bad", Hit("A", weight)), "ValueError", ValueError)

    def test_names_that_are_none(self) -> None:
        for name in ("", "A B", "A\r\nB", "x" * 129, "\u00c4"):
            self.assert_fails(finding("bad", Hit(name)), "ValueError", ValueError)

    def test_endless_generator(self) -> None:
        def work(task: Task) -> Iterator[Finding]:
            while True:
                yield Hit("A")

        self.assertEqual(self.names(self.scan(doing("bad", work))), ["A"])

    def test_huge_options(self) -> None:
        options = tuple("x" * 100_000 for _ in range(5000))
        config = Config(scan=Scan(max_options=7))
        (symbol,) = self.scan(finding("bad", Hit("A", options=options)), config=config).symbols
        self.assertEqual([len(text) for text in symbol.options], [1024] * 7)

    def test_long_work(self) -> None:
        """After a long synchronous check the reactor gets its turn, and the trace says why."""

        def work(task: Task) -> Findings:
            self.clock.advance(0.1)
            return ()

        result = self.start([doing("slow", work), self.good])
        self.assertNoResult(result)
        self.clock.advance(0)
        verdict = self.successResultOf(result)
        self.assertEqual(self.names(verdict), ["GOOD"])
        self.assertIn("took 0.100 s without a pause", [item.text for item in verdict.trace])

    def test_raises_while_waiting(self) -> None:
        answer: Deferred[Findings] = Deferred()
        result = self.start([waiting("bad", answer), self.good])
        self.assertNoResult(result)
        answer.errback(OSError("gone"))
        self.assertEqual(self.failing(self.successResultOf(result)), {"BAD_FAIL": ("OSError",)})
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 1)

    def test_never_answers(self) -> None:
        """The check's own time ends before the scan's."""
        result = self.start([waiting("bad", Deferred()), self.good])
        self.clock.advance(3.9)
        self.assertNoResult(result)
        self.clock.advance(0.2)
        verdict = self.successResultOf(result)
        self.assertEqual(self.failing(verdict), {"BAD_FAIL": ("time is spent",)})
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_ignores_its_cancellation(self) -> None:
        class Deaf(Check):
            name = "bad"

            async def run(self, task: Task) -> Findings:
                while True:
                    try:
                        await Deferred[None]()
                    except CancelledError:
                        continue

        result = self.start([Deaf, self.good])
        self.clock.advance(4)
        self.assertEqual(
            self.failing(self.successResultOf(result)), {"BAD_FAIL": ("time is spent",)}
        )

    def test_answers_too_late(self) -> None:
        answer: Deferred[Findings] = Deferred(lambda _: None)
        result = self.start([waiting("bad", answer), self.good])
        self.clock.advance(4)
        verdict = self.successResultOf(result)
        self.assertEqual(self.names(verdict), ["GOOD", "BAD_FAIL"])

    def test_together(self) -> None:
        """Checks that wait do so side by side, and others do not wait for them."""
        first: Deferred[Findings] = Deferred()
        second: Deferred[Findings] = Deferred()
        result = self.start([waiting("a", first), waiting("b", second), self.good])
        second.callback([Hit("B")])
        first.callback([Hit("A")])
        self.assertEqual(self.names(self.successResultOf(result)), ["GOOD", "B", "A"])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_after(self) -> None:
        answer: Deferred[Findings] = Deferred()

        class Reader(Check):
            name = "reader"
            after = ("a",)

            def run(self, task: Task) -> Findings:
                return [Hit("READ", options=tuple(task.hits))]

        result = self.start([Reader, waiting("a", answer)])
        answer.callback([Hit("A")])
        self.assertEqual(self.successResultOf(result).symbols[-1].options, ("A",))

    def test_deadline_of_the_scan(self) -> None:
        """Checks whose turn comes after the deadline are named, not run."""
        config = Config(scan=Scan(timeout=3.0))
        later = finding("later", Hit("LATER"))
        later.after = ("slow",)
        result = self.start([waiting("slow", Deferred()), later], config)
        self.clock.advance(3.0)
        verdict = self.successResultOf(result)
        self.assertEqual(self.names(verdict), ["SLOW_FAIL", "LATER_FAIL"])

    def test_one_traceback_a_minute(self) -> None:
        def work(task: Task) -> Findings:
            raise ZeroDivisionError

        config = Config()
        scanner = Scanner(build_plan(config, [doing("bad", work)]), config.scan, self.clock)
        for expected in (1, 0, 1):
            self.successResultOf(Deferred.fromCoroutine(scanner.scan(ENVELOPE, RAW)))
            self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), expected)
            self.clock.advance(0 if expected else 61)

    def test_observer_that_raises(self) -> None:
        def observer(envelope: Envelope, verdict: Verdict) -> None:
            raise ZeroDivisionError

        config = Config()
        scanner = Scanner(build_plan(config, []), config.scan, self.clock, [observer])
        self.successResultOf(Deferred.fromCoroutine(scanner.scan(ENVELOPE, RAW)))
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_client_gone(self) -> None:
        """Cancelling a scan ends its checks and tells no observer."""
        cancelled: list[object] = []
        answer: Deferred[Findings] = Deferred(cancelled.append)
        result = self.start([waiting("a", answer)])
        result.cancel()
        self.failureResultOf(result, CancelledError)
        self.assertEqual((len(cancelled), self.seen), (1, []))
        self.assertEqual(self.clock.getDelayedCalls(), [])


class PostStageTests(ScanCase):
    def test_sees_the_score(self) -> None:
        seen: list[tuple[Action, float]] = []

        def work(task: Task) -> Findings:
            seen.append((task.action, task.score))
            return [Hit("POST")]

        main = finding("main", Hit("A"), A=6.5)
        verdict = self.scan(doing("post", work, Stage.POST), main)
        self.assertEqual(seen, [(Action.ADD_HEADER, 6.5)])
        self.assertEqual(self.names(verdict), ["A", "POST"])
