"""The maps of a configuration, as checks look things up in them while they change."""

from collections.abc import Iterator, Mapping
from time import monotonic

from twisted.logger import Logger

from ..config.model import Map as Settings
from ..config.model import MapKind
from .found import Found, LookupTimeoutError, Sought
from .table import Table, read_table

LOG_SECONDS = 60.0
"""Between two warnings of a map that lookups in it take too long."""

log = Logger()


class UnknownMapError(KeyError):
    """No map has this name; says so for people."""

    def __init__(self, name: str, known: Mapping[str, object]) -> None:
        super().__init__(name)
        self._text = f"no map is named {name}; maps: {', '.join(sorted(known)) or 'none'}"

    def __str__(self) -> str:
        return self._text


class Map:
    """One map. What is found in it is what was read of it last."""

    def __init__(self, name: str, kind: MapKind) -> None:
        self.name = name
        self.kind: MapKind = kind
        self.lookups = self.hits = self.timeouts = 0
        """So far, in this process."""
        self._table: Table = read_table(kind, b"")
        self._told: float | None = None

    @property
    def size(self) -> int:
        """How many entries it has."""
        return self._table.size

    def find(self, value: Sought) -> Found | None:
        """The entry that fits an address or a text best, if any does.

        In networks that with the longest prefix, in names the most exact one, in patterns the
        first. Takes some microseconds, for patterns at most some milliseconds; a text that
        takes longer is not found. Raises nothing.
        """
        self.lookups += 1
        try:
            found = self._table.find(value)
        except LookupTimeoutError as error:
            self.timeouts += 1
            self._warn(str(error))
            return None
        self.hits += found is not None
        return found

    def __contains__(self, value: Sought) -> bool:
        return self.find(value) is not None

    def use(self, table: Table) -> None:
        """Look things up in this from now on."""
        self._table = table

    def _warn(self, reason: str) -> None:
        now = monotonic()
        if self._told is None or now - self._told >= LOG_SECONDS:
            self._told = now
            log.warn("map {name}: a lookup was given up: {reason}", name=self.name, reason=reason)


class Maps(Mapping[str, Map]):
    """All maps of a configuration by name. They are empty until they are given something."""

    def __init__(self, settings: Mapping[str, Settings]) -> None:
        self._maps = {name: Map(name, item.kind) for name, item in settings.items()}

    def __getitem__(self, name: str) -> Map:
        """Raises UnknownMapError."""
        if name not in self._maps:
            raise UnknownMapError(name, self._maps)
        return self._maps[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._maps)

    def __len__(self) -> int:
        return len(self._maps)

    def __contains__(self, name: object) -> bool:
        return name in self._maps

    def counters(self) -> dict[str, int]:
        """What was looked up so far, by name of the counter: `map_hits/NAME` and others."""
        return {
            f"map_{figure}/{name}": getattr(found, figure)
            for name, found in self._maps.items()
            for figure in ("lookups", "hits", "timeouts")
        }

    def give(self, name: str, data: bytes) -> None:
        """Read what a map has from now on. May take seconds; raises MapError, or UnknownMapError.

        For the start and for tests: while mail is scanned read a table elsewhere, and `use` it.
        """
        found = self[name]
        found.use(read_table(found.kind, data))
