"""What tests of the scanner share: checks that do as they are told, and a scan of one message."""

from collections.abc import Callable, Iterable, Mapping
from typing import ClassVar

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.config.model import Config
from mailfilter.scan.check import Check, Finding, Findings, Stage, Symbol
from mailfilter.scan.envelope import Envelope
from mailfilter.scan.plan import build_plan
from mailfilter.scan.run import Scanner
from mailfilter.scan.task import Task
from mailfilter.scan.verdict import Verdict

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
