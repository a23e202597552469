"""Keeps maps up to date in all workers, while the filter runs.

A look at the file of a map takes what has changed. What cannot be used leaves the map as it was;
it is told when a second look finds it so, after a start or a reload at once.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from time import time
from typing import Any

from twisted.internet.defer import Deferred, DeferredList, TimeoutError, succeed
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from ..codec.control import MapFile, Maps
from ..config import Problem
from ..config.model import Map
from ..config.units import format_size
from ..maps import MapError, read_table
from ..servers.background import in_background
from ..servers.services import Refused
from .hub import Hub
from .map_files import (
    SETTLE_SECONDS,
    Held,
    MapSet,
    has_changed,
    is_settled,
    take_file,
    take_saved,
    unreadable,
    with_former,
)
from .ticks import every, stop

READ_SECONDS = 10.0
"""For the file of a map to be read at a start or a reload; one on a server that is gone is not."""

STUCK_SECONDS = 300.0
"""After which a look at a file that does not end is told."""

_WRITING = object()
"""Of a look at a file that seems to be half written."""

log = Logger()


@dataclass(slots=True)
class _Watch:
    """The looks at one file."""

    call: LoopingCall | None = None
    again: IDelayedCall | None = None
    looking: float | None = None
    """Since when one is under way, in seconds of the reactor."""
    doubted: str = ""
    """What the last look found wrong."""
    is_stuck_told: bool = False

    def stop(self) -> None:
        stop(self.call)
        if self.again is not None and self.again.active():
            self.again.cancel()


class MapKeeper:
    """One for the life of a master."""

    def __init__(
        self,
        reactor: Any,
        hub: Hub,
        saved: Callable[[], Mapping[str, bytes]],
        push: Callable[[Maps], None],
        wall_clock: Callable[[], float] = time,
    ) -> None:
        """`saved` is what is saved for maps, `push` hands maps to all workers."""
        self._reactor = reactor
        self._hub = hub
        self.is_serving: Callable[[], bool] = lambda: True
        """While not, another configuration is coming, and files are left alone."""
        self._saved = saved
        self._push = push
        self._now = wall_clock
        self.maps = MapSet()
        self._watches: dict[str, _Watch] = {}
        self._told: dict[str, str] = {}
        """Map -> what an alarm said is wrong with its file, until it can be used."""
        self._refreshes = 0

    # Configurations.

    async def prepare(self, settings: Mapping[str, Map]) -> MapSet:
        """The maps of a configuration that may come to serve; what is in use stays."""
        if not settings:
            return MapSet()
        before, now, wanted = self.maps.held, self._now(), dict(self._saved())
        reads = [self._read(name, item, before.get(name), now) for name, item in settings.items()]
        results = await DeferredList(reads, fireOnOneErrback=True, consumeErrors=True)
        found = MapSet(with_former(settings, before))
        saved, unusable = await in_background(
            self._reactor, lambda: take_saved(found.held, wanted, self.maps.saved, now)
        )
        found = replace(found, saved=saved, unusable=unusable)
        for name, (_, held) in zip(settings, results, strict=True):
            found = found.with_file(name, held)
        return found

    def adopt(self, maps: MapSet) -> Sequence[str]:
        """Workers serve by these now; what there is to say of them, for people."""
        before, self.maps = self.maps, maps
        self.stop()
        self._tell_changes(before)
        warnings = list(maps.unusable.values())
        for text in warnings:
            self._hub.alarms(text)
        for name, held in maps.held.items():
            self._watches[name] = watch = _Watch(doubted=str(held.trouble or ""))
            if held.settings.watch:
                watch.call = self._every(name, held.settings.watch)
            if held.trouble is not None:
                warnings.append(self._refuse(name, held.trouble))
        self._told = {name: text for name, text in self._told.items() if name in maps.held}
        # Something may have been saved while these were coming.
        self.refresh()
        return warnings

    def stop(self) -> None:
        """Look no more."""
        for watch in self._watches.values():
            watch.stop()
        self._watches.clear()

    async def _read_in_time(
        self, name: str, settings: Map, before: Held | None, now: float
    ) -> Held:
        reading = in_background(self._reactor, lambda: take_file(name, settings, before, now))
        reading.addTimeout(READ_SECONDS, self._reactor)
        try:
            return await reading
        except TimeoutError:
            reason = f"not read within {READ_SECONDS:g} s; is a file system gone?"
            return unreadable(name, settings, before, reason)

    def _read(self, name: str, settings: Map, before: Held | None, now: float) -> Deferred[Held]:
        return Deferred.fromCoroutine(self._read_in_time(name, settings, before, now))

    # What others ask.

    def rows(self) -> list[dict[str, Any]]:
        """See `Desk.maps`; `trouble` is empty where there is none."""
        return [self._row(name, held) for name, held in self.maps.held.items()]

    def data(self, name: str) -> bytes:
        """What is in a map. Raises Refused."""
        if name not in self.maps.held:
            raise Refused(f"there is no map named {name}")
        if (saved := self._saved().get(name)) is not None and name not in self.maps.unusable:
            return saved
        content = self.maps.content(name)
        return content.data if content else b""

    async def check(self, name: str, data: bytes) -> None:
        """Raises Refused unless this may be saved for a map; see `SavedState.check_map`."""
        if name not in self.maps.held:
            raise Refused(f"there is no map named {name}")
        settings = self.maps.held[name].settings
        if not settings.editable:
            raise Refused(f"map {name} is not editable")
        most = min(settings.max_size, self.maps.room(name))
        if len(data) > most:
            raise Refused(f"map {name}: expected at most {format_size(most)}, got {len(data)}B")
        try:
            await in_background(self._reactor, lambda: read_table(settings.kind, data))
        except MapError as error:
            raise Refused(f"map {name}, {error}") from None

    def refresh(self, _names: Collection[str] = ()) -> Deferred[None]:
        """What is saved has changed: use it, see `SavedState.on_maps`. Never fails."""
        self._refreshes += 1
        wanted = dict(self._saved())
        if self._is_used(wanted):
            return succeed(None)
        number = self._refreshes
        refreshing = Deferred.fromCoroutine(self._refresh(number, wanted))
        refreshing.addErrback(lambda failure: log.failure("saved maps are not used", failure))
        return refreshing

    async def _refresh(self, number: int, wanted: Mapping[str, bytes]) -> None:
        held, before, now = self.maps.held, self.maps.saved, self._now()
        saved, unusable = await in_background(
            self._reactor, lambda: take_saved(held, wanted, before, now)
        )
        if number != self._refreshes:
            return
        for text in unusable.values():
            self._hub.alarms(text)
        self._use(replace(self.maps, saved=saved, unusable=unusable))

    def _is_used(self, wanted: Mapping[str, bytes]) -> bool:
        used = {name: content.data for name, content in self.maps.saved.items()}
        return used == {
            name: data
            for name, data in wanted.items()
            if name in self.maps.held and name not in self.maps.unusable
        }

    def _row(self, name: str, held: Held) -> dict[str, Any]:
        settings, content = held.settings, self.maps.content(name)
        return {
            "name": name,
            "kind": settings.kind,
            "file": settings.file,
            "description": settings.description,
            "editable": settings.editable,
            "entries": content.entries if content else 0,
            "octets": len(content.data) if content else 0,
            "is_saved": name in self.maps.saved,
            "loaded": content.at if content else None,
            "trouble": str(held.trouble or self.maps.unusable.get(name, "")),
        }

    # The files.

    def _every(self, name: str, seconds: float) -> LoopingCall:
        return every(self._reactor, seconds, lambda: self._look(name), now=False)

    def _look(self, name: str) -> None:
        watch = self._watches.get(name)
        if watch is None:
            return
        now = self._reactor.seconds()
        if watch.looking is not None:
            if now - watch.looking >= STUCK_SECONDS and not watch.is_stuck_told:
                watch.is_stuck_told = True
                self._hub.alarms(f"map {name}: a look at its file does not end")
        elif self.is_serving():
            watch.looking = now
            looking = Deferred.fromCoroutine(self._look_once(name, watch))
            looking.addErrback(lambda failure: log.failure("looking at a map failed", failure))

    async def _look_once(self, name: str, watch: _Watch) -> None:
        before, now = self.maps.held[name], self._now()
        try:
            found = await in_background(self._reactor, lambda: _look_at(name, before, now))
        finally:
            watch.looking = None
        if self._watches.get(name) is not watch or not self.is_serving():
            return
        watch.is_stuck_told = False
        if isinstance(found, Held):
            self._take(name, watch, found)
        elif found is _WRITING:
            watch.again = self._reactor.callLater(SETTLE_SECONDS, self._look, name)
        else:
            self._judge(name, watch)

    def _take(self, name: str, watch: _Watch, found: Held) -> None:
        before = self.maps.held[name]
        after = self.maps.with_file(name, found)
        if name in self.maps.saved and after.held[name].content is not before.content:
            log.warn(
                "map {name}: its file has changed, but what was saved for it is used; to use the"
                " file: mailfilteradm saved undo maps.{name}",
                name=name,
            )
        self._use(after)
        self._judge(name, watch)

    def _use(self, after: MapSet) -> None:
        """Hand what has changed to the workers."""
        before, self.maps = self.maps, after
        files: list[MapFile] = [after.file(name) for name in before.changed(after)]
        if files:
            self._push(Maps(files=tuple(files)))
        self._tell_changes(before)

    # What people hear of it.

    def _tell_changes(self, before: MapSet) -> None:
        for name in before.changed(self.maps):
            content = self.maps.content(name)
            if content is None:
                continue
            what = "saved" if name in self.maps.saved else "read from its file"
            log.info(
                "map {name}: {entries} entries, {what}",
                name=name,
                entries=content.entries,
                what=what,
            )
            self._hub.count("maps_changed")

    def _judge(self, name: str, watch: _Watch) -> None:
        """Tell of trouble that a second look has found, too, or that it is over."""
        trouble = self.maps.held[name].trouble
        text = str(trouble or "")
        if trouble is not None and watch.doubted == text and self._told.get(name) != text:
            self._refuse(name, trouble)
        elif trouble is None and self._told.pop(name, ""):
            log.info("map {name}: its file can be used again", name=name)
        watch.doubted = text

    def _refuse(self, name: str, trouble: Problem) -> str:
        self._told[name] = str(trouble)
        has_content = self.maps.content(name) is not None
        text = f"{trouble}; {'the map stays as it was' if has_content else 'the map is empty'}"
        self._hub.count("maps_refused")
        self._hub.alarms(text)
        return text


def _look_at(name: str, before: Held, now: float) -> object:
    """A map as its file has it now, `_WRITING`, or `None` if nothing has changed. Blocks."""
    if not has_changed(before):
        return None
    found = take_file(name, before.settings, before, now)
    return found if is_settled(found, now) else _WRITING
