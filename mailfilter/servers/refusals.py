"""What was refused for TLS, HTTPCrypt or a PROXY header, or is too much: counted, and said once a
minute of each source.

Whoever serves counts them, and passes on what is to be said; one for all who serve says it.
"""

from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

from twisted.internet.interfaces import IAddress, IReactorTime
from twisted.logger import Logger, LogLevel

from ..codec.control import TurnedAway
from ..tls.words import ON_PLAIN, Refusal
from .sources import host_of, source_of

INTERVAL = 60.0
"""Seconds between two lines about one source."""

MAX_SOURCES = 1000
"""Sources of which it is known when they were last told of; all others share one line."""

OTHERS = "others"
ANYWHERE = "anywhere"
"""In place of a source where it does not matter."""

log = Logger()

Count = Callable[[str], None]
How = Literal["refused", "broken", "full", "sealed", "proxy", "header"]
ProxyReason = Literal["missing", "malformed", "timeout", "gone", "unexpected"]
Tell = Callable[[TurnedAway], None]


def uncounted(_: str) -> None:
    """In place of a counter."""


class Refusals:
    """Those of one listener."""

    def __init__(self, listener: str, clock: IReactorTime, count: Count = uncounted) -> None:
        self._listener = listener
        self._count = count
        self._paces = _paces(clock.seconds)
        self.tell: Tell = RefusalLog(clock.seconds).tell
        """Told of each source, at most once a minute."""

    def count(self, name: str) -> None:
        """Count something that is no refusal."""
        self._count(f"tls/{name}")

    def note(self, refusal: Refusal, address: IAddress | None) -> None:
        """Count a refusal, and say it if it is time."""
        self._count(f"tls/refused/{refusal.reason}")
        self._say("refused", refusal.text, address)

    def note_on_plain(self, address: IAddress | None) -> None:
        """Somebody has spoken TLS where there is none."""
        self._count("tls/on_plain")
        self._say("refused", ON_PLAIN, address)

    def note_broken(self, text: str, address: IAddress | None) -> None:
        """A connection that was served has ended by what is not TLS."""
        self._count("tls/broken")
        self._say("broken", text, address)

    def count_sealed(self, name: str) -> None:
        """Count a request for what it is to HTTPCrypt."""
        self._count(f"httpcrypt/{name}")

    def note_unopened(self, reason: str, text: str, address: IAddress | None) -> None:
        """A sealed request could not be opened."""
        self.count_sealed(f"refused/{reason}")
        self._say("sealed", text, address)

    def count_proxied(self) -> None:
        """Count a connection that a proxy has passed on."""
        self._count("proxy/connections")

    def note_proxy(self, reason: ProxyReason, text: str, address: IAddress | None) -> None:
        """A PROXY header is wrong or missing."""
        self._count(f"proxy/refused/{reason}")
        self._say("header" if reason == "unexpected" else "proxy", text, address)

    def note_header(self, address: IAddress | None, proxy: str | None) -> None:
        """A PROXY header comes from where none is expected, or behind that of a proxy."""
        text = _UNEXPECTED.format(self._listener) if proxy is None else _SECOND.format(proxy)
        self.note_proxy("unexpected", text, address)

    def note_full(self, limit: str, most: int, source: str, address: IAddress | None) -> None:
        """One more than `most` has come, by a limit of the listener; of a source, or `ANYWHERE`."""
        self._count(f"connections/refused/{limit}")
        self._say("full", f"no connections over {most} ({limit})", address, source)

    def _say(self, how: How, text: str, address: IAddress | None, source: str = "") -> None:
        source, peer = source or source_of(address) or "unix", host_of(address)
        turn = self._paces[_LINES[how].pace].turn(self._listener, source)
        if turn is None:
            return
        said, unsaid = turn
        trouble = TurnedAway(
            listener=self._listener,
            source=said,
            peer=said if said == OTHERS else peer,
            how=how,
            text=text,
            unsaid=unsaid,
        )
        self.tell(trouble)


class RefusalLog:
    """Writes the lines about all listeners, whoever serves them."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        """`seconds` is a clock that is never set."""
        self._paces = _paces(seconds)

    def tell(self, trouble: TurnedAway) -> None:
        """Write a line, if there was none about the source for a minute."""
        level, text, pace = _LINES[trouble.how]
        turn = self._paces[pace].turn(trouble.listener, trouble.source, 1 + trouble.unsaid)
        if turn is None:
            return
        source, unsaid = turn
        what = f"{{listener}}: {{peer!r}}: {text}"
        log.emit(
            level,
            f"{what}{_MORE}" if unsaid else what,
            listener=trouble.listener,
            peer=source if source == OTHERS else trouble.peer,
            how=trouble.how,
            reason=trouble.text,
            unsaid=unsaid,
        )


class _Line(NamedTuple):
    level: LogLevel
    text: str
    """Behind listener and peer."""
    pace: str
    """Those with the same take turns."""


_OF_TLS = _Line(LogLevel.info, "TLS {how}: {reason}", "tls")
_OF_PROXY = _Line(LogLevel.warn, "PROXY protocol: {reason}", "proxy")
_LINES: Mapping[str, _Line] = {
    "refused": _OF_TLS,
    "broken": _OF_TLS,
    "sealed": _Line(LogLevel.info, "HTTPCrypt refused: {reason}", "sealed"),
    # That a limit is reached, or a proxy does not fit, is for whoever has set that up, and no mere
    # noise of the world.
    "proxy": _OF_PROXY,
    # Everybody can send a header: that must not hide what is wrong with a proxy.
    "header": _OF_PROXY._replace(pace="header"),
    "full": _Line(LogLevel.warn, "{reason}", "full"),
}
"""By `TurnedAway.how`."""
_UNEXPECTED = (
    "a header that is not expected from there; if that is a proxy, name it in"
    " listeners.{}.proxy_protocol"
)
_SECOND = "a second header, behind that of the proxy {}: of several proxies one alone is to send it"
_MORE = " ({unsaid} more since it was last said)"


class Pace:
    """At most one word a minute of each source of a listener."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self._told: dict[tuple[str, str], float] = {}
        """Listener and source -> when something was last said, the oldest first."""
        self._unsaid: dict[tuple[str, str], int] = {}

    def turn(self, listener: str, source: str, count: int = 1) -> tuple[str, int] | None:
        """Of whom to say that so many came, and how many more; `None` is to say nothing now.

        When too many sources have come in a minute it is said of all `OTHERS`.
        """
        now = self._seconds()
        self._forget(now)
        key = listener, source
        if key not in self._told and len(self._told) >= MAX_SOURCES:
            key = listener, OTHERS
        if key in self._told:
            self._unsaid[key] = self._unsaid.get(key, 0) + count
            return None
        self._told[key] = now
        return key[1], self._unsaid.pop(key, 0) + count - 1

    def _forget(self, now: float) -> None:
        """Those of whom a line may be written again; what was unsaid of them stays for that."""
        while self._told:
            key = next(iter(self._told))
            if now - self._told[key] < INTERVAL:
                return
            del self._told[key]
            if len(self._unsaid) > MAX_SOURCES:
                self._unsaid.pop(key, None)


def _paces(seconds: Callable[[], float]) -> Mapping[str, Pace]:
    """One for each kind of line."""
    return {line.pace: Pace(seconds) for line in _LINES.values()}
