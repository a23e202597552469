"""Whether a server answers: others are asked first while it does not."""

MAX_FAILURES = 3
"""In a row, after which a server is left alone: one packet may get lost anywhere."""

FIRST_PROBE = 1.0
"""Seconds until a server that does not answer is tried again; each time twice as long."""

LAST_PROBE = 30.0
"""It is never left alone for longer."""


class Health:
    """Of one server. It is told what happens, and when (seconds)."""

    __slots__ = ("_failures", "_probe_at", "_wait", "is_down")

    def __init__(self) -> None:
        self.is_down = False
        self._failures = 0
        self._probe_at = 0.0
        self._wait = FIRST_PROBE

    def answered(self) -> None:
        """It has said something that makes sense."""
        self._failures = 0
        self._wait = FIRST_PROBE
        self.is_down = False

    def failed(self, now: float) -> None:
        """It has kept silent, or refused us, or made no sense."""
        self._failures += 1
        if self._failures >= MAX_FAILURES and not self.is_down:
            self.is_down = True
            self._probe_at = now + self._wait

    def takes_probe(self, now: float) -> bool:
        """Whether to ask it now if it is back; the next time is later."""
        if not self.is_down or now < self._probe_at:
            return False
        self._wait = min(self._wait * 2, LAST_PROBE)
        self._probe_at = now + self._wait
        return True
