"""Hits of checks that look at many things of one kind: URLs, files, names."""

from ..scan.check import Hit

MOST = 5
"""Options of one hit."""

MAX_OPTION = 64
"""Characters of one."""


class OptionHits:
    """Symbols, each with what made it fire: one hit for each."""

    def __init__(self) -> None:
        self._found: dict[str, dict[str, None]] = {}

    def add(self, symbol: str, option: str) -> None:
        """The symbol fires; the first few different options are kept."""
        options = self._found.setdefault(symbol, {})
        if len(options) < MOST:
            options[option[:MAX_OPTION]] = None

    def hits(self) -> list[Hit]:
        """One hit for each symbol, in the order in which they fired."""
        return [Hit(symbol, options=tuple(options)) for symbol, options in self._found.items()]
