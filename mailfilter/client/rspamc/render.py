"""What is printed of an outcome."""

from .commands import Command
from .exchange import Failure, Outcome
from .options import Options
from .plain import plain


def render(
    outcome: Outcome, command: Command, options: Options, *, is_terminal: bool = False
) -> bytes:
    """Octets to print.

    On a terminal, they have colours and tables, and nothing else that a terminal obeys.
    """
    try:
        if not is_terminal:
            return plain(outcome, command, options)
        from .terminal import for_terminal

        return for_terminal(outcome, command, options)
    except RecursionError:
        failure = Failure(outcome.item, "its answer is nested too deeply", outcome.seconds)
        return plain(failure, command, options)
