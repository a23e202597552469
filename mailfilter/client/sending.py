"""What sending a message comes to, and where it is sent.

Apart from `smtp`, which brings in the reactor: who starts the process chooses that.
"""

from dataclasses import dataclass


class SendError(Exception):
    """The message was not taken; the text says why."""

    is_interrupted = False
    """Somebody wants us to end."""
    is_refused = False
    """The MTA works, and does not want this message or its recipient."""


class Unanswered(SendError):
    """Nobody knows whether the message was taken."""


@dataclass(frozen=True, slots=True)
class Mta:
    """Where messages go."""

    host: str
    port: int
    helo: str
    has_tls: bool = False
    authorities: str = ""
    """File with certificates to trust; empty is those of the system."""

    @property
    def place(self) -> str:
        """For people."""
        return f"{self.host}:{self.port}"
