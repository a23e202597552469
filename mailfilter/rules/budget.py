"""The time of rules: one that takes too long again and again is switched off."""

from collections import Counter

from .model import Tell

SECONDS = 0.02
"""Of processor time that one rule may take with a message. Most take less than a microsecond."""

MESSAGE_SECONDS = 0.04
"""The same of all rules together that take a time of their own; the reactor waits for them."""

MAX_OVERRUNS = 10
"""How often a rule may take longer before it is off, until rules are read anew."""

WAIT_SECONDS = 0.05
"""Of real time that one function may wait, for a file, a socket or just so: the reactor waits, too.
On a busy machine any may be kept waiting now and then."""

TIMELY = 20
"""Times that a function must not have waited to make up for once that it has."""

MAX_TEXT = 200
"""Characters of what an exception says."""


class Budget:
    """What rules have spent, in one process."""

    def __init__(self, tell: Tell | None = None) -> None:
        self.tell: Tell = tell or _nobody
        """Told when a rule is switched off, or fails for the first time."""
        self.off: set[str] = set()
        """Symbols of rules that are off."""
        self._overruns: Counter[str] = Counter()
        self._waits: Counter[str] = Counter()
        self._failed: set[str] = set()

    def overrun(self, symbol: str, place: object) -> None:
        """A rule has taken longer than it may."""
        self._overruns[symbol] += 1
        if self._overruns[symbol] < MAX_OVERRUNS or symbol in self.off:
            return
        self._switch_off(symbol, place, f"took more than {SECONDS * 1000:g} ms")

    def waited(self, symbol: str, place: object, is_long: bool) -> None:
        """A rule has waited for something; or has not, and is trusted again by and by."""
        if not is_long:
            if self._waits[symbol]:
                self._waits[symbol] -= 1
            return
        self._waits[symbol] += TIMELY
        if self._waits[symbol] >= TIMELY * MAX_OVERRUNS and symbol not in self.off:
            self._switch_off(symbol, place, f"waited more than {WAIT_SECONDS * 1000:g} ms")

    def _switch_off(self, symbol: str, place: object, what: str) -> None:
        self.off.add(symbol)
        self.tell(
            f"rule {symbol} ({place}) {what} with {MAX_OVERRUNS} messages; it is off until rules"
            " are read anew"
        )

    def failed(self, symbol: str, place: object, error: BaseException) -> None:
        """A rule has raised an exception; that is told once."""
        if symbol not in self._failed:
            self._failed.add(symbol)
            # What a mail has may be in it.
            text = f"{type(error).__name__}: {str(error)[:MAX_TEXT]!a}"
            self.tell(f"rule {symbol} ({place}) fails: {text}")


def _nobody(_: str) -> None:
    """Nobody wants to know."""
