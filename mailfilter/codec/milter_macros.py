"""The macros that an MTA has sent, by stage (milter.md 4)."""

from .milter import Macros

STAGES = b"CHMRTLNBE"
"""Stages in their order; macros for other codes are ignored."""

_Pairs = tuple[tuple[bytes, bytes], ...]


class MacroSets:
    """The sets of macros that hold now: one for each stage."""

    __slots__ = ("_fresh", "_sets")

    def __init__(self) -> None:
        self._sets: dict[int, _Pairs] = {}
        self._fresh: set[int] = set()
        """Stages whose macros came after the last event of theirs."""

    def put(self, event: Macros) -> None:
        """Take the set of a stage in place of what it had."""
        if event.stage and event.stage in STAGES:
            self._sets[event.stage[0]] = event.pairs
            self._fresh.add(event.stage[0])

    def begin(self, stage: bytes) -> None:
        """Begin a stage: drop what later stages had, and its own if that is of an old event."""
        first = STAGES.index(stage) + (stage[0] in self._fresh)
        self._fresh.discard(stage[0])
        self._drop(STAGES[first:])

    def end_message(self) -> None:
        """Drop what a message had."""
        self._drop(STAGES[STAGES.index(b"M") :])

    def clear(self) -> None:
        """Drop all."""
        self._drop(STAGES)

    def _drop(self, stages: bytes) -> None:
        for code in stages:
            self._sets.pop(code, None)
            self._fresh.discard(code)

    def of_stage(self, stage: bytes) -> dict[bytes, bytes]:
        """The set of a stage, braces removed."""
        return {name.strip(b"{}"): value for name, value in self._sets.get(stage[0], ())}

    def latest(self) -> dict[bytes, bytes]:
        """The latest value of each name, braces removed."""
        found: dict[bytes, bytes] = {}
        for code in STAGES:
            for name, value in self._sets.get(code, ()):
                found[name.strip(b"{}")] = value
        return found
