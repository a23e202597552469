"""How a store is: what went wrong is counted, told at most once a minute, and when it is over."""

from collections.abc import Callable

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from .errors import StoreError

QUIET_SECONDS = 60.0
"""Between two alarms about the same kind of trouble."""
MAX_TEXT = 300
"""Characters of an error that are told."""

log = Logger()


class Health:
    """Hears of every call that failed, and of those that did not."""

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
        self._since: float | None = None
        self._failures = 0
        self._is_told = False

    def failed(self, error: StoreError) -> None:
        """A call, or an attempt to open, has failed."""
        now = self._clock.seconds()
        self._count(f"store/{error.name}")
        self._since = now if self._since is None else self._since
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

    def succeeded(self) -> None:
        """A call was answered."""
        if self._since is None:
            return
        # Trouble that nobody was told of ends without a word, too.
        if self._is_told:
            log.info(
                "store {kind}: works again after {seconds:.1f} s, {failures} calls had failed",
                kind=self._kind,
                seconds=self._clock.seconds() - self._since,
                failures=self._failures,
            )
        self._since, self._failures, self._is_told = None, 0, False
