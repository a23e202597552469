"""What was said lately, so that it is not said again."""

from collections import OrderedDict

from twisted.internet.interfaces import IReactorTime

SECONDS = 60.0
"""Until it may be said again of one source."""

MAX_NOTED = 1000
"""Sources of which it is remembered."""


class Noted:
    """Of which sources something was logged within the last minute."""

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._said: OrderedDict[str, float] = OrderedDict()

    def is_new(self, source: str) -> bool:
        """Whether to say it now; that is noted then. Of too many sources nothing is said."""
        now = self._clock.seconds()
        while self._said and next(iter(self._said.values())) <= now - SECONDS:
            self._said.popitem(last=False)
        if source in self._said or len(self._said) >= MAX_NOTED:
            return False
        self._said[source] = now
        return True
