"""Logs in memory."""

from itertools import islice

from ..base import (
    Entry,
    Key,
    LogAcknowledge,
    LogAppend,
    LogBegin,
    LogForget,
    LogLook,
    LogRead,
    LogState,
    LogTrim,
    Snapshot,
    SnapshotGet,
    SnapshotPut,
)
from ..calls.log import within_call


class Log:
    """The entries under one key: the first is at position `first`."""

    def __init__(self) -> None:
        self.first = 1
        self.entries: list[bytes] = []
        self.readers: dict[bytes, int] = {}
        self.snapshot: Snapshot | None = None

    @property
    def last(self) -> int:
        return self.first + len(self.entries) - 1


class Logs:
    """See the calls."""

    def __init__(self) -> None:
        self.logs: dict[bytes, Log] = {}

    def append(self, call: LogAppend) -> int:
        log = self._make(call.key)
        log.entries += call.entries
        return log.last

    def begin(self, call: LogBegin) -> bool:
        log = self._make(call.key)
        if log.last:
            return False
        log.first = call.position + 1
        return True

    def read(self, call: LogRead) -> list[Entry]:
        log = self._look(call.key)
        start = max(0, call.after + 1 - log.first)
        entries = islice(log.entries, start, start + call.limit)
        return list(
            within_call(Entry(log.first + start + n, data) for n, data in enumerate(entries))
        )

    def acknowledge(self, call: LogAcknowledge) -> int:
        log = self._make(call.key)
        position = max(log.readers.get(call.reader, 0), min(call.position, log.last))
        log.readers[call.reader] = position
        return position

    def forget(self, call: LogForget) -> bool:
        return self._look(call.key).readers.pop(call.reader, None) is not None

    def look(self, call: LogLook) -> LogState:
        log = self._look(call.key)
        snapshot = log.snapshot.position if log.snapshot else 0
        return LogState(log.first, log.last, snapshot, dict(log.readers))

    def trim(self, call: LogTrim) -> int:
        log = self._look(call.key)
        if log.snapshot is None:
            return 0
        until = min(log.snapshot.position, *log.readers.values(), log.last)
        count = max(0, until + 1 - log.first)
        del log.entries[:count]
        log.first += count
        return count

    def put_snapshot(self, call: SnapshotPut) -> bool:
        log = self._make(call.key)
        if log.snapshot is not None and log.snapshot.position > call.snapshot.position:
            return False
        log.snapshot = call.snapshot
        return True

    def get_snapshot(self, call: SnapshotGet) -> Snapshot | None:
        return self._look(call.key).snapshot

    def _make(self, key: Key) -> Log:
        return self.logs.setdefault(key, Log())

    def _look(self, key: Key) -> Log:
        return self.logs.get(key) or Log()
