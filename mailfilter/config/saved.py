"""What was saved over the configuration while the filter ran: its file, and where it holds.

The file is one JSON object, with all versions of each key, the newest last.
"""

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime

import msgspec
from msgspec import UNSET, UnsetType

from .load import Loaded
from .model import Actions, SymbolSettings
from .problem import Origin
from .toml_text import key_text, printable

FILE = "saved.json"
"""In the state directory."""

MAX_FILE = 64 * 2**20
"""Octets; all of it is in the memory of the master."""

MAX_KEYS = 10_000
"""A table of all symbols has some thousand."""

MAX_KEY = 512
"""Characters."""

MAX_VERSIONS = 5
"""Of a key: so often changes can be taken back."""

MAX_NUMBER = 1e6
"""Of scores and thresholds, either way; what is larger is a slip of the hand."""

THRESHOLDS = tuple(item.name for item in fields(Actions) if item.name != "subject")
"""Keys of [actions] that can be saved."""

Value = float | bytes | None
"""A threshold (`None` is without), a score, or what is in a map."""


class SavedError(ValueError):
    """A file of saved values is damaged; the text says how."""


@dataclass(frozen=True, slots=True)
class Version:
    """One value of a key."""

    value: Value
    by: str
    """Who saved it."""
    at: float
    """Unix time."""

    def __str__(self) -> str:
        """`saved by WHO, TIME`."""
        moment = datetime.fromtimestamp(self.at, UTC)
        return f"saved by {printable(self.by)}, {moment:%Y-%m-%dT%H:%M:%SZ}"


History = Mapping[str, tuple[Version, ...]]
"""Key -> its versions, the newest last; there is at least one."""


class _Row(msgspec.Struct):
    by: str
    at: float
    value: float | UnsetType | None = UNSET
    octets: bytes | UnsetType = UNSET


class _File(msgspec.Struct):
    saved: dict[str, list[_Row]]
    format: int = 1


def parse_saved(key: str) -> tuple[str, str] | None:
    """Table and name of what a key is about, `None` if nothing is saved by such a key.

    `actions.NAME`, `symbols.NAME.score` or `maps.NAME`, where a NAME may contain anything.
    """
    table, _, name = key.partition(".")
    if table == "symbols":
        name, dot, last = name.rpartition(".")
        return (table, name) if dot and name and last == "score" else None
    if table == "actions":
        return (table, name) if name in THRESHOLDS else None
    return (table, name) if table == "maps" and name else None


def is_fit(key: str, value: object) -> bool:
    """Whether a value is of the kind that its key needs, and within bounds."""
    found = parse_saved(key)
    if found is None or len(key) > MAX_KEY:
        return False
    if found[0] == "maps":
        return isinstance(value, bytes)
    if value is None:
        return found[0] == "actions"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    # Neither of NaN.
    return -MAX_NUMBER <= value <= MAX_NUMBER


def encode(history: History) -> bytes:
    """A history as its file."""
    rows = {key: [_row(item) for item in versions] for key, versions in history.items()}
    return msgspec.json.format(msgspec.json.encode(_File(saved=rows)), indent=1) + b"\n"


def decode(data: bytes) -> dict[str, tuple[Version, ...]]:
    """The history in a file. Raises SavedError."""
    try:
        found = msgspec.json.decode(data, type=_File)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SavedError(f"not what was written: {error}") from None
    if found.format != 1:
        raise SavedError(f"format {found.format}, expected 1")
    history = {key: tuple(map(_version, rows)) for key, rows in found.saved.items()}
    for key, versions in history.items():
        if not versions or not all(is_fit(key, item.value) for item in versions):
            raise SavedError(f"{printable(key[:MAX_KEY])} has a value that nobody can save")
    return {key: versions[-MAX_VERSIONS:] for key, versions in history.items()}


def _open(path: str, flags: int) -> int:
    # Nobody may ever write to a pipe that somebody has put there; links are none of ours.
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOFOLLOW)


def read_saved(state_dir: str) -> dict[str, tuple[Version, ...]]:
    """What is saved in a state directory. Raises OSError and SavedError."""
    try:
        with open(os.path.join(state_dir, FILE), "rb", opener=_open) as opened:
            if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
                raise SavedError("no regular file")
            data = opened.read(MAX_FILE + 1)
    except FileNotFoundError:
        return {}
    if len(data) > MAX_FILE:
        raise SavedError(f"larger than {MAX_FILE >> 20} MiB")
    return decode(data)


def bounded(history: History) -> History:
    """The same without the oldest versions of maps, as far as the file has no room for them."""
    kept = dict(history)
    size = sum(_size(key, item) for key, versions in kept.items() for item in versions)
    for key in sorted(kept, key=lambda key: -sum(_size(key, item) for item in kept[key])):
        while size > MAX_FILE and key.startswith("maps.") and len(kept[key]) > 1:
            size -= _size(key, kept[key][0])
            kept[key] = kept[key][1:]
    return kept


def _size(key: str, version: Version) -> int:
    """Octets in the file, or some more."""
    octets = len(version.value) * 4 // 3 if isinstance(version.value, bytes) else 0
    return octets + 6 * (len(key) + len(version.by)) + 128


def overlaid(loaded: Loaded, history: History) -> Loaded:
    """A configuration with what is saved over it, and where each value comes from then."""
    origins = dict(loaded.origins)
    actions: dict[str, float | None] = {}
    symbols = dict(loaded.config.symbols)
    for table, name, version in newest(history):
        if isinstance(version.value, bytes):
            if name in loaded.config.maps:
                key = key_text(("maps", name, "file"))
                origins[key] = replace(loaded.origin(key), words=f"contents {version}")
        elif table == "actions":
            actions[name] = version.value
            origins[key_text((table, name))] = Origin(words=str(version))
        elif version.value is not None:
            symbols[name] = replace(symbols.get(name, SymbolSettings()), score=version.value)
            origins[key_text((table, name, "score"))] = Origin(words=str(version))
    config = replace(
        loaded.config,
        actions=replace(loaded.config.actions, **actions),  # type: ignore[arg-type]
        symbols=symbols,
    )
    return replace(loaded, config=config, origins=origins)


def newest(history: History) -> Iterator[tuple[str, str, Version]]:
    """Table, name and the version that holds, for each key."""
    for key, versions in history.items():
        found = parse_saved(key)
        if found is not None:
            yield *found, versions[-1]


def _row(version: Version) -> _Row:
    if isinstance(version.value, bytes):
        return _Row(version.by, version.at, octets=version.value)
    return _Row(version.by, version.at, value=version.value)


def _version(row: _Row) -> Version:
    if isinstance(row.octets, bytes):
        return Version(row.octets, row.by, _moment(row.at))
    if isinstance(row.value, UnsetType):
        raise SavedError("a version has no value")
    return Version(row.value, row.by, _moment(row.at))


def _moment(at: float) -> float:
    if not 0 <= at < 2**36:
        raise SavedError(f"{at} is no time")
    return at
