"""What controllers ask of the master: in its own process directly, else over their channel."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import msgspec
from twisted.internet.defer import CancelledError, Deferred, TimeoutError
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from ..codec.control import Ask, ControlError, Message, Told
from ..config.saved import overlaid
from ..config.show import effective
from ..servers.services import Desk, NoDesk, Refused
from .errors_ring import ErrorsRing
from .map_keeper import MapKeeper
from .saved import SavedState

LOOK_SECONDS = 5.0
"""Until a master that is asked for what it knows does not answer any more."""

CHANGE_SECONDS = 20.0
"""The same for changes: these must be on disk, and disks may be busy."""

MAX_WAITING = 256
"""Questions of one worker that are under way."""

PAGE_SECONDS = 0.25
"""How long a status page is given to all who ask; those who do may be many."""

Changes = dict[str, float | bytes | None]
"""What is to be saved, by key."""

log = Logger()


class MasterDesk(NoDesk):
    """The `Desk` in the master's process."""

    def __init__(
        self,
        clock: IReactorTime,
        look: Callable[[], Mapping[str, Any]],
        saved: SavedState,
        maps: MapKeeper,
        errors: ErrorsRing,
    ) -> None:
        """`look` makes the status page."""
        self._clock = clock
        self._look = look
        self._saved = saved
        self._maps = maps
        self._errors = errors
        self._page: Mapping[str, Any] | None = None
        self._looked = 0.0
        self._baseline: Mapping[str, int] = {}
        """Counters when they were last reset."""

    async def status(self) -> Mapping[str, Any]:
        """See `Desk.status`."""
        return self._fresh_page()

    async def totals(self) -> Mapping[str, Any]:
        """See `Desk.totals`."""
        page = self._fresh_page()
        before = self._baseline
        counters = {name: count - before.get(name, 0) for name, count in page["counters"].items()}
        return {**page, "counters": counters}

    async def reset(self, by: str) -> None:
        """See `Desk.reset`."""
        self._page = None
        self._baseline = dict(self._fresh_page()["counters"])
        log.info("counters reset by {by}", by=by)

    async def errors(self) -> Sequence[Mapping[str, Any]]:
        """See `Desk.errors`."""
        return self._errors.rows()

    async def saved(self) -> Sequence[Mapping[str, Any]]:
        """See `Desk.saved`."""
        return self._saved.rows()

    async def save(self, changes: Mapping[str, Any], by: str) -> None:
        """See `Desk.save`."""
        await self._saved.save(changes, by)

    async def undo(self, keys: Sequence[str], by: str) -> None:
        """See `Desk.undo`."""
        await self._saved.undo(keys, by)

    async def maps(self) -> Sequence[Mapping[str, Any]]:
        """See `Desk.maps`."""
        return self._maps.rows()

    async def map(self, name: str) -> bytes:
        """See `Desk.map`."""
        return self._maps.data(name)

    async def configuration(self) -> Sequence[Mapping[str, Any]]:
        """See `Desk.configuration`."""
        loaded = overlaid(self._saved.rules.loaded, self._saved.history)
        return [
            {
                "key": entry.key,
                "value": entry.value,
                "origin": str(entry.origin),
                "is_saved": bool(entry.origin.words),
            }
            for entry in effective(loaded)
        ]

    def _fresh_page(self) -> Mapping[str, Any]:
        now = self._clock.seconds()
        if self._page is None or now - self._looked >= PAGE_SECONDS:
            self._page, self._looked = self._look(), now
        return self._page


async def _save(desk: Desk, ask: Ask) -> None:
    await desk.save(msgspec.msgpack.decode(ask.value, type=Changes), ask.by)


async def _undo(desk: Desk, ask: Ask) -> None:
    await desk.undo(msgspec.msgpack.decode(ask.value, type=list[str]), ask.by)


_CALLS: Mapping[str, Callable[[Desk, Ask], Awaitable[Any]]] = {
    "status": lambda desk, ask: desk.status(),
    "totals": lambda desk, ask: desk.totals(),
    "reset": lambda desk, ask: desk.reset(ask.by),
    "errors": lambda desk, ask: desk.errors(),
    "saved": lambda desk, ask: desk.saved(),
    "save": _save,
    "undo": _undo,
    "configuration": lambda desk, ask: desk.configuration(),
    "maps": lambda desk, ask: desk.maps(),
    "map": lambda desk, ask: desk.map(msgspec.msgpack.decode(ask.value, type=str)),
}
"""Topic of a question -> the call that answers it."""


