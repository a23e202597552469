"""How verdicts came about."""

from collections.abc import Sequence

from .exchange import Misused
from .options import Options


def explain(options: Options, ids: Sequence[str]) -> int:
    """Return the exit code. Raises Misused."""
    raise Misused("not there yet")
