"""Swaps what maps have, in a process that scans: what comes is read beside the reactor."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from twisted.logger import Logger
from twisted.python.failure import Failure

from ..codec.control import MapFile, Maps
from ..maps import MapError, Table, read_table
from ..maps import Maps as Live
from ..servers.background import in_background

log = Logger()


def give_all(maps: Live, files: Iterable[MapFile]) -> list[str]:
    """Give maps what they have, at the start; what cannot be given, for people. Blocks."""
    refused = []
    for file in files:
        if file.name in maps and maps[file.name].kind == file.kind:
            try:
                maps.give(file.name, file.data)
            except MapError as error:
                refused.append(_refused(file.name, error))
    return refused


def renewed(before: Mapping[str, MapFile], message: Maps) -> dict[str, MapFile]:
    """What a message has for those who had something `before`."""
    return {
        file.name: file
        for file in message.files
        if file.name in before and before[file.name].kind == file.kind
    }


class MapSwap:
    """Gives maps something else while mail is scanned, in the order in which it comes.

    Each map has one or the other at any time; of what comes in quick succession for one map only
    the last counts.
    """

    def __init__(self, reactor: Any, maps: Live, alarm: Callable[[str], None]) -> None:
        self._reactor = reactor
        self._maps = maps
        self._alarm = alarm
        self._waiting: dict[str, bytes] = {}
        self._is_reading = False

    def take(self, files: Iterable[MapFile]) -> None:
        """Use these, soon. Those of other configurations are left alone."""
        for file in files:
            if file.name in self._maps and self._maps[file.name].kind == file.kind:
                self._waiting[file.name] = file.data
        self._read_next()

    def _read_next(self) -> None:
        if self._is_reading or not self._waiting:
            return
        self._is_reading = True
        name = next(iter(self._waiting))
        data, found = self._waiting.pop(name), self._maps[name]
        reading = in_background(self._reactor, lambda: read_table(found.kind, data))
        reading.addCallbacks(self._use, self._refuse, callbackArgs=(name,), errbackArgs=(name,))
        reading.addCallback(lambda _: self._read_next())

    def _use(self, table: Table, name: str) -> None:
        self._is_reading = False
        self._maps[name].use(table)
        log.info("map {name}: {size} entries are used now", name=name, size=table.size)

    def _refuse(self, failure: Failure, name: str) -> None:
        self._is_reading = False
        self._alarm(_refused(name, failure.value))


def _refused(name: str, error: BaseException | None) -> str:
    return f"map {name}: what the master sent cannot be used: {error}"
