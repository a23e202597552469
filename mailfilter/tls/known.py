"""Who somebody is that has shown a certificate, or a key."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Known:
    """An identity of the configuration, as far as those have to know who answer it."""

    name: str
    is_trusted: bool
    """Whether it may say who its client is, and have wishes."""
    may_read: bool = False
    """Whether it may look at things through the controller without a password."""
    may_change: bool = False
    """Whether it may change things there."""
    by_key: bool = False
    """Whether it was a key of HTTPCrypt, and no certificate."""
