"""Whether a server answers: others are asked first while it does not."""

MAX_FAILURES = 3
"""In a row, after which a server is left alone: one packet may get lost anywhere."""

FIRST_PROBE = 1.0
"""Seconds from the first probe, which is at once, to the next; each time twice as long."""

LAST_PROBE = 30.0
"""It is never left alone for longer."""

REMEMBERED = 60.0
"""Seconds for which a server that cannot be reached is thought to be on its way back."""


class Health:
    """Of one server. It is told what happens, and when (seconds)."""

    __slots__ = ("_failures", "_heard", "_probe_at", "_wait", "is_down", "is_lost")

    def __init__(self) -> None:
        self.is_down = False
        self.is_lost = False
        """Down, and it has not answered a probe either."""
        self._failures = 0
        self._heard = float("-inf")
        self._probe_at = 0.0
        self._wait = FIRST_PROBE

    def heard(self, now: float) -> None:
        """It has said something, whatever that is worth."""
        self._heard = now

    def may_return(self, now: float) -> bool:
        """Whether it was there a short while ago: one that is started anew is away for seconds."""
        return now - self._heard < REMEMBERED

    def answered(self) -> None:
        """It has said something that makes sense."""
        self._failures = 0
        self._wait = FIRST_PROBE
        self.is_down = False
        self.is_lost = False

    def failed(self, now: float) -> None:
        """It has refused us, or made no sense, or cannot be reached."""
        self._failures += 1
        if self._failures >= MAX_FAILURES and not self.is_down:
            self.is_down = True
            self._probe_at = now

    def kept_silent(self, since: float, now: float) -> None:
        """It has not answered a question of then.

        That is a failure only if nothing at all was heard since: the silence may be that of the
        servers of a zone, and whose names we ask for strangers choose.
        """
        if self._heard < since:
            self.failed(now)

    def takes_probe(self, now: float) -> bool:
        """Whether to ask it now if it is back; the next time is later."""
        if not self.is_down or now < self._probe_at:
            return False
        self.is_lost = self._wait > FIRST_PROBE
        self._probe_at = now + self._wait
        self._wait = min(self._wait * 2, LAST_PROBE)
        return True
