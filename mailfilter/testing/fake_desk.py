"""A desk and services for tests of controllers: what they are told they answer."""

from collections.abc import Mapping, Sequence
from typing import Any

from twisted.internet.interfaces import IReactorTime

from ..config.model import Config
from ..scan.plan import Plan
from ..servers.access import Access
from ..servers.services import Refused
from ..servers.teaching import Label, Learned, Taught
from ..store.base import Store

PAGE: Mapping[str, Any] = {
    "version": "1",
    "uptime": 3.7,
    "listeners": {"http": {"address": "127.0.0.1:11333", "connections": 2, "queue": 0}},
    "workers": [{"pid": 1, "generation": 1, "place": 0, "state": "serving"}],
    "counters": {
        "scans": 9,
        "action/no action": 1,
        "action/add header": 7,
        "action/rewrite subject": 1,
        "symbol/GTUBE": 2,
    },
}
"""Of a status page what controllers look at."""


class FakeDesk:
    """A `Desk` that remembers what it was asked. With `refusal` set all calls are refused."""

    def __init__(self, page: Mapping[str, Any] = PAGE) -> None:
        self.page = page
        self.refusal = ""
        self.told: list[tuple[Any, ...]] = []
        """Changes so far: the name of the call, what it was given, who wanted it."""
        self.logged: Sequence[Mapping[str, Any]] = ()
        """What `errors` answers."""
        self.kept: Sequence[Mapping[str, Any]] = ()
        """What `saved` answers."""
        self.keys: Sequence[Mapping[str, Any]] = ()
        """What `configuration` answers."""
        self.map_texts: dict[str, bytes] = {}
        """What is in maps, by name."""

    async def status(self) -> Mapping[str, Any]:
        """See `Desk.status`."""
        self._may_refuse()
        return self.page

    async def totals(self) -> Mapping[str, Any]:
        """See `Desk.totals`."""
        self._may_refuse()
        return self.page

    async def reset(self, by: str) -> None:
        """See `Desk.reset`."""
        self._note("reset", by)

    async def errors(self) -> Sequence[Mapping[str, Any]]:
        """See `Desk.errors`."""
        self._may_refuse()
        return self.logged

    async def saved(self) -> Sequence[Mapping[str, Any]]:
        """See `Desk.saved`."""
        self._may_refuse()
        return self.kept

    async def save(self, changes: Mapping[str, Any], by: str) -> None:
        """See `Desk.save`."""
        self._note("save", dict(changes), by)

    async def undo(self, keys: Sequence[str], by: str) -> None:
        """See `Desk.undo`."""
        self._note("undo", tuple(keys), by)

    async def configuration(self) -> Sequence[Mapping[str, Any]]:
        """See `Desk.configuration`."""
        self._may_refuse()
        return self.keys

    async def maps(self) -> Sequence[Mapping[str, Any]]:
        """See `Desk.maps`."""
        self._may_refuse()
        more = {"is_saved": False, "loaded": 1.0, "trouble": ""}
        return [
            {"name": name, "octets": len(text), "entries": text.count(b"\n"), **more}
            for name, text in self.map_texts.items()
        ]

    async def map(self, name: str) -> bytes:
        """See `Desk.map`."""
        self._may_refuse()
        return self.map_texts[name]

    def _note(self, *what: Any) -> None:
        self._may_refuse()
        self.told.append(what)

    def _may_refuse(self) -> None:
        if self.refusal:
            raise Refused(self.refusal)


class FakeTeacher:
    """Remembers what it was taught, by the octets of messages."""

    def __init__(self) -> None:
        self.known: dict[bytes, Label] = {}
        self.by = self.source = ""
        """Who taught it last."""
        self.refusal = ""
        """Why it learns nothing; empty if it does."""

    async def learn(
        self, raw: bytes, label: Label, by: str, *, source: str = "", is_human: bool = True
    ) -> Taught:
        """See `servers.teaching.Teacher`."""
        self.by, self.source = by, source or by
        if self.refusal:
            return Taught("refused", self.refusal)
        if self.known.get(raw) == label:
            return Taught("known", label)
        self.known[raw] = label
        return Taught("learned")

    async def forget(self, raw: bytes, by: str, *, source: str = "") -> Taught:
        """See `servers.teaching.Teacher`."""
        self.by, self.source = by, source or by
        if self.refusal:
            return Taught("refused", self.refusal)
        return Taught("known" if self.known.pop(raw, None) is None else "forgotten")


class FakeServices:
    """`Services` of given parts."""

    def __init__(self, clock: IReactorTime, config: Config, plan: Plan, store: Store) -> None:
        self.desk = FakeDesk()
        self.teacher: FakeTeacher | None = FakeTeacher()
        self.store = store
        self.access = Access(config.controller, clock)
        self.config = config
        self.plan = plan

    @property
    def learned(self) -> Learned:
        """See `Services.learned`."""
        labels = list(self.teacher.known.values()) if self.teacher else []
        return Learned(labels.count("spam"), labels.count("ham"))
