"""Parts of `bench.soak` in which the filter is told to end."""

import signal
import time

from .soak_faults import Options, Result, show
from .soak_filter import STOP_MARGIN, STOP_TIMEOUT, SoakFilter
from .soak_load import CLIENTS, Load

DELAYS = (0.0, 0.02, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.3, 2.0)
"""Seconds from SIGHUP to SIGTERM: a reload takes one or two."""

ROUNDS = 6
"""Stops under load."""

UNDER_WAY = 300
"""Requests before a stop."""


def stop(options: Options) -> Result:
    """Told to end at any moment of a reload: all processes end."""
    took, left = [], 0
    complaints = 0
    for delay in DELAYS:
        with SoakFilter(options.workers) as tested:
            tested.child.send(signal.SIGHUP)
            time.sleep(delay)
            took.append(tested.stop_timed())
            left += len(tested.left_over())
            complaints += tested.complaints()
    return Result(
        max(took) <= STOP_TIMEOUT + STOP_MARGIN and not left and not complaints,
        f"{len(DELAYS)} stops 0 to {DELAYS[-1]:g} s after SIGHUP, the longest took"
        f" {max(took):.2f} s, {left} orphans, {complaints} complaints in the log",
    )


def term(options: Options) -> Result:
    """Told to end under load: what was sent is answered, and no answer is cut."""
    took, lost, cut, early, untouched, answered = [], 0, 0, 0, 0, 0
    left = complaints = 0
    for _ in range(ROUNDS):
        with (
            SoakFilter(options.workers) as tested,
            Load(tested.addresses, CLIENTS, "--stops-at-failure", "--slow") as load,
        ):
            load.wait(UNDER_WAY)
            moment = time.monotonic()
            took.append(tested.stop_timed())
            left += len(tested.left_over())
            load.end()
            complaints += tested.complaints()
        bad = [f for f in load.failures if f.at < moment]
        gone = [f for f in load.failures if f.sent_at is not None and f.sent_at < moment]
        half = [f for f in load.failures if f.is_answering]
        show([*bad, *gone, *half])
        early, lost, cut = early + len(bad), lost + len(gone), cut + len(half)
        untouched += len(load.failures) - len({*bad, *gone, *half})
        answered += load.count
    is_good = not (early or lost or cut or left or complaints)
    return Result(
        is_good and max(took) <= STOP_TIMEOUT + STOP_MARGIN,
        f"{ROUNDS} stops under load, the longest took {max(took):.2f} s; {answered} answered,"
        f" {lost} sent before and not answered, {cut} answers cut, {early} failed before,"
        f" {untouched} not begun to be answered; {left} orphans, {complaints} complaints",
    )
