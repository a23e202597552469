"""Clients that are at work at the same time."""

import threading
import time
from collections.abc import Callable

PATIENCE = 240.0
"""Seconds until they must be done: the machine may be busy with other tests."""


class Threads:
    """So many threads, begun at once; each does its work with its number."""

    def __init__(self, count: int, work: Callable[[int], object]) -> None:
        self._work = work
        self._errors: list[BaseException] = []
        self._end = time.monotonic() + PATIENCE
        self._threads = [
            threading.Thread(target=self._run, args=(number,), daemon=True)
            for number in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def _run(self, number: int) -> None:
        try:
            self._work(number)
        except BaseException as error:
            self._errors.append(error)

    @property
    def are_running(self) -> bool:
        """Whether one of them is still at work."""
        return any(thread.is_alive() for thread in self._threads)

    def join(self) -> None:
        """Wait for all. Raises the first error of any, AssertionError if they take too long."""
        for thread in self._threads:
            thread.join(max(0.0, self._end - time.monotonic()))
        if self._errors:
            raise self._errors[0]
        if any(thread.is_alive() for thread in self._threads):
            raise AssertionError(f"clients were not done within {PATIENCE:g} s")


def until_taken(submit: Callable[[], int], codes: list[int]) -> None:
    """Submit a message until it is not deferred; collects the replies' codes.

    Raises AssertionError if that does not happen in time.
    """
    end = time.monotonic() + PATIENCE / 2
    while True:
        codes.append(code := submit())
        if code != 451:
            return
        if time.monotonic() > end:
            raise AssertionError("deferred for too long")
        time.sleep(0.2)
