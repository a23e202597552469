"""One scan under way: what a check may look at."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence

from ..mail import Message
from .check import Hit
from .envelope import Envelope
from .lookups import Lookups
from .networks import NO_NETWORKS, Networks
from .origin import Origin, origin_of
from .profiles import Settings
from .verdict import Action, AuthResult


async def no_pause() -> None:
    """Go on at once."""


class Task:
    """Made by the scanner for one message, read by checks, then thrown away.

    `score` and `action` are 0 and `NO_ACTION` until the stage `post`, where they are those of
    everything found before.
    """

    __slots__ = (
        "_origin",
        "_pause",
        "_relays",
        "_seconds",
        "action",
        "auth_results",
        "deadline",
        "envelope",
        "hits",
        "lookups",
        "message",
        "score",
        "settings",
    )

    def __init__(
        self,
        envelope: Envelope,
        message: Message,
        settings: Settings,
        hits: Mapping[str, Hit],
        deadline: float,
        seconds: Callable[[], float],
        lookups: Lookups,
        relays: Networks = NO_NETWORKS,
        auth_results: Sequence[AuthResult] = (),
        pause: Callable[[], Awaitable[None]] = no_pause,
    ) -> None:
        self.envelope = envelope
        self.message = message
        self.settings = settings
        self.hits = hits
        """What has fired so far, by symbol; read only."""
        self.auth_results = auth_results
        """What has been found so far of the message's authentication; read only."""
        self.deadline = deadline
        """When the verdict is due, by the scanner's clock (seconds)."""
        self.lookups = lookups
        """What is asked of DNS: a check asks by `lookups.for_check(its name)`."""
        self.score = 0.0
        self.action = Action.NO_ACTION
        self._seconds = seconds
        self._pause = pause
        self._relays = relays
        self._origin: Origin | None = None

    @property
    def origin(self) -> Origin:
        """Who sent the message: the client, or whom a trusted relay has it from."""
        if self._origin is None:
            self._origin = origin_of(self.envelope, self.message, self._relays)
        return self._origin

    def has(self, symbol: str) -> bool:
        """Whether a symbol has fired so far."""
        return symbol in self.hits

    def remaining(self) -> float:
        """Seconds left until the verdict is due; 0 when they are spent."""
        return max(0.0, self.deadline - self._seconds())

    async def pause(self) -> None:
        """Let others have their turn, between pieces of work of some milliseconds."""
        await self._pause()

    def notes(self) -> Iterator[tuple[str, str]]:
        """What the trace is to say of the scan at its end: about what, and a text."""
        if self._origin is not None and self._origin.how:
            yield "relay", self._origin.how
        yield from self.lookups.undone()
