"""What is looked up in a map, and what comes of it."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

Sought = str | IPv4Address | IPv6Address | None
"""What can be looked up; `None` is never found."""


@dataclass(frozen=True, slots=True)
class Found:
    """An entry that fits."""

    key: str
    """The entry, in its usual form: `192.0.2.0/24`, `.example.org`, `/spam/i`."""
    value: str = ""
    """What follows it on its line."""


class LookupTimeoutError(Exception):
    """A lookup was given up."""
