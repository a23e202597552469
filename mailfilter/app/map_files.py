"""What maps have: contents of their files, and what was saved over these. Reads and checks both."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from ..codec.control import MapFile
from ..config import Problem
from ..config.files import read_source
from ..config.model import Map
from ..config.units import format_size
from ..maps import MapError, read_table
from ..tls.reading import Stamp, stamp

MAX_TOTAL = 2**25
"""Octets of all maps together, which travel to each worker in its first message, beside a
configuration, checks and certificates."""

SETTLE_SECONDS = 1.0
"""A file that was changed less than this ago may be half written."""

CUT_SECONDS = 10.0
"""The same of a file whose last line has no end."""

_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Content:
    """What can be used."""

    data: bytes
    entries: int
    at: float
    """Since when, Unix time."""


@dataclass(frozen=True, slots=True)
class Held:
    """A map as its file has it."""

    settings: Map
    content: Content | None = None
    """The last that could be used."""
    stamp: Stamp | None = None
    """The file, before it was read."""
    trouble: Problem | None = None
    """Why what is in the file now is not used."""
    is_unread: bool = False
    """The trouble may pass without a change of the file."""


@dataclass(frozen=True, slots=True)
class MapSet:
    """All maps of a configuration."""

    held: Mapping[str, Held] = field(default_factory=dict)
    saved: Mapping[str, Content] = field(default_factory=dict)
    """What is used in place of what is in the file."""
    unusable: Mapping[str, str] = field(default_factory=dict)
    """Map -> why what is saved for it is not used."""

    def content(self, name: str) -> Content | None:
        """What is used of a map."""
        return self.saved.get(name) or self.held[name].content

    def file(self, name: str) -> MapFile:
        """The same for workers."""
        content = self.content(name)
        return MapFile(name, self.held[name].settings.kind, content.data if content else b"")

    def files(self) -> tuple[MapFile, ...]:
        """All of them, for workers."""
        return tuple(map(self.file, self.held))

    def room(self, name: str) -> int:
        """Octets that a map may have, beside the others."""
        others = (self.content(other) for other in self.held if other != name)
        return MAX_TOTAL - sum(len(content.data) for content in others if content)

    def with_file(self, name: str, held: Held) -> "MapSet":
        """With a map as its file has it now, or as it had it before if there is no room."""
        content = held.content
        if content is not None and len(content.data) > self.room(name):
            expected = f"expected at most {format_size(MAX_TOTAL)} in all maps together"
            problem = _problem(name, held.settings, None, expected)
            kept = self.held[name].content if name in self.held else None
            held = replace(held, content=kept, trouble=problem)
        return replace(self, held={**self.held, name: held})

    def changed(self, after: "MapSet") -> Iterator[str]:
        """Names of maps that have something else then."""
        for name in after.held:
            if name not in self.held or self.file(name) != after.file(name):
                yield name


def take_file(name: str, settings: Map, before: Held | None, now: float) -> Held:
    """Read the file of a map; if it cannot be used the map has what it had `before`. Blocks."""
    kept = _former(settings, before).content
    seen = stamp(settings.file)
    source, problems = read_source(settings.file, settings.max_size)
    if source is None:
        reason = "; ".join(problem.expected for problem in problems)
        problem = _problem(name, settings, None, reason)
        return Held(settings, kept, seen, problem, is_unread=True)
    if kept is not None and kept.data == source.data:
        return Held(settings, kept, seen)
    try:
        entries = read_table(settings.kind, source.data).size
    except MapError as error:
        problem = _problem(name, settings, error.line, error.expected)
        return Held(settings, kept, seen, problem)
    return Held(settings, Content(source.data, entries, now), seen)


def with_former(settings: Mapping[str, Map], before: Mapping[str, Held]) -> dict[str, Held]:
    """The maps of a configuration with what they had in the one `before`."""
    return {name: _former(item, before.get(name)) for name, item in settings.items()}


def _former(settings: Map, before: Held | None) -> Held:
    """With what a map had before, unless that is of another kind."""
    is_same = before is not None and before.settings.kind == settings.kind
    return Held(settings, before.content if before and is_same else None)


def unreadable(name: str, settings: Map, before: Held | None, reason: str) -> Held:
    """A map whose file cannot be read for a reason that was found elsewhere."""
    kept = _former(settings, before).content
    return Held(settings, kept, None, _problem(name, settings, None, reason), is_unread=True)


def has_changed(held: Held) -> bool:
    """Whether there may be something else in the file of a map now. Blocks."""
    return held.is_unread or stamp(held.settings.file) != held.stamp


def is_settled(held: Held, now: float) -> bool:
    """Whether a file, as it was read, is complete as far as one can tell. Blocks.

    Who writes in place, in parts, is waited for; who renames a complete file is not hurt by it.
    """
    seen = held.stamp
    if seen is None:
        return True
    if stamp(held.settings.file) != seen:
        return False
    content = held.content
    is_cut = content is not None and content.data[-1:] not in (b"", b"\n")
    age = now - max(seen[3], seen[4]) / _NS
    # A clock that was set back, or that of a file server, makes no file wait for long.
    return not 0 <= age < (CUT_SECONDS if is_cut else SETTLE_SECONDS)


def take_saved(
    held: Mapping[str, Held], wanted: Mapping[str, bytes], before: Mapping[str, Content], now: float
) -> tuple[dict[str, Content], dict[str, str]]:
    """What is saved for maps, and why some of it is not used. Blocks.

    A configuration may have made another kind of the map since it was saved.
    """
    contents: dict[str, Content] = {}
    unusable: dict[str, str] = {}
    for name, data in wanted.items():
        if name not in held:
            continue
        try:
            entries = read_table(held[name].settings.kind, data).size
        except MapError as error:
            unusable[name] = f"what was saved for map {name} is not used: {error}"
            continue
        same = before.get(name)
        at = same.at if same is not None and same.data == data else now
        contents[name] = Content(data, entries, at)
    return contents, unusable


def map_problems(maps: Mapping[str, Map]) -> Iterator[Problem]:
    """What is wrong with the files of maps, each at its file and line. Blocks."""
    found = MapSet()
    for name, settings in maps.items():
        found = found.with_file(name, take_file(name, settings, None, 0.0))
        trouble = found.held[name].trouble
        if trouble is not None:
            yield trouble


def _problem(name: str, settings: Map, line: int | None, expected: str) -> Problem:
    return Problem(settings.file, line, f"maps.{name}", None, expected)
