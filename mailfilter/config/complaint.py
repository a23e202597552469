"""What rules say of keys; where a key is set they are told."""

from collections.abc import Callable, Iterable, Iterator
from ipaddress import ip_network
from typing import NamedTuple

from .problem import Origin, Problem
from .toml_text import KeyPath, key_text, string_text

Place = Callable[[KeyPath], Origin]
"""Where a key is set."""

Doubt = Callable[[KeyPath], bool]
"""Whether something was already said about a key; what it holds is then not what was meant."""


UNIX = "unix"
"""In place of a network: whoever comes by a unix socket."""

NAMES_ANY = "anybody may name any address as its own"
"""Where whoever passes on others is everybody."""


class Complaint(NamedTuple):
    """What is wrong with a key; the texts are those of `Problem`."""

    path: KeyPath
    value: str | None
    expected: str
    hint: str = ""

    def at(self, place: Place) -> Problem:
        """The same with the file and line that set the key."""
        origin = place(self.path)
        return Problem(
            origin.file, origin.line, key_text(self.path), self.value, self.expected, self.hint
        )


def everybody(path: KeyPath, networks: Iterable[str], then: str) -> Iterator[Complaint]:
    """Those of a list that are all addresses; it may hold `unix`, too."""
    for at, text in enumerate(networks):
        if text != UNIX and ip_network(text, strict=False).prefixlen == 0:
            yield Complaint((*path, at), string_text(text), f"everybody: {then}")


def told(
    complaints: Iterable[Complaint], place: Place, is_doubtful: Doubt = lambda _: False
) -> Iterator[Problem]:
    """Complaints as problems, but for those about keys that hold something else than was meant."""
    return (complaint.at(place) for complaint in complaints if not is_doubtful(complaint.path))
