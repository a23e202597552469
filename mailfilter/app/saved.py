"""What is saved over the configuration: kept by the master alone, used by all workers."""

from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping, Sequence
from time import time
from typing import Any

from twisted.internet.defer import Deferred, DeferredLock, TimeoutError
from twisted.logger import Logger

from ..codec.control import Saved
from ..config.saved import MAX_KEYS, MAX_VERSIONS, History, Value, Version, bounded, newest
from ..config.toml_text import printable
from ..report.alarms import Alarms
from ..servers.background import in_background
from ..servers.services import Refused
from .saved_file import TooLarge, load_saved, write_saved
from .saved_rules import Rules

WRITE_SECONDS = 15.0
"""For a change to be on disk, until whoever wants it is told that it is not."""

MAX_CHANGES = 64
"""Under way, one after the other."""

MAX_BY = 200
"""Characters of who saved something."""

log = Logger()


async def _take_any(_name: str, _data: bytes) -> None:
    """Nobody knows maps."""


async def _use_none(_names: Collection[str]) -> None:
    """Nobody uses maps."""


class SavedState:
    """One for the life of a master. All methods are for the reactor's thread."""

    def __init__(
        self,
        reactor: Any,
        directory: str,
        alarms: Alarms,
        wall_clock: Callable[[], float] = time,
    ) -> None:
        self._reactor = reactor
        self._directory = directory
        self._alarms = alarms
        self._wall_clock = wall_clock
        self._lock = DeferredLock()
        self.history: History = {}
        self.rules = Rules()
        """What the workers serve by."""
        self.message = Saved(number=0)
        """Scores and thresholds that are saved, for workers."""
        self.check_map: Callable[[str, bytes], Awaitable[None]] = _take_any
        """Raises Refused for octets that a map of a name cannot be."""
        self.on_change: Callable[[Saved], None] = lambda message: None
        """Told of other scores and thresholds, when they are on disk."""
        self.on_maps: Callable[[Collection[str]], Awaitable[None]] = _use_none
        """Told of names of maps with another content in `maps`, when it is on disk; ends when
        workers have been told."""

    def load(self) -> None:
        """Read the file, at the start. Blocks; a file that is no good raises an alarm."""
        self.history, trouble = load_saved(self._directory, self._wall_clock())
        if trouble:
            self._alarms(trouble)
        self._renew()

    def maps(self) -> Mapping[str, bytes]:
        """Maps whose content is saved."""
        return {
            name: version.value
            for _table, name, version in newest(self.history)
            if isinstance(version.value, bytes)
        }

    def adopt(self, rules: Rules) -> Sequence[str]:
        """Workers serve by these now; what there is to say of what is saved, for people."""
        self.rules = rules
        warnings = rules.warnings(self.history)
        for text in warnings:
            log.warn("{text}", text=text)
        return warnings

    def rows(self) -> list[dict[str, Any]]:
        """See `Desk.saved`."""
        return [
            {
                "key": key,
                "value": _sized(versions[-1].value),
                "by": versions[-1].by,
                "at": versions[-1].at,
                "configured": self.rules.configured(key),
                "versions": len(versions),
            }
            for key, versions in self.history.items()
        ]

    async def save(self, changes: Mapping[str, Any], by: str) -> None:
        """See `Desk.save`."""
        await self._change(lambda: self._save(dict(changes), _who(by)))

    async def undo(self, keys: Sequence[str], by: str) -> None:
        """See `Desk.undo`."""
        await self._change(lambda: self._undo(dict.fromkeys(keys), _who(by)))

    async def undo_all(self, by: str) -> Sequence[str]:
        """Take back all that is saved; its keys."""
        keys = list(self.history)
        await self._change(lambda: self._take({}, _who(by)))
        return keys

    async def _save(self, changes: Mapping[str, Any], by: str) -> None:
        self.rules.check_keys(changes)
        for key, value in changes.items():
            if isinstance(value, bytes):
                await self.check_map(key.partition(".")[2], value)
        history, now = dict(self.history), self._wall_clock()
        for key, value in changes.items():
            value = value if value is None or isinstance(value, bytes) else float(value)
            versions = history.get(key, ())
            if not versions or versions[-1].value != value:
                history[key] = (*versions, Version(value, by, now))[-MAX_VERSIONS:]
        await self._take(history, by, checked=changes)

    async def _undo(self, keys: Mapping[str, None], by: str) -> None:
        unknown = [key for key in keys if key not in self.history]
        if unknown:
            raise Refused(f"nothing is saved for {printable(unknown[0])}")
        history = dict(self.history)
        for key in keys:
            history[key] = history[key][:-1]
        await self._take({key: left for key, left in history.items() if left}, by, checked=keys)

    async def _take(self, history: History, by: str, checked: Collection[str] = ()) -> None:
        """Make this what is saved: on disk first, then for all workers."""
        if len(history) > MAX_KEYS:
            raise Refused(f"more than {MAX_KEYS} keys would be saved")
        self.rules.check_order(history, checked)
        history = bounded(history)
        try:
            await in_background(self._reactor, lambda: write_saved(self._directory, history))
        except TooLarge as error:
            raise Refused(str(error)) from None
        except OSError as error:
            text = f"cannot write in {self._directory}: {error.strerror}; nothing was changed"
            log.error("{text}", text=text)
            raise Refused(text) from None
        before, self.history = self.history, history
        changed = _changed(before, history)
        for key in changed:
            self._tell(key, before, by)
        self._renew()
        await self._hand_on(changed)

    def _renew(self) -> None:
        found = list(newest(self.history))
        self.message = Saved(
            number=self.message.number + 1,
            actions={name: _number(item) for table, name, item in found if table == "actions"},
            symbols={
                name: item.value
                for table, name, item in found
                if table == "symbols" and isinstance(item.value, float)
            },
        )

    async def _hand_on(self, changed: Sequence[str]) -> None:
        maps = [key.partition(".")[2] for key in changed if key.startswith("maps.")]
        if len(maps) < len(changed):
            self.on_change(self.message)
        if maps:
            await self.on_maps(maps)

    def _tell(self, key: str, before: History, by: str) -> None:
        old = _shown(before[key][-1].value if key in before else self.rules.configured(key))
        if key in self.history:
            new = _shown(self.history[key][-1].value)
            log.info("saved by {by}: {key}: {old} -> {new}", by=by, key=key, old=old, new=new)
            return
        new = _shown(self.rules.configured(key))
        log.info("undone by {by}: {key}: {old} -> {new}", by=by, key=key, old=old, new=new)

    async def _change(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """One change after the other, each to its end, also if nobody waits for it any more."""
        if len(self._lock.waiting) >= MAX_CHANGES:
            raise Refused("too many changes are under way")
        done: Deferred[None] = Deferred()
        done.addTimeout(WRITE_SECONDS, self._reactor)
        running = self._lock.run(work)
        running.addBoth(_fire, done)
        try:
            await done
        except TimeoutError:
            raise Refused(f"not on disk after {WRITE_SECONDS:g} s; it may still come") from None


def _fire(result: Any, done: Deferred[None]) -> None:
    # Who has waited too long, or is gone, takes this in silence.
    done.callback(result)


def _who(by: str) -> str:
    return printable(by[:MAX_BY]) or "somebody"


def _changed(before: History, history: History) -> list[str]:
    """Keys whose value is another one, or is saved now and was not, or the other way."""
    return [key for key in {**before, **history} if _held(before, key) != _held(history, key)]


def _held(history: History, key: str) -> tuple[Value, ...]:
    return (history[key][-1].value,) if key in history else ()


def _number(version: Version) -> float | None:
    return None if isinstance(version.value, bytes) else version.value


def _sized(value: Value) -> object:
    """Of a map how large it is, in place of what may be large."""
    return {"octets": len(value)} if isinstance(value, bytes) else value


def _shown(value: object) -> str:
    """A value in a log line: of a map how large it is."""
    if isinstance(value, bytes):
        return f"{len(value)} octets in {len(value.splitlines())} lines"
    return "off" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
