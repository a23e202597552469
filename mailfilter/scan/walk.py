"""One walk of a message through the plan of checks."""

from collections.abc import Callable
from types import MappingProxyType
from typing import Protocol, cast

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure

from ..config.model import Scan
from ..mail import Message, read_ahead
from .check import Findings, Hit, Stage
from .envelope import Envelope
from .lookups import Lookups, Resolves
from .networks import Networks
from .plan import Plan, Step, Wave
from .profiles import Settings
from .tally import Tally
from .task import Task
from .together import Together
from .trace import Trace
from .verdict import NO_ANSWER, OUT_OF_TIME, CheckRun

LONGEST_TURN = 0.025
"""Seconds of work after which the reactor gets its turn between two checks."""

SHORT_TURN = 0.01
"""The same between two pieces of reading, which may each take more than a check."""

LARGE = 64 * 1024
"""Octets of a message from which on it is read in pieces."""

SLOW_CHECK = 0.05
"""Seconds; a synchronous check that takes longer holds up every other connection."""

log = Logger()


class Walks(Protocol):
    """What a walk needs of its scanner."""

    plan: Plan
    options: Scan
    clock: IReactorTime
    work_clock: Callable[[], float]
    resolver: Resolves | None
    max_queries: int
    relays: Networks

    def log_failure(self, check: str, failure: Failure, trace_id: str) -> None:
        """Log why a check gave no answer, but not for every message."""
        ...


class Walk:
    """A message, its checks, and what they find on the way."""

    def __init__(
        self,
        scanner: Walks,
        envelope: Envelope,
        message: Message,
        settings: Settings,
        tally: Tally,
        trace: Trace,
    ) -> None:
        self._scanner = scanner
        self._clock = scanner.clock
        self._tally = tally
        self._trace = trace
        self._disabled = settings.disabled
        self._work_clock = scanner.work_clock
        self._began = self._turn_began = self._direct_began = self._work_clock()
        self._runs = trace.runs
        self._pass_all = "pass_all" in envelope.flags
        self._deadline = deadline = trace.start + scanner.options.timeout
        hits = MappingProxyType(tally.hits)
        kept = scanner.plan.kept_queries
        lookups = Lookups(scanner.resolver, scanner.max_queries, self._clock, kept)
        self._task = Task(
            envelope,
            message,
            settings,
            hits,
            deadline,
            self._clock.seconds,
            lookups,
            scanner.relays,
            tally.auth_results,
            self._pause,
        )

    async def run(self) -> None:
        if self._task.message.size > LARGE:
            await self._read_ahead()
        await self._stages()
        for source, text in self._task.notes():
            self._trace.add(source, text, quotes=True)

    async def _read_ahead(self) -> None:
        """Let others have their turn while a large message is read, which no check could do."""
        pieces = read_ahead(self._task.message)
        try:
            while self._task.remaining() > 0 and next(pieces, pieces) is None:
                if self._work_clock() - self._turn_began > SHORT_TURN:
                    await self._pause()
                    self._turn_began = self._work_clock()
        except Exception:
            # Whoever asks for it next fails by it, and is named.
            return

    async def _stages(self) -> None:
        for name in sorted(self._disabled):
            self._trace.runs.append(CheckRun(name, "", trouble="not run: a profile disables it"))
        for stage, waves in self._scanner.plan.stages.items():
            if self._is_final():
                self._trace.add(stage, "not run: the action is already decided")
                return
            if stage is Stage.POST and waves:
                score = self._tally.results()[0]
                self._task.action, self._task.score = self._tally.decide(score)
            for wave in waves:
                await self._wave(wave)

    def _is_final(self) -> bool:
        forced = self._tally.forced
        return forced is not None and forced.force.final and not self._pass_all

    async def _wave(self, wave: Wave) -> None:
        together = None
        if wave.waiting:
            steps = [step for step in wave.waiting if step.name not in self._disabled]
            together = Together(self._clock, self._work_clock, self._took, self._failed)
            together.start(steps, self._task)
        try:
            self._direct_began = self._work_clock()
            for step in wave.direct:
                if step.name not in self._disabled:
                    if self._direct_began - self._turn_began > LONGEST_TURN:
                        await self._pause()
                        self._turn_began = self._direct_began = self._work_clock()
                    self._direct(step)
            if together is not None:
                await together.wait()
                self._turn_began = self._work_clock()
        finally:
            if together is not None:
                together.abandon()

    async def _pause(self) -> None:
        await deferLater(self._clock, 0.0)

    def _direct(self, step: Step) -> None:
        """Run a check that does not wait. Most find nothing: that takes half a microsecond."""
        began = self._direct_began
        if self._clock.seconds() >= self._deadline:
            self._failed(step, None, began)
            return
        try:
            findings = cast(Findings, step.check.run(self._task))
            symbols = tuple(self._tally.take(step.name, findings)) if findings else ()
        except BaseException:
            # Also what is not an Exception: a library may call sys.exit(), and no reply at all
            # would follow. Signals do not come this way, the reactor handles them itself.
            self._failed(step, Failure(), began)
            self._direct_began = self._work_clock()
        else:
            # The end of one is the beginning of the next.
            self._direct_began = ended = self._work_clock()
            self._note_run(step, began, ended, symbols, None)
        took = self._direct_began - began
        if took > SLOW_CHECK:
            self._trace.add(step.name, f"took {took:.3f} s without a pause")
            log.warn(
                "check {check} held up the reactor for {took:.3f} s",
                check=step.name,
                took=took,
                trace_id=self._trace.trace_id,
            )

    def _took(self, step: Step, findings: Findings | None, began: float) -> None:
        """Count what a check returned; raises what a generator of findings raises."""
        symbols = tuple(self._tally.take(step.name, findings))
        self._note_run(step, began, self._work_clock(), symbols, None)

    def _failed(self, step: Step, failure: Failure | None, began: float) -> None:
        """A check gave no answer: out of time if there is no failure."""
        trouble = OUT_OF_TIME if failure is None else NO_ANSWER + type(failure.value).__name__
        reason = trouble.removeprefix(NO_ANSWER)
        self._tally.add(Hit(step.fail_symbol, options=(reason,)))
        self._note_run(step, began, self._work_clock(), (step.fail_symbol,), trouble)
        if failure is not None:
            self._scanner.log_failure(step.name, failure, self._trace.trace_id)

    def _note_run(
        self,
        step: Step,
        began: float,
        ended: float,
        symbols: tuple[str, ...],
        trouble: str | None,
    ) -> None:
        at = began - self._began
        reads = step.check.after
        self._runs.append(
            CheckRun(step.name, step.stage, at, ended - began, symbols, reads, trouble)
        )
        if trouble or symbols:
            self._trace.add(step.name, trouble or ", ".join(symbols))
