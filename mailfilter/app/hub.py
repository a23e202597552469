"""What master and generations share: alarms, totals of the dead, notices; and their contract."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from time import monotonic
from typing import Protocol

from twisted.internet.defer import Deferred

from ..codec.control import Credentials, Histogram, Maps, Notice, ReopenLog, Report, Saved
from ..report.alarms import Alarms
from ..report.counters import Sizes
from ..servers.refusals import RefusalLog
from ..servers.services import Desk, NoDesk
from .errors_ring import ErrorsRing
from .status import WorkerStatus

LOOK_SECONDS = 1.0
"""Between two looks of a generation at its workers."""

ToAll = Notice | ReopenLog | Credentials | Maps | Saved
"""What all workers are told."""


class GenerationError(Exception):
    """A generation cannot serve; the text says why."""


class Serves(Protocol):
    """A generation: all that scans by one configuration, in processes of its own or in ours."""

    number: int
    scores: Mapping[str, float]
    """Symbol -> score by its configuration, once started."""

    async def start(self, *, is_strict: bool) -> Sequence[str]:
        """Load and test; what the tests noticed. Raises GenerationError, with nothing left.

        `is_strict` is whether a check that fails its test is reason not to serve.
        """
        ...

    def serve(self) -> None:
        """Begin to accept, once started. Raises OSError."""

    def drain(self, *, is_stop: bool, seconds: float) -> Deferred[None]:
        """Accept no more; fires when all is over, in about so many seconds at the latest."""
        ...

    def kill(self) -> None:
        """End at once, also while starting."""

    def status(self) -> Sequence[WorkerStatus]:
        """How its workers are."""
        ...

    def reports(self) -> Sequence[Report]:
        """The last figures of those that live."""
        ...

    def tell(self, message: ToAll, but: object = None) -> None:
        """Tell all workers, those that start and those that leave too, but the sender.

        Of credentials, also those that will come: they start with the last ones. Raises
        ControlError for a message that is too large, which nobody has got then.
        """


class Hub:
    """One for the life of the master."""

    def __init__(self, alarms: Alarms, state_dir: str) -> None:
        self.alarms = alarms
        self.state_dir = state_dir
        self.refusals = RefusalLog(monotonic)
        """Tells of connections that were refused for their TLS, in all processes."""
        self.events: Counter[str] = Counter()
        """What happened to processes: `reloads`, `worker_deaths`, ..."""
        self.relay: Callable[[object, Notice], None] = lambda sender, notice: None
        """Passes a notice of a worker on to the others."""
        self.give_up: Callable[[str], None] = lambda reason: None
        """Ends the whole process for its supervisor to start anew."""
        self.errors = ErrorsRing()
        """Warnings and errors of all processes."""
        self.saved = Saved(number=0)
        """What is saved now, for workers that come."""
        self.desk: Desk = NoDesk()
        """Answers what controllers ask of the master."""
        self._counters: Counter[str] = Counter()
        self._histograms: dict[str, Sizes] = {}

    def count(self, event: str) -> None:
        """Count something that happened."""
        self.events[event] += 1

    def bury(self, report: Report | None) -> None:
        """Keep the figures of a worker that has ended."""
        if report is not None:
            self._counters.update(report.counters)
            self._histograms = _merged(self._histograms, report.histograms)

    def totals(self, reports: Sequence[Report]) -> tuple[Mapping[str, int], Mapping[str, Sizes]]:
        """Counters and histograms of the living and the dead."""
        counters = Counter(self._counters)
        histograms = self._histograms
        for report in reports:
            counters.update(report.counters)
            histograms = _merged(histograms, report.histograms)
        return counters, histograms


def _merged(ours: Mapping[str, Sizes], theirs: Mapping[str, Histogram]) -> dict[str, Sizes]:
    merged = dict(ours)
    for name, item in theirs.items():
        sizes = Sizes(item.bounds, item.counts, item.total)
        before = merged.get(name)
        # Workers of a version with other classes may have replaced those before.
        if before is not None and before.bounds == sizes.bounds:
            sizes = before.plus(sizes)
        merged[name] = sizes
    return merged
