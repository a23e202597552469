"""How the process ends, for whoever supervises it."""

import atexit
import os
import sys

NOT_STARTED = 1
"""The first workers do not get ready."""

GIVEN_UP = 70
"""To be started anew: EX_SOFTWARE of sysexits.h."""


def exit_with(status: int) -> None:
    """Have the process end with this status once its reactor has: twistd and twist know no way."""
    atexit.register(_leave, status)


def _leave(status: int) -> None:
    """Runs before what else was registered; nothing of that is ours."""
    sys.stdout.flush()
    os._exit(status)
