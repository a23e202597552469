"""Plans with other scores and thresholds."""

from collections.abc import Mapping
from typing import ClassVar

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.config.model import Composite, Config, Profile, ProfileActions
from mailfilter.scan.check import Check, Findings, Hit, Symbol
from mailfilter.scan.envelope import Envelope
from mailfilter.scan.plan import Plan, build_plan
from mailfilter.scan.revision import revised
from mailfilter.scan.tally import Tally
from mailfilter.scan.task import Task
from mailfilter.scan.verdict import Action


class Finder(Check):
    name = "finder"
    symbols: ClassVar[Mapping[str, Symbol]] = {"X": Symbol(1.0, "g", ""), "Y": Symbol(2.0, "g", "")}

    def run(self, task: Task) -> Findings:
        return [Hit("X")]


class RevisedTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.config = Config(
            composites={"C": Composite(expression="X", score=4.0)},
            profiles={
                "p": Profile(
                    mta_tags=("t",),
                    actions=ProfileActions(reject=9.0),
                    symbols={"X": 7.0},
                )
            },
        )
        self.plan = build_plan(self.config, [Finder])

    def outcome(self, plan: Plan, tag: str = "") -> tuple[float, Action]:
        settings = plan.profiles.settings(Envelope(listener="l", mta_tag=tag))
        tally = Tally(plan, settings, 10)
        tally.add(Hit("X"))
        score = tally.results()[0]
        return score, settings.action(score)

    def test_scores(self) -> None:
        """Symbols of checks and composites have other scores; the plan before is as it was."""
        fresh = revised(self.plan, self.config, {}, {"X": 5.0, "C": 0.5, "GONE": 1.0})
        self.assertEqual(fresh.symbols["X"].score, 5.0)
        self.assertEqual(fresh.symbols["X"].group, "g")
        self.assertEqual(fresh.symbols["Y"].score, 2.0)
        self.assertNotIn("GONE", fresh.symbols)
        self.assertEqual(self.outcome(fresh)[0], 0.5)
        self.assertEqual(self.outcome(self.plan)[0], 4.0)

    def test_thresholds(self) -> None:
        fresh = revised(self.plan, self.config, {"add_header": 1.0, "greylist": None}, {})
        self.assertEqual(self.outcome(self.plan), (4.0, Action.GREYLIST))
        self.assertEqual(self.outcome(fresh), (4.0, Action.ADD_HEADER))
        held = {Action.ADD_HEADER: 1.0, Action.REJECT: 15.0}
        self.assertEqual(dict(fresh.profiles.thresholds), held)

    def test_profiles(self) -> None:
        """Profiles have the last word."""
        fresh = revised(self.plan, self.config, {"reject": 20.0}, {"X": 5.0})
        settings = fresh.profiles.settings(Envelope(listener="l", mta_tag="t"))
        self.assertEqual(settings.required_score, 9.0)
        self.assertEqual(settings.symbols, {"X": 7.0})

    def test_nothing(self) -> None:
        """Nothing saved is the plan of the configuration."""
        fresh = revised(self.plan, self.config, {}, {})
        self.assertEqual(fresh.symbols, self.plan.symbols)
        self.assertEqual(fresh.profiles.thresholds, self.plan.profiles.thresholds)
        self.assertIs(fresh.stages, self.plan.stages)
