"""What bulk work shows: results on standard output, and a bar on the terminal while it lasts.

One thread uses it, so nothing comes between the octets of a result. The bar is on standard
error, appears after some seconds only, and brings rich with it when it does.
"""

import os
import select
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress

PATIENCE = 2.0
"""Seconds of work before a bar is worth its space."""
INTERVAL = 0.2
"""Seconds from one picture of the bar to the next."""
_SAMPLES = 100
"""Pictures over which the rate is measured: 20 seconds."""
_MAX_HELD = 64 << 10
"""Octets of results that wait for the next picture."""


@dataclass(slots=True)
class Tally:
    """How many messages came to what."""

    answered: int = 0
    failed: int = 0
    skipped: int = 0
    """Done by an earlier run."""

    @property
    def done(self) -> int:
        """All of them."""
        return self.answered + self.failed + self.skipped


class Unwritable(Exception):
    """Standard output takes nothing; the cause is an OSError."""

    def __init__(self, error: OSError) -> None:
        super().__init__(error.strerror or str(error))
        self.is_closed = isinstance(error, BrokenPipeError)
        """Whether nobody reads it any more."""


class Screen:
    """Standard output and standard error of a run."""

    def __init__(self, tally: Tally, total: Callable[[], int | None]) -> None:
        """`total` tells how many messages there are, or None as long as that is not known."""
        self._tally = tally
        self._total = total
        self._rate = Rate()
        self._bar: Progress | None = None
        self._is_up = False
        self._held: list[tuple[int, bytes]] = []
        self._size = 0
        self._appears = self._next = 0.0
        self.has_bar = False
        """Whether somebody may look at a bar."""

    def wants_bar(self) -> bool:
        """Have a bar from now on, if there is a terminal for it; tell whether there is."""
        self.has_bar = is_terminal(2)
        self._next = time.monotonic()
        self._appears = self._next + PATIENCE
        return self.has_bar

    def result(self, octets: bytes) -> None:
        """Write to standard output; raises Unwritable."""
        self._write(1, octets)

    def complain(self, text: str) -> None:
        """Write a line to standard error, with nothing in it that a terminal would obey.

        If that cannot be done there is nobody to tell.
        """
        self._write(2, f"mailfilterc: {printable(text)}\n".encode())

    def tick(self) -> None:
        """Paint, if it is time to; to be called again and again. Raises Unwritable."""
        now = time.monotonic()
        if now < self._next or not self.has_bar:
            return
        self._next = now + INTERVAL
        self._rate.add(now, self._tally.answered + self._tally.failed)
        if now < self._appears:
            return
        if self._held:
            self._flush()
        try:
            self._paint()
        except OSError:
            # The terminal is gone; the work is not.
            self.has_bar = self._is_up = False

    def close(self) -> None:
        """Write what waits, and take the bar away. Raises Unwritable."""
        self.has_bar = False
        self._flush()

    def _write(self, file: int, octets: bytes) -> None:
        # To take the bar away and paint it again for each of many results would flicker.
        self._held.append((file, octets))
        self._size += len(octets)
        if not self._is_up or self._size > _MAX_HELD:
            self._flush()

    def _flush(self) -> None:
        if self._bar is not None and self._is_up:
            self._is_up = False
            with suppress(OSError):
                self._bar.stop()
        held, self._held, self._size = self._held, [], 0
        for file, octets in held:
            try:
                write_all(file, octets)
            except OSError as error:
                if file == 1:
                    raise Unwritable(error) from error

    def _paint(self) -> None:
        total = self._total()
        text = status(self._tally, total, self._rate.per_second)
        if self._bar is None:
            self._bar = _new_bar()
            self._bar.add_task("", text=text)
        self._bar.update(self._bar.task_ids[0], total=total, completed=self._tally.done, text=text)
        if self._is_up:
            self._bar.refresh()
        else:
            self._is_up = True
            self._bar.start()


class Rate:
    """Messages a second, over the last seconds."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, int]] = deque(maxlen=_SAMPLES)

    def add(self, now: float, count: int) -> None:
        """So many there were at that time, in seconds."""
        self._samples.append((now, count))

    @property
    def per_second(self) -> float:
        """0 if that is not known yet."""
        if len(self._samples) < 2:
            return 0.0
        (then, before), (now, count) = self._samples[0], self._samples[-1]
        return (count - before) / (now - then) if now > then else 0.0


def status(tally: Tally, total: int | None, rate: float) -> str:
    """What stands beside the bar: `213/500  52.3/s  0:00:06 left  2 failed`."""
    # Files may have come since they were counted.
    total = None if total is None else max(total, tally.done)
    parts = [f"{tally.done}" if total is None else f"{tally.done}/{total}"]
    if rate:
        parts.append(f"{rate:.1f}/s")
    if rate and total is not None:
        parts.append(f"{_clock(round((total - tally.done) / rate))} left")
    if tally.failed:
        parts.append(f"{tally.failed} failed")
    return "  ".join(parts)


def _clock(seconds: int) -> str:
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _new_bar() -> "Progress":
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    return Progress(
        BarColumn(),
        TextColumn("{task.fields[text]}", markup=False),
        console=Console(stderr=True),
        auto_refresh=False,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )


def is_terminal(file: int) -> bool:
    """Whether a descriptor is a terminal that can move its cursor."""
    try:
        return os.isatty(file) and os.environ.get("TERM", "dumb") != "dumb"
    except OSError:
        return False


def printable(text: str) -> str:
    """A text with everything escaped that is no character to look at."""
    return "".join(
        character if character.isprintable() else ascii(character)[1:-1] for character in text
    )


def write_all(file: int, octets: bytes) -> None:
    """Write all of it, also to what others have made non-blocking; raises OSError."""
    left = memoryview(octets)
    while left:
        try:
            left = left[os.write(file, left) :]
        except BlockingIOError:
            select.select((), (file,), ())
