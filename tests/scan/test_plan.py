"""The plan: order of checks, and every problem of a configuration named."""

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.config.model import (
    CheckSettings,
    Composite,
    Config,
    Group,
    Profile,
    SymbolSettings,
)
from mailfilter.scan.check import Check, Findings, Given, Stage, Symbol
from mailfilter.scan.plan import PlanError, build_plan
from mailfilter.scan.task import Task

CONFIG = Config()


def make(
    check_name: str,
    *,
    stage_: Stage = Stage.MAIN,
    after_: tuple[str, ...] = (),
    symbols_: Mapping[str, Symbol] | None = None,
    waits: bool = False,
) -> type[Check]:
    class Base(Check):
        name = check_name
        stage = stage_
        after = after_
        symbols: ClassVar[Mapping[str, Symbol]] = symbols_ or {}

    class Direct(Base):
        def run(self, task: Task) -> Findings:
            return ()

    class Waiting(Base):
        async def run(self, task: Task) -> Findings:
            return ()

    return Waiting if waits else Direct


def problems(config: Config, *checks: type[Check]) -> list[str]:
    try:
        build_plan(config, checks)
    except PlanError as error:
        return [
            ": ".join(part for part in (".".join(item.key), item.text, item.hint) if part)
            for item in error.problems
        ]
    return []


class OrderTests(SynchronousTestCase):
    def waves(self, *checks: type[Check]) -> list[tuple[list[str], list[str]]]:
        plan = build_plan(CONFIG, checks)
        return [
            ([step.name for step in wave.waiting], [step.name for step in wave.direct])
            for wave in plan.stages[Stage.MAIN]
        ]

    def test_direct_checks_share_a_wave(self) -> None:
        a, b = make("a", after_=("b",)), make("b")
        self.assertEqual(self.waves(a, b), [([], ["b", "a"])])

    def test_direct_after_waiting(self) -> None:
        a, b = make("a", after_=("b",)), make("b", waits=True)
        self.assertEqual(self.waves(a, b), [(["b"], []), ([], ["a"])])

    def test_waiting_after_direct(self) -> None:
        a, b = make("a", after_=("b",), waits=True), make("b")
        self.assertEqual(self.waves(a, b), [([], ["b"]), (["a"], [])])

    def test_stage_as_text(self) -> None:
        """A stage may be written as text too."""
        check = make("a")
        check.stage = "post"  # type: ignore[assignment]
        plan = build_plan(CONFIG, [check])
        self.assertEqual([step.name for step in plan.stages[Stage.POST][0].direct], ["a"])

    def test_stages(self) -> None:
        checks = [make(stage.value, stage_=stage) for stage in reversed(Stage)]
        plan = build_plan(CONFIG, checks)
        self.assertEqual(list(plan.stages), list(Stage))
        for stage, waves in plan.stages.items():
            self.assertEqual([step.name for step in waves[0].direct], [stage.value])

    def test_after_an_earlier_stage_or_a_check_switched_off(self) -> None:
        first = make("first", stage_=Stage.PRE)
        second = make("second", after_=("first", "off"))
        config = Config(checks={"off": CheckSettings(enabled=False)})
        plan = build_plan(config, [first, second, make("off")])
        self.assertEqual([step.name for step in plan.steps], ["first", "second"])

    def test_time(self) -> None:
        config = Config(checks={"a": CheckSettings(timeout=0.5)})
        plan = build_plan(config, [make("a"), make("b")])
        self.assertEqual([step.timeout for step in plan.steps], [0.5, config.scan.check_timeout])


class ProblemTests(SynchronousTestCase):
    def test_names(self) -> None:
        config = Config(
            checks={"gtub": CheckSettings()},
            symbols={"NOBODY": SymbolSettings(score=1.0)},
            groups={"grup": Group(max_score=1.0)},
            composites={"C": Composite(expression="A &")},
            profiles={"p": Profile(disable=("b",), symbols={"AA": 1.0}, disable_groups=("g",))},
        )
        symbols = {"A": Symbol(1.0, "group", "a")}
        found = problems(config, make("gtube", symbols_=symbols), make("gtube"))
        self.assertEqual(
            found,
            [
                f"two checks are named gtube: the second is in {__file__}",
                "checks.gtub: no check is named gtub: did you mean gtube?",
                "groups.grup: no group is named grup: did you mean group?",
                "symbols.NOBODY: no symbol is named NOBODY",
                "profiles.p.disable: no check is named b",
                "profiles.p.disable_groups: no group is named g",
                "profiles.p.symbols.AA: no symbol is named AA: did you mean A?",
                "composites.C.expression: something is missing at the end of 'A &'",
            ],
        )

    def test_symbol_declared_twice(self) -> None:
        symbols = {"A": Symbol(1.0, "group", "a")}
        found = problems(CONFIG, make("a", symbols_=symbols), make("b", symbols_=symbols))
        self.assertEqual(found, ["check b: symbol A is declared twice"])

    def test_composite_with_the_name_of_a_symbol(self) -> None:
        config = Config(composites={"A": Composite(expression="A")})
        found = problems(config, make("a", symbols_={"A": Symbol(1.0, "group", "a")}))
        self.assertIn("composites.A: a check declares a symbol of this name", found)

    def test_after_nobody(self) -> None:
        found = problems(CONFIG, make("a", after_=("nobody",)))
        self.assertEqual(found, ["check a comes after nobody, and no check is named so"])

    def test_unknown_option(self) -> None:
        settings = CheckSettings(options={"colour": 1})
        found = problems(replace(CONFIG, checks={"a": settings}), make("a"))
        self.assertEqual(found, ["checks.a.options.colour: no option is named colour"])

    def test_circle(self) -> None:
        found = problems(CONFIG, make("a", after_=("b",)), make("b", after_=("a",)))
        self.assertEqual(len(found), 1)
        self.assertIn("checks wait for each other", found[0])

    def test_after_a_later_stage(self) -> None:
        found = problems(CONFIG, make("a", after_=("b",)), make("b", stage_=Stage.POST))
        self.assertEqual(found, ["check a: b runs in a later stage"])

    def test_options_that_a_check_refuses(self) -> None:
        class Picky(make("picky")):  # type: ignore[misc]
            def __init__(self, given: Given) -> None:
                raise ValueError("colour: expected text")

        self.assertEqual(problems(CONFIG, Picky), ["checks.picky.options: colour: expected text"])


class SymbolTests(SynchronousTestCase):
    def test_operator_changes(self) -> None:
        config = Config(symbols={"A": SymbolSettings(score=7.0, group="mine")})
        plan = build_plan(config, [make("a", symbols_={"A": Symbol(1.0, "group", "about a")})])
        info = plan.symbols["A"]
        self.assertEqual((info.score, info.group, info.description), (7.0, "mine", "about a"))

    def test_failures_are_declared(self) -> None:
        plan = build_plan(CONFIG, [make("spf")])
        self.assertEqual(plan.symbols["SPF_FAIL"].score, 0.0)
