"""Symbols that name a range in which a number lies."""

from bisect import bisect_right
from collections.abc import Mapping

from ..scan.check import Hit, Symbol


class Ranges:
    """`starts` maps the first number of each range to a symbol's ending, ascending from 0."""

    def __init__(self, prefix: str, starts: Mapping[int, str]) -> None:
        self._starts = list(starts)
        self._names = [prefix + ending for ending in starts.values()]

    def symbols(self, group: str, noun: str) -> dict[str, Symbol]:
        """The declarations, with scores of 0: they say, they do not judge."""
        ends = [str(start - 1) for start in self._starts[1:]]
        texts = [
            f"{noun}: {start}" if str(start) == end else f"{noun}: {start}-{end}"
            for start, end in zip(self._starts, ends, strict=False)
        ]
        texts.append(f"{noun}: {self._starts[-1]} or more")
        return {
            name: Symbol(0.0, group, text) for name, text in zip(self._names, texts, strict=True)
        }

    def hit(self, number: int) -> Hit:
        """The symbol of a number, with the number as its option."""
        index = bisect_right(self._starts, number) - 1
        return Hit(self._names[index], options=(str(number),))
