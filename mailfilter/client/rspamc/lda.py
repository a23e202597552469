"""LDA mode."""

from collections.abc import Sequence

from .commands import Command
from .exchange import Misused
from .options import Options


def deliver(command: Command, options: Options, files: Sequence[str]) -> int:
    """Return the exit code. Raises Misused."""
    raise Misused("not there yet")
