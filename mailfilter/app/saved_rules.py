"""What may be saved over a configuration, and what is saved over nothing any more."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..config import Config, Loaded
from ..config.model import Map
from ..config.names import nearest
from ..config.problem import Problem
from ..config.rules import threshold_problems
from ..config.saved import MAX_NUMBER, History, is_fit, overlaid, parse_saved
from ..config.toml_text import key_text, printable
from ..servers.services import Refused

FILE_OF_MAP = "what its file holds"
"""What a map is without what is saved."""


def _nothing() -> Loaded:
    return Loaded(config=Config(), origins={}, path=None, directory="/")


@dataclass(frozen=True, slots=True)
class Rules:
    """What workers serve by, as far as it matters for what is saved."""

    loaded: Loaded = field(default_factory=_nothing)
    scores: Mapping[str, float] | None = None
    """Symbol -> score by the configuration; `None` while no worker has told."""

    def configured(self, key: str) -> float | str | None:
        """The value of a key without what is saved; of a map, words."""
        table, name = parse_saved(key) or ("", "")
        if table == "actions":
            value: float | None = getattr(self.loaded.config.actions, name)
            return value
        if table == "symbols":
            return (self.scores or {}).get(name)
        return FILE_OF_MAP if name in self.loaded.config.maps else None

    def check_keys(self, changes: Mapping[str, Any]) -> None:
        """Raises Refused unless all can be saved, but for their order."""
        if self.scores is None:
            raise Refused("the filter is starting")
        if not changes:
            raise Refused("nothing to save")
        for key, value in changes.items():
            self._check_key(key)
            if not is_fit(key, value):
                raise Refused(f"{_key(key)}: expected {_expected(key)}")

    def check_order(self, history: History, keys: Collection[str]) -> None:
        """Raises Refused if thresholds are in the wrong order because of changes to some keys."""
        if not any(key.startswith("actions.") for key in keys):
            return
        for problem in self._disorder(history):
            raise Refused(str(problem))

    def warnings(self, history: History) -> Sequence[str]:
        """Of what is saved, what has no effect or makes no sense with this configuration."""
        found = [
            f"{_key(key)} {versions[-1]}: {self._lack(key)}; `mailfilteradm saved undo` removes it"
            for key, versions in history.items()
            if self._lack(key)
        ]
        return [*found, *map(str, self._disorder(history))]

    def _disorder(self, history: History) -> Iterator[Problem]:
        saved = overlaid(self.loaded, history)
        return threshold_problems(
            saved.config, lambda path: saved.origin(key_text(path)), lambda at: bool(at.words)
        )

    def _check_key(self, key: str) -> None:
        lack = self._lack(key)
        if lack:
            raise Refused(f"{_key(key)}: {lack}")
        found = parse_saved(key)
        if found is not None and found[0] == "maps" and not self._maps()[found[1]].editable:
            raise Refused(f"{_key(key)}: the configuration says that it is not editable")

    def _lack(self, key: str) -> str:
        """Why a key is that of nothing, or nothing to say."""
        found = parse_saved(key)
        if found is None:
            return "nothing can be saved by this key"
        table, name = found
        if table == "symbols":
            return _unless("symbol", name, self.scores or {})
        return _unless("map", name, self._maps()) if table == "maps" else ""

    def _maps(self) -> Mapping[str, Map]:
        return self.loaded.config.maps


def _unless(kind: str, name: str, known: Collection[str]) -> str:
    if name in known:
        return ""
    near = nearest(name, known)
    hint = f"; did you mean {printable(near)}?" if near else ""
    return f"there is no such {kind}{hint}"


def _expected(key: str) -> str:
    if key.startswith("maps."):
        return "octets"
    number = f"a number from -{MAX_NUMBER:.0f} to {MAX_NUMBER:.0f}"
    return f"{number}, or none" if key.startswith("actions.") else number


def _key(key: str) -> str:
    return printable(key[:100])
