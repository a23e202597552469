"""What a controller is given beside the scanner: what the filter knows, and how it is changed."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from ..config.model import Config
from ..scan.plan import Plan
from ..store.base import Store
from .access import Access
from .teaching import Learned, Teacher


class Refused(Exception):
    """What was asked of the master cannot be done; the text says why, for people."""


class Desk(Protocol):
    """The master, which knows all workers and keeps what is saved.

    Every call fails with `Refused`, at the latest when the master has not answered for some
    seconds. `by` says who wants something: it is logged, and kept with what is saved.
    """

    async def status(self) -> Mapping[str, Any]:
        """The live status of all workers together (`app.status_page`), up to a second old."""
        ...

    async def totals(self) -> Mapping[str, Any]:
        """As `status`, but with counters since they were last reset (`reset`) in `counters`."""
        ...

    async def reset(self, by: str) -> None:
        """Count anew what `totals` tells; metrics go on."""
        ...

    async def errors(self) -> Sequence[Mapping[str, Any]]:
        """The last warnings and errors of all processes, newest first.

        Each with `ts`, `pid`, `type`, `id`, `module` and `message` (http-controller.md 2.2).
        """
        ...

    async def saved(self) -> Sequence[Mapping[str, Any]]:
        """What is saved: `key`, `value`, `by`, `at` (Unix), `configured` (its value without).

        Of a map the value is how many `octets` it has. `versions` is how often it can be undone.
        """
        ...

    async def save(self, changes: Mapping[str, Any], by: str) -> None:
        """Save values by key: `actions.reject`, `symbols.NAME.score`, `maps.NAME` (bytes).

        Returns when all workers use them and they are on disk. All of them are saved, or none.
        """
        ...

    async def undo(self, keys: Sequence[str], by: str) -> None:
        """Take back the last change of each key; with none left the configuration holds."""
        ...

    async def configuration(self) -> Sequence[Mapping[str, Any]]:
        """The effective configuration: `key`, `value` (TOML, no secrets), `origin`, `is_saved`."""
        ...

    async def maps(self) -> Sequence[Mapping[str, Any]]:
        """All maps, in the order of the configuration.

        Each with `name`, `octets`, `entries`, `is_saved`, `loaded` (Unix time, or none when there
        never was one that can be used) and `trouble` (empty if there is none).
        """
        ...

    async def map(self, name: str) -> bytes:
        """What is in a map, as it is used now."""
        ...


class Services(Protocol):
    """What there is in a process that scans."""

    @property
    def desk(self) -> Desk:
        """The master."""
        ...

    @property
    def store(self) -> Store:
        """What all processes remember."""
        ...

    @property
    def teacher(self) -> Teacher | None:
        """Who learns messages, if that is wanted."""
        ...

    @property
    def learned(self) -> Learned:
        """How many messages have been learned."""
        ...

    @property
    def access(self) -> Access:
        """Who may do what, for all controllers of this process."""
        ...

    @property
    def config(self) -> Config:
        """The configuration of the files, without what is saved."""
        ...

    @property
    def plan(self) -> Plan:
        """By what the next message is scanned: symbols have the scores that hold now."""
        ...


class NoDesk:
    """A desk of nobody, where no master is to be asked."""

    async def status(self) -> Mapping[str, Any]:
        """See `Desk.status`."""
        raise Refused(_NOBODY)

    async def totals(self) -> Mapping[str, Any]:
        """See `Desk.totals`."""
        raise Refused(_NOBODY)

    async def reset(self, by: str) -> None:
        """See `Desk.reset`."""
        raise Refused(_NOBODY)

    async def errors(self) -> Sequence[Mapping[str, Any]]:
        """See `Desk.errors`."""
        raise Refused(_NOBODY)

    async def saved(self) -> Sequence[Mapping[str, Any]]:
        """See `Desk.saved`."""
        raise Refused(_NOBODY)

    async def save(self, changes: Mapping[str, Any], by: str) -> None:
        """See `Desk.save`."""
        raise Refused(_NOBODY)

    async def undo(self, keys: Sequence[str], by: str) -> None:
        """See `Desk.undo`."""
        raise Refused(_NOBODY)

    async def configuration(self) -> Sequence[Mapping[str, Any]]:
        """See `Desk.configuration`."""
        raise Refused(_NOBODY)

    async def maps(self) -> Sequence[Mapping[str, Any]]:
        """See `Desk.maps`."""
        raise Refused(_NOBODY)

    async def map(self, name: str) -> bytes:
        """See `Desk.map`."""
        raise Refused(_NOBODY)


_NOBODY = "there is no master"
