"""What becomes of a message, by what a client does with a reply."""

from dataclasses import dataclass
from typing import Literal

Fate = Literal["accepted", "marked", "quarantined", "deferred", "refused", "error"]
"""Accepted is delivered as it came, but for fields; error is what the client does without a
filter."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a client does."""

    fate: Fate
    text: str = ""
    """Of the SMTP reply, or of the error."""
    added: tuple[tuple[str, str], ...] = ()
    """Fields, from the first to the last that it adds."""
    removed: tuple[str, ...] = ()
    """Names of fields that it takes away, all of each."""
    subject: str | None = None
    """The new one."""
    score: float | None = None
    """As the client read it."""

    def values(self, name: str) -> list[str]:
        """Values of the fields of a name that are added."""
        return [value for key, value in self.added if key == name]
