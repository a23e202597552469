"""Settings that a client sends along with one message."""

import json
from dataclasses import replace
from typing import cast

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.logger import (
    ILogObserver,
    LogEvent,
    capturedLogs,
    formatEvent,
    globalLogPublisher,
)
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.config.model import Config, Profile
from mailfilter.scan.check import Hit
from mailfilter.scan.plan import build_plan
from mailfilter.scan.request_settings import (
    MAX_NAME,
    MAX_NAMES,
    MAX_SCORE,
    MAX_SUBJECT,
    RequestSettings,
    read_settings,
)
from mailfilter.scan.run import FAILURE_LOG_INTERVAL, Scanner
from mailfilter.scan.verdict import Action, Verdict

from .case import ENVELOPE, RAW, ScanCase, finding

CHECKS = (
    finding("one", Hit("ONE"), group="first", ONE=5.0),
    finding("two", Hit("TWO"), Hit("THREE"), group="second", TWO=2.0, THREE=1.0),
)


_KEYS = st.sampled_from(
    ("actions", "scores", "subject", "symbols_enabled", "groups_disabled", "reject", "A")
)
_LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary()
OBJECTS = st.recursive(
    _LEAVES | _KEYS,
    lambda some: st.lists(some) | st.dictionaries(_KEYS | _LEAVES | st.tuples(_LEAVES), some),
)


class ReadTests(SynchronousTestCase):
    def test_everything(self) -> None:
        given = {
            "actions": {"reject": 10, "add_header": 2.5, "greylist": None},
            "scores": {"ONE": -3},
            "subject": "[%d] %s",
            "symbols_enabled": ["ONE"],
            "groups_enabled": "second",
            "symbols_disabled": ["TWO"],
            "groups_disabled": [],
        }
        expected = RequestSettings(
            thresholds={Action.REJECT: 10, Action.ADD_HEADER: 2.5, Action.GREYLIST: None},
            scores={"ONE": -3.0},
            subject="[%d] %s",
            symbols_enabled=frozenset({"ONE"}),
            groups_enabled=frozenset({"second"}),
            symbols_disabled=frozenset({"TWO"}),
        )
        self.assertEqual((expected, ()), read_settings(given))

    def test_largest(self) -> None:
        names = [str(number).rjust(MAX_NAME) for number in range(MAX_NAMES)]
        scores = dict.fromkeys(names, -MAX_SCORE)
        expected = RequestSettings(scores=scores, symbols_disabled=frozenset(names))
        given = {"scores": scores, "symbols_disabled": names}
        self.assertEqual((expected, ()), read_settings(given))

    def test_of_other_form(self) -> None:
        """Only that is left out, and it is named; nothing of the client's is in the text."""
        nothing = RequestSettings()
        for asked, expected, complaint in (
            ([], nothing, "settings: expected an object"),
            ("x", nothing, "settings: expected an object"),
            ({"x\n": 1}, nothing, "settings: 1 unknown keys; known are "),
            ({"actions": []}, nothing, "settings.actions: expected an object"),
            ({"actions": {"x\n": 1}}, nothing, "settings.actions: expected reject, "),
            ({"actions": {"soft reject": 1}}, nothing, "settings.actions: expected reject, "),
            ({"actions": {"reject": "9"}}, nothing, "settings.actions.reject: expected a number"),
            ({"actions": {"reject": True}}, nothing, "settings.actions.reject: expected a number"),
            ({"scores": {"A": "1", "B": 2}}, RequestSettings(scores={"B": 2.0}), "settings.scores"),
            ({"scores": {"A": 10**400}}, nothing, "settings.scores: expected numbers"),
            ({"scores": {"A": "1", "B": None}}, nothing, "settings.scores: expected numbers"),
            ({"scores": {"A": 1.1 * MAX_SCORE}}, nothing, "settings.scores: expected numbers"),
            (
                {"scores": dict.fromkeys(map(str, range(MAX_NAMES + 1)), 1)},
                nothing,
                "settings.scores: expected an object of at most 1000 keys",
            ),
            ({"subject": 5}, nothing, "settings.subject: expected a text"),
            ({"subject": "x" * (MAX_SUBJECT + 1)}, nothing, "settings.subject: expected a text"),
            ({"actions": {5: 1}}, nothing, "settings.actions: expected names"),
            ({"actions": {"x" * 10**6: 1}}, nothing, "settings.actions: expected names"),
            ({"scores": {None: 1}}, nothing, "settings.scores: expected names"),
            (
                {"scores": {"A" * (MAX_NAME + 1): 1, b"B": 2, "C": 3}},
                RequestSettings(scores={"C": 3.0}),
                "settings.scores: expected names",
            ),
            (
                {"symbols_disabled": ["A" * (MAX_NAME + 1)]},
                nothing,
                "settings.symbols_disabled: expected names",
            ),
            ({"groups_enabled": 5}, nothing, "settings.groups_enabled: expected a list"),
            ({"groups_enabled": [5]}, nothing, "settings.groups_enabled: expected names"),
            (
                {"symbols_disabled": ["A"] * (MAX_NAMES + 1)},
                nothing,
                "settings.symbols_disabled: expected a list of at most 1000 names",
            ),
        ):
            found, complaints = read_settings(asked)
            self.assertEqual(expected, found)
            self.assertEqual(1, len(complaints))
            self.assertTrue(complaints[0].startswith(complaint), complaints)
            self.assertNotIn("\n", complaints[0])

    @settings(max_examples=300, derandomize=True, deadline=None, database=None)
    @given(OBJECTS)
    def test_any_object(self, given: object) -> None:
        """Whatever MessagePack can hold: it is read, or named."""
        found, complaints = read_settings(given)
        names = [*found.scores, *found.symbols_enabled, *found.groups_disabled]
        for text in (*names, *complaints):
            self.assertIsInstance(text, str)
        for number in (*found.scores.values(), *found.thresholds.values()):
            self.assertTrue(number is None or abs(number) <= MAX_SCORE)


