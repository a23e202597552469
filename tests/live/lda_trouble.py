"""Trouble of a filter while mail goes through mailfilterc: one kind after another."""

import os
import signal
from collections.abc import Callable, Sequence

from .harness import Filter
from .processes import wait_until

Condition = Callable[[], bool]

TIMEOUT = "-t 3"
"""For mailfilterc: the filter is also stopped, and does not answer."""


class Troubled:
    """A filter in trouble while mail comes; `attempts` counts runs of mailfilterc."""

    def __init__(self, running: Filter, attempts: Callable[[], int], is_over: Condition) -> None:
        self._filter = running
        self._attempts = attempts
        self._is_over = is_over
        self.met: list[str] = []
        """What has happened, in order."""

    def go(self) -> None:
        """Make all kinds of trouble once, if there is mail enough; the filter runs at the end."""
        for event in self.events():
            if self._is_over():
                break
            event()
            self.met.append(event.__name__)
            self._wait_attempts(3)

    def events(self) -> Sequence[Callable[[], None]]:
        """What happens to it, in this order."""
        return (
            self.killed_for_a_while,
            self.killed_in_scan,
            self.ended_in_scan,
            self.worker_killed_in_scan,
            self.restarted_twice,
            self.stalled_in_scan,
            self.ended_for_a_while,
        )

    def killed_for_a_while(self) -> None:
        """It is not there for some messages."""
        self._filter.kill()
        self._wait_attempts(4)
        self._filter.start()

    def ended_for_a_while(self) -> None:
        """The same, in good order."""
        self._filter.stop()
        self._wait_attempts(4)
        self._filter.start()

    def killed_in_scan(self) -> None:
        """It has a message, and is there again at once."""
        self._wait_scan()
        self._filter.kill()
        self._filter.start()

    def ended_in_scan(self) -> None:
        """It has a message, and answers before it ends."""
        self._wait_scan()
        self._filter.stop()
        self._filter.start()

    def worker_killed_in_scan(self) -> None:
        """The process that has the message is gone, another one comes."""
        self._wait_scan()
        for pid in self._filter.workers():
            os.kill(pid, signal.SIGKILL)

    def restarted_twice(self) -> None:
        """It is killed as soon as it is there."""
        for _ in range(2):
            self._filter.kill()
            self._filter.start()

    def stalled_in_scan(self) -> None:
        """It has a message, and answers too late: so long nobody waits."""
        self._wait_scan()
        pids = [self._filter.child.pid, *self._filter.workers()]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            self._wait_attempts(2)
        finally:
            for pid in reversed(pids):
                os.kill(pid, signal.SIGCONT)

    def _wait_scan(self) -> None:
        mark = self._filter.log_size()
        self._wait(lambda: "force: waiting" in self._filter.log(mark), "a scan")

    def _wait_attempts(self, count: int) -> None:
        goal = self._attempts() + count
        self._wait(lambda: self._attempts() >= goal, f"{count} runs of mailfilterc")

    def _wait(self, condition: Condition, what: str) -> None:
        wait_until(lambda: self._is_over() or condition(), what, 120)
