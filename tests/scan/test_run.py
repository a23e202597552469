"""The scanner: scores, forced actions, profiles, stages."""

from collections.abc import Mapping
from dataclasses import replace
from ipaddress import ip_address
from itertools import permutations
from typing import ClassVar

from mailfilter.config.model import Actions, Composite, Config, Group, Profile, ProfileActions
from mailfilter.scan.check import Check, Findings, Force, Hit, Note, Stage, Symbol
from mailfilter.scan.task import Task
from mailfilter.scan.verdict import Action, AddHeader, SymbolResult

from .case import ENVELOPE, RAW, ScanCase, doing, finding


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
        self.assertEqual([item.score for item in verdict.symbols], [3.0, 3.0, -1.0])
        self.assertEqual(verdict.score, 5.0)

    def test_group_cap_in_any_order(self) -> None:
        """Checks that wait end in any order; what they come to does not change."""
        config = Config(groups={"g": Group(max_score=5.0)})
        hits = [Hit("A"), Hit("B"), Hit("C")]
        found = set()
        for order in permutations(hits):
            check = finding("a", *order, group="g", A=3.0, B=4.0, C=-5.0)
            verdict = self.scan(check, config=config)
            found.add((verdict.score, frozenset(item.score for item in verdict.symbols)))
        self.assertEqual(found, {(2.0, frozenset({3.0, 4.0, -5.0}))})

    def test_group_without_composites(self) -> None:
        """A composite whose group is off leaves its parts alone."""
        check = finding("a", Hit("A"), Hit("B"), A=1.0, B=2.0)
        config = Config(
            composites={"C": Composite(expression="A & B", score=9.0)},
            profiles={"p": Profile(listeners=("test",), disable_groups=("composite",))},
        )
        verdict = self.scan(check, config=config)
        self.assertEqual((self.names(verdict), verdict.score), (["A", "B"], 3.0))

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

    def test_least(self) -> None:
        """The score may give a harsher action, and any other force comes first."""
        least = finding("a", Force(Action.ADD_HEADER, "x", is_least=True))
        verdict = self.scan(least)
        self.assertEqual((verdict.action, verdict.forced_by), (Action.ADD_HEADER, "a"))
        verdict = self.scan(least, finding("b", Hit("B"), B=4.0))
        self.assertEqual((verdict.action, verdict.smtp_message), (Action.ADD_HEADER, "x"))
        verdict = self.scan(least, finding("b", Hit("B"), B=100.0))
        self.assertEqual((verdict.action, verdict.forced_by), (Action.REJECT, None))
        self.assertIsNone(verdict.smtp_message)
        self.assertIn("reaches", verdict.trace[-1].text)
        other = finding("b", Force(Action.NO_ACTION))
        self.assertIs(self.scan(least, other).action, Action.NO_ACTION)
        harsher = finding("b", Force(Action.REJECT, is_least=True))
        self.assertIs(self.scan(least, harsher).action, Action.REJECT)
        milder = finding("b", Force(Action.GREYLIST, is_least=True))
        self.assertIs(self.scan(least, milder).action, Action.ADD_HEADER)

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

    def test_subject_of_nothing(self) -> None:
        """It would delete the subject; the old one stays on every protocol."""
        for subject in ("", "\n", " \t"):
            verdict = self.scan(finding("a", Force(Action.REWRITE_SUBJECT, subject=subject)))
            self.assertIsNone(verdict.subject)

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
