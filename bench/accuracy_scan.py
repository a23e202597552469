"""Scan mail by rules and checks alone: no DNS, no network, nothing learned, no envelope."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import ClassVar, NamedTuple

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import Clock

from bench.accuracy_mail import Mail, read_mail
from mailfilter.app.plan import load_files
from mailfilter.app.rules import compile_rule_set
from mailfilter.config.load import take_sources
from mailfilter.config.model import Config
from mailfilter.rules.ruleset import read_rules
from mailfilter.scan.envelope import Envelope
from mailfilter.scan.plan import Plan, build_plan
from mailfilter.scan.run import Scanner
from mailfilter.scan.verdict import Verdict

ROOT = Path(__file__).parents[1]

STATE_DIR = ROOT / "build" / "accuracy"
"""Where compiled rules are kept."""

TICK = 0.001
"""Seconds that pass with each pause of a scan."""


class Scored(NamedTuple):
    """What was found of a message."""

    mail: Mail
    score: float
    symbols: dict[str, float]
    """With the score that each adds."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A plan with its configuration."""

    config: Config
    plan: Plan
    troubles: tuple[str, ...] = ()
    """What is wrong with the rules."""


def built_in() -> Ready:
    """What runs when nothing is configured; raises ConfigError."""
    STATE_DIR.mkdir(parents=True, exist_ok=True)
    loaded, plan = load_files(take_sources(None), (), state_dir=str(STATE_DIR))
    return Ready(loaded.config, plan, tuple(map(str, loaded.warnings)))


def only_rules(paths: Sequence[Path]) -> Ready:
    """The rules of some files, and nothing else."""
    config = Config()
    found = read_rules([(path.name, path.read_bytes()) for path in paths])
    found = compile_rule_set(found, config.rules, None)
    return Ready(config, build_plan(config, [found.check()]), found.troubles)


def scan_all(ready: Ready, mails: Sequence[Mail], jobs: int) -> Iterator[Scored]:
    """Scan messages, in their order, by several processes."""
    _Worker.start(ready)
    if jobs == 1:
        yield from map(_scan, mails)
        return
    # By fork the compiled rules are there at once.
    with get_context("fork").Pool(jobs) as pool:
        yield from pool.imap(_scan, mails, chunksize=16)


class _Worker:
    """What a process scans with."""

    clock: ClassVar[Clock]
    scanner: ClassVar[Scanner]

    @classmethod
    def start(cls, ready: Ready) -> None:
        cls.clock = Clock()
        # Work takes no time by this clock: a busy machine must not change what is found.
        cls.scanner = Scanner(
            ready.plan,
            ready.config.scan,
            IReactorTime(cls.clock),
            work_clock=cls.clock.seconds,
        )


def _scan(mail: Mail) -> Scored:
    scan = _Worker.scanner.scan(Envelope(listener="accuracy"), read_mail(mail.path))
    waiting = Deferred.fromCoroutine(scan)
    while not waiting.called:
        _Worker.clock.advance(TICK)
    verdict = waiting.result
    if not isinstance(verdict, Verdict):
        raise RuntimeError(f"{mail.path}: {verdict}")
    return Scored(mail, verdict.score, {one.name: one.score for one in verdict.symbols})