async def answer(desk: Desk, ask: Ask) -> Told:
    """What a desk says to a question of a worker. Never fails."""
    call = _CALLS.get(ask.topic)
    if call is None:
        return Told(number=ask.number, error=f"the master knows nothing of {ask.topic}")
    try:
        value = msgspec.msgpack.encode(await call(desk, ask))
    except Refused as error:
        return Told(number=ask.number, error=str(error) or "refused")
    except Exception as error:
        log.failure("a question of a controller failed: {topic}", topic=ask.topic)
        return Told(number=ask.number, error=f"{type(error).__name__}: {error}")
    return Told(number=ask.number, value=value)


class RemoteDesk:
    """The `Desk` in a worker: asks the master."""

    def __init__(self, clock: IReactorTime, send: Callable[[Message], None]) -> None:
        self._clock = clock
        self._send = send
        self._number = 0
        self._waiting: dict[int, Deferred[Told]] = {}
        self._is_lost = False

    async def status(self) -> Mapping[str, Any]:
        """See `Desk.status`."""
        page: Mapping[str, Any] = await self._ask("status")
        return page

    async def totals(self) -> Mapping[str, Any]:
        """See `Desk.totals`."""
        page: Mapping[str, Any] = await self._ask("totals")
        return page

    async def reset(self, by: str) -> None:
        """See `Desk.reset`."""
        await self._ask("reset", by=by)

    async def errors(self) -> Sequence[Mapping[str, Any]]:
        """See `Desk.errors`."""
        rows: Sequence[Mapping[str, Any]] = await self._ask("errors")
        return rows

    async def saved(self) -> Sequence[Mapping[str, Any]]:
        """See `Desk.saved`."""
        rows: Sequence[Mapping[str, Any]] = await self._ask("saved")
        return rows

    async def save(self, changes: Mapping[str, Any], by: str) -> None:
        """See `Desk.save`."""
        await self._ask("save", dict(changes), by, CHANGE_SECONDS)

    async def undo(self, keys: Sequence[str], by: str) -> None:
        """See `Desk.undo`."""
        await self._ask("undo", list(keys), by, CHANGE_SECONDS)

    async def configuration(self) -> Sequence[Mapping[str, Any]]:
        """See `Desk.configuration`."""
        rows: Sequence[Mapping[str, Any]] = await self._ask("configuration")
        return rows

    async def maps(self) -> Sequence[Mapping[str, Any]]:
        """See `Desk.maps`."""
        rows: Sequence[Mapping[str, Any]] = await self._ask("maps")
        return rows

    async def map(self, name: str) -> bytes:
        """See `Desk.map`."""
        data: bytes = await self._ask("map", name)
        return data

    def hear(self, told: Told) -> None:
        """An answer of the master; nobody may wait for it any more."""
        waiting = self._waiting.pop(told.number, None)
        if waiting is not None:
            waiting.callback(told)

    def lose(self) -> None:
        """The master is gone: it answers nothing any more."""
        self._is_lost = True
        waiting, self._waiting = self._waiting, {}
        for number, done in waiting.items():
            done.callback(Told(number=number, error=_GONE))

    async def _ask(
        self, topic: str, value: object = None, by: str = "", seconds: float = LOOK_SECONDS
    ) -> Any:
        if self._is_lost:
            raise Refused(_GONE)
        if len(self._waiting) >= MAX_WAITING:
            raise Refused("too much is asked of the master at once")
        self._number += 1
        number = self._number
        packed = msgspec.msgpack.encode(value)
        try:
            self._send(Ask(number=number, topic=topic, value=packed, by=by))
        except ControlError as error:
            raise Refused(str(error)) from None
        done = self._waiting[number] = Deferred[Told]()
        done.addTimeout(seconds, self._clock)
        try:
            told = await done
        except (TimeoutError, CancelledError):
            raise Refused(f"the master has not answered for {seconds:g} s") from None
        finally:
            self._waiting.pop(number, None)
        if told.error:
            raise Refused(told.error)
        return msgspec.msgpack.decode(told.value)


_GONE = "the master has ended"
