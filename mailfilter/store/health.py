"""How a store is: what went wrong is counted, told at most once a minute, and when it is over."""

from collections.abc import Callable

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from .errors import StoreError

QUIET_SECONDS = 60.0
"""Between two alarms about the same kind of trouble."""
FORGET_SECONDS = 60.0
"""After which what has failed and was not tried again does not count as trouble any more."""
MAX_TEXT = 300
"""Characters of an error that are told."""

log = Logger()


class Health:
    """Hears of everything that failed, and of what did not.

    Trouble is over when what failed last succeeds again: that reads are answered says nothing of
    a disk that is full.
    """

    def __init__(
        self,
        kind: str,
        clock: IReactorTime,
        alarm: Callable[[str], None],
        count: Callable[[str], None],
    ) -> None:
        """`alarm` tells an administrator; `count` counts one, by a name such as `store/timeout`."""
        self._kind = kind
        self._clock = clock
        self._alarm = alarm
        self._count = count
        self._told: dict[str, float] = {}
        self._untold: dict[str, int] = {}
        self._failing: dict[str, float] = {}
        self._since = 0.0
        self._failures = 0
        self._is_told = False

    @property
    def is_well(self) -> bool:
        """Whether nothing fails, as far as anybody has tried."""
        return not self._failing

    def failed(self, error: StoreError, what: str) -> None:
        """A call of that name has failed, or something else with a name, such as to connect."""
        now = self._clock.seconds()
        self._count(f"store/{error.name}")
        if not self._failing:
            self._since, self._failures, self._is_told = now, 0, False
        self._failing[what] = now
        self._failures += 1
        told = self._told.get(error.name)
        if told is not None and now - told < QUIET_SECONDS:
            self._untold[error.name] = self._untold.get(error.name, 0) + 1
            return
        self._told[error.name] = now
        self._is_told = True
        untold = self._untold.pop(error.name, 0)
        more = f" ({untold} more of this kind since the last report)" if untold else ""
        self._alarm(f"store {self._kind}: {error.name}: {str(error)[:MAX_TEXT]}{more}")

    def succeeded(self, what: str) -> None:
        """The same has succeeded."""
        if not self._failing:
            return
        self._failing.pop(what, None)
        now = self._clock.seconds()
        # What nobody has tried again for long keeps nobody waiting.
        if any(now - at < FORGET_SECONDS for at in self._failing.values()):
            return
        self._failing.clear()
        # Trouble that nobody was told of ends without a word, too.
        if self._is_told:
            log.info(
                "store {kind}: works again after {seconds:.1f} s, {failures} calls had failed",
                kind=self._kind,
                seconds=now - self._since,
                failures=self._failures,
            )
