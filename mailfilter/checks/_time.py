"""How checks that wait and work keep within their time, so that they always have a word to say.

Who could have a check ended without a word could turn what it would have said into "unknown".
"""

from collections.abc import Callable

from ..scan.task import Task

PART_TO_WAIT = 0.7
"""Of the time of a check, in which answers of DNS are waited for."""

PART_TO_WORK = 0.85
"""In which it is done with bodies and signatures. The rest is for others that have their turn."""


def late_after(task: Task, seconds: float) -> Callable[[], bool]:
    """What tells whether so many seconds, from now on, are over."""
    end = task.remaining() - seconds
    return lambda: task.remaining() <= end
