"""On which line of a TOML file a rule and its keys stand, which Python's reader does not tell."""

import re

from .model import Place

_HEADER = re.compile(r"[ \t]*+\[\[[ \t]*+rule[ \t]*+\]\][ \t]*+(?:#.*)?")
_KEY = re.compile(r"[ \t]*+\[?(?:rule\.)?([A-Za-z0-9_]++)")


class Places:
    """The lines of a file that has so many rules."""

    def __init__(self, file: str, text: str, rules: int) -> None:
        self._file = file
        self._lines = text.split("\n")
        self._starts = [
            at for at, line in enumerate(self._lines) if _HEADER.fullmatch(line.rstrip("\r"))
        ]
        if len(self._starts) != rules:
            # A text of several lines looks like a rule, or a rule is written in another way.
            self._starts = []

    def of(self, index: int, key: str, name: str = "") -> Place:
        """Where a rule has a key, and a name in the table of that key; else where it begins."""
        if not self._starts:
            return Place(self._file, 1)
        start = self._starts[index]
        end = self._starts[index + 1] if index + 1 < len(self._starts) else len(self._lines)
        line = self._find(key, start + 1, end)
        if name and line is not None:
            line = self._find(name, line, end) or line
        return Place(self._file, (start if line is None else line) + 1)

    def _find(self, key: str, start: int, end: int) -> int | None:
        for at in range(start, end):
            found = _KEY.match(self._lines[at])
            if found and found[1] == key:
                return at
        return None