class ScanTests(ScanCase):
    def asked(self, text: str, config: Config | None = None, **facts: object) -> Verdict:
        settings, complaints = read_settings(json.loads(text))
        self.assertEqual((), complaints)
        envelope = replace(ENVELOPE, settings=settings, **facts)  # type: ignore[arg-type]
        return self.scan(*CHECKS, config=config or Config(), envelope=envelope)

    def symbols(self, text: str) -> dict[str, float]:
        return {item.name: item.score for item in self.asked(text).symbols}

    def test_which_symbols_count(self) -> None:
        everything = {"ONE": 5.0, "TWO": 2.0, "THREE": 1.0}
        for text, expected in (
            ("{}", everything),
            ('{"groups_enabled": ["second"]}', {"TWO": 2.0, "THREE": 1.0}),
            ('{"groups_enabled": ["second"], "symbols_enabled": ["ONE"]}', everything),
            ('{"symbols_enabled": ["TWO"]}', {"TWO": 2.0}),
            ('{"symbols_disabled": ["TWO"]}', {"ONE": 5.0, "THREE": 1.0}),
            ('{"groups_disabled": ["second"]}', {"ONE": 5.0}),
            (
                '{"groups_enabled": ["first", "second"], "symbols_disabled": ["ONE"]}',
                {"TWO": 2.0, "THREE": 1.0},
            ),
            ('{"scores": {"ONE": -1.5}}', {**everything, "ONE": -1.5}),
            ('{"groups_enabled": ["nobody"]}', {}),
        ):
            self.assertEqual(expected, self.symbols(text), text)

    def test_checks_that_need_not_run(self) -> None:
        verdict = self.asked('{"groups_disabled": ["first"]}')
        runs = {run.check: run.trouble for run in verdict.runs}
        self.assertIsNotNone(runs["one"])
        self.assertIsNone(runs["two"])

    def test_checks_that_a_profile_disables(self) -> None:
        """They stay so."""
        config = Config(profiles={"mine": Profile(disable=("two",))})
        verdict = self.asked('{"symbols_disabled": ["X"]}', config, settings_id="mine")
        self.assertEqual(["ONE"], self.names(verdict))

    def test_checks_without_symbols(self) -> None:
        """They run whatever counts: what they do is no score."""
        envelope = replace(ENVELOPE, settings=read_settings({"symbols_enabled": ["ONE"]})[0])
        verdict = self.scan(*CHECKS, finding("mute"), envelope=envelope)
        ran = {run.check for run in verdict.runs if run.trouble is None}
        self.assertEqual({"one", "mute"}, ran)

    def test_subject(self) -> None:
        text = '{"subject": "[%d] %s", "actions": {"rewrite subject": 3, "add header": null}}'
        verdict = self.asked(text)
        self.assertEqual(
            (Action.REWRITE_SUBJECT, "[8.00] hello"), (verdict.action, verdict.subject)
        )

    def test_thresholds(self) -> None:
        text = '{"actions": {"reject": 4, "rewrite subject": 3, "greylist": null}}'
        verdict = self.asked(text)
        self.assertEqual(6, verdict.required_score)
        self.assertEqual(Action.REJECT, verdict.action)
        expected = [(Action.ADD_HEADER, 6.0), (Action.REJECT, 4), (Action.REWRITE_SUBJECT, 3)]
        self.assertEqual(expected, list(verdict.thresholds))

    def test_above_profiles(self) -> None:
        """What is asked for has the last word, and a profile may be asked for beside it."""
        config = Config(profiles={"mine": Profile(symbols={"ONE": 1.0, "TWO": 7.0})})
        verdict = self.asked('{"scores": {"ONE": 9}}', config, settings_id="mine")
        scores = {item.name: item.score for item in verdict.symbols}
        self.assertEqual({"ONE": 9.0, "TWO": 7.0, "THREE": 1.0}, scores)

    def test_nobody_who_is_not_trusted(self) -> None:
        verdict = self.asked('{"symbols_disabled": ["ONE"]}', is_trusted=False)
        self.assertIn("ONE", [item.name for item in verdict.symbols])

    def test_profile_that_is_none(self) -> None:
        """It is a warning, and the scan goes on."""
        verdict = self.asked("{}", settings_id="nobody\n")
        told = {entry.text: entry.quotes for entry in verdict.trace}
        self.assertIs(told["no profile has the name that was asked for: nobody\n"], True)
        self.assertEqual(3, len(verdict.symbols))

    def test_warning_of_a_profile_that_is_none(self) -> None:
        """One for many messages; there is none where a profile is meant, or nothing is."""
        events: list[LogEvent] = []
        observer = cast(ILogObserver, events.append)
        globalLogPublisher.addObserver(observer)
        self.addCleanup(globalLogPublisher.removeObserver, observer)
        config = Config(profiles={"mine": Profile()})
        scanner = Scanner(build_plan(config, CHECKS), config.scan, self.clock)
        for name, wait, count in (
            (None, 0, 0),
            ("mine", 0, 0),
            ("nobody\n", 0, 1),
            ("nobody", 0, 1),
            ("nobody", FAILURE_LOG_INTERVAL, 2),
        ):
            self.clock.advance(wait)
            envelope = replace(ENVELOPE, settings_id=name)
            verdict = self.successResultOf(Deferred.fromCoroutine(scanner.scan(envelope, RAW)))
            self.assertEqual(count, len(events), name)
            is_told = any("asked for" in entry.text for entry in verdict.trace)
            self.assertIs(is_told, name in ("nobody", "nobody\n"))
        said = "test: no profile is named 'nobody\\n', which a client asked for"
        self.assertEqual(said, formatEvent(events[0]))

    def test_what_is_wrong_is_logged(self) -> None:
        """But not for every message."""
        notes = ("settings: not JSON: truncated", "envelope: 2 ESMTP arguments left out")
        envelope = replace(ENVELOPE, notes=notes)
        with capturedLogs() as events:
            self.scan(*CHECKS, envelope=envelope)
        self.assertEqual(["test: settings: not JSON: truncated"], [*map(formatEvent, events)])
