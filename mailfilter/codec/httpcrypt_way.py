"""By what way a sealed request has come: that is told outside, whatever its client writes inside.

A reverse proxy knows whom it has a request from, and writes that outside; so do browsers that tell
whose page has asked. The same headers inside are of the client, who may write there what it likes.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

HOST = b"host"

Fields = Sequence[tuple[bytes, bytes]]
"""As `RequestHead.headers`."""


@dataclass(frozen=True, slots=True)
class Way:
    """Which headers tell of it."""

    tells: Callable[[bytes], bool]
    """Whether one with that name in lower case does."""
    beside_host: Collection[bytes]
    """Those of them that mean nothing without the `Host` that came with them."""

    def outside(self, headers: Fields) -> "Outside":
        """What the headers outside tell."""
        told = [field for field in headers if self.tells(field[0])]
        has_host = any(name in self.beside_host for name, _ in told)
        if has_host:
            told += [field for field in headers if field[0] == HOST]
        return Outside(self, told, has_host)


@dataclass(frozen=True, slots=True)
class Outside:
    """What is told of one request."""

    way: Way
    told: Fields
    has_host: bool
    """The `Host` inside does not count."""

    def around(self, headers: Fields) -> list[tuple[bytes, bytes]]:
        """The headers inside, with these in place of theirs."""
        kept = [field for field in headers if not self._is_dropped(field[0])]
        return [*kept, *self.told]

    def _is_dropped(self, name: bytes) -> bool:
        return self.way.tells(name) or (self.has_host and name == HOST)


def _tells_nothing(_: bytes) -> bool:
    return False


NO_WAY = Way(_tells_nothing, ())
"""Where nothing of that is looked at."""
