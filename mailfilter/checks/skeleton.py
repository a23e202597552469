"""A check to copy: which question does it answer?

Copy this file, rename the class, add the class to `BUILT_IN` in `__init__.py`, write
`tests/checks/test_NAME.py`. A check of your own needs no change here: put the file into the
directory that `scan.check_dir` names, or offer the class as an entry point of the group
`mailfilter.checks`.
"""

from mailfilter.scan.check import Check, Findings, Given, Hit, Symbol
from mailfilter.scan.task import Task


class Skeleton(Check):
    """Fires when the subject holds a word from the check's options."""

    name = "skeleton"
    symbols = {"SKELETON": Symbol(0.0, "examples", "the subject holds a word of the options")}
    options = ("word",)

    def __init__(self, given: Given) -> None:
        super().__init__(given)
        word = given.options.get("word", "skeleton")
        if not isinstance(word, str):
            raise ValueError(f"word: expected text, got {word!r}")
        self._word = word.lower()

    def run(self, task: Task) -> Findings:
        if self._word not in (task.message.subject or "").lower():
            return ()
        return [Hit("SKELETON", options=(self._word,))]
