"""What is printed of an outcome."""

from .commands import Command
from .exchange import Failure, Outcome
from .options import Options


def render(outcome: Outcome, command: Command, options: Options) -> bytes:
    """Octets to print."""
    if isinstance(outcome, Failure):
        return f"{outcome.item.name}: {outcome.text}\n".encode("utf-8", "surrogateescape")
    return outcome.raw + b"\n"
