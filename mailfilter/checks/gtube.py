"""GTUBE: does the message hold one of the published test patterns? (defaults.md)"""

from ..scan.check import Check, Findings, Force, Given, Hit, Stage, Symbol
from ..scan.task import Task
from ..scan.verdict import Action

PATTERN_TAIL = "JS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
"""What all patterns share; the letter before it says which action is meant."""

MIN_CHARS = len(PATTERN_TAIL) + 1
MAX_CHARS = 8192
"""Only short texts are searched: a message that quotes the pattern in passing is no test."""

MESSAGE = "Gtube pattern"

_ACTIONS = {
    "X": Action.REJECT,
    "Y": Action.ADD_HEADER,
    "Z": Action.REWRITE_SUBJECT,
    "A": Action.NO_ACTION,
}
_PRIORITY = 100
"""Above other checks that force an action: the test must show what it asks for."""


class Gtube(Check):
    """Forces the action of the test pattern found first."""

    name = "gtube"
    stage = Stage.PRE
    symbols = {"GTUBE": Symbol(0.0, "gtube", "test pattern found")}

    def __init__(self, given: Given) -> None:
        super().__init__(given)
        letters = {"disabled": "", "reject": "X", "all": "XYZA"}[given.scan.gtube_patterns]
        self._actions = {letter: _ACTIONS[letter] for letter in letters}

    def run(self, task: Task) -> Findings:
        if not self._actions:
            return ()
        for part in task.message.text_parts:
            if len(part.raw_body) < MIN_CHARS or len(part.raw_body) > 4 * MAX_CHARS:
                continue
            text = part.text
            action = self._find(text) if len(text) <= MAX_CHARS else None
            if action is not None:
                return _found(task, action)
        return ()

    def _find(self, text: str) -> Action | None:
        at = text.find(PATTERN_TAIL)
        while at >= 0:
            action = self._actions.get(text[at - 1 : at])
            if action is not None:
                return action
            at = text.find(PATTERN_TAIL, at + 1)
        return None


def _found(task: Task, action: Action) -> Findings:
    if action is Action.NO_ACTION:
        return [Force(action, score=0.0, final=True, priority=_PRIORITY)]
    score = task.settings.threshold(action)
    return [Hit("GTUBE"), Force(action, MESSAGE, score, final=True, priority=_PRIORITY)]
