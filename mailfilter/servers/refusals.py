"""Connections that were refused for their TLS: counted, and said once a minute of each source."""

from collections.abc import Callable

from twisted.internet.interfaces import IAddress, IReactorTime
from twisted.logger import Logger

from ..tls.words import ON_PLAIN, Refusal
from .sources import host_of, source_of

INTERVAL = 60.0
"""Seconds between two lines about one source."""

MAX_SOURCES = 1000
"""Sources of which it is known when they were last told of; all others share one line."""

OTHERS = "others"

log = Logger()

Count = Callable[[str], None]


def uncounted(_: str) -> None:
    """In place of a counter."""


class Refusals:
    """Those of one listener."""

    def __init__(self, listener: str, clock: IReactorTime, count: Count = uncounted) -> None:
        self._listener = listener
        self._clock = clock
        self._count = count
        self._told: dict[str, float] = {}
        """Source -> when a line was last written, the oldest first."""
        self._unsaid: dict[str, int] = {}

    def count(self, name: str) -> None:
        """Count something that is no refusal."""
        self._count(f"tls/{name}")

    def note(self, refusal: Refusal, address: IAddress | None) -> None:
        """Count a refusal, and say it if it is time."""
        self._count(f"tls/refused/{refusal.reason}")
        self._say(refusal.text, address)

    def note_on_plain(self, address: IAddress | None) -> None:
        """Somebody has spoken TLS where there is none."""
        self._count("tls/on_plain")
        self._say(ON_PLAIN, address)

    def _say(self, text: str, address: IAddress | None) -> None:
        now = self._clock.seconds()
        self._forget(now)
        source, peer = source_of(address) or "unix", host_of(address)
        if source not in self._told and len(self._told) >= MAX_SOURCES:
            source = peer = OTHERS
        if source in self._told:
            self._unsaid[source] = self._unsaid.get(source, 0) + 1
            return
        self._told[source] = now
        unsaid = self._unsaid.pop(source, 0)
        log.info(
            "{listener}: {peer!r}: TLS refused: {reason} ({unsaid} more since it was last said)"
            if unsaid
            else "{listener}: {peer!r}: TLS refused: {reason}",
            listener=self._listener,
            peer=peer,
            reason=text,
            unsaid=unsaid,
        )

    def _forget(self, now: float) -> None:
        """Those of whom a line may be written again; what was unsaid of them stays for that."""
        while self._told:
            source = next(iter(self._told))
            if now - self._told[source] < INTERVAL:
                return
            del self._told[source]
            if len(self._unsaid) > MAX_SOURCES:
                self._unsaid.pop(source, None)
