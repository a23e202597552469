"""What each check found in messages."""

from collections.abc import Sequence

from .exchange import Misused
from .options import Options


def trace(options: Options, files: Sequence[str]) -> int:
    """Return the exit code. Raises Misused."""
    raise Misused("not there yet")
