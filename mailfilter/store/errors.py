"""What can go wrong with a store: each kind of trouble has a name, by which it is counted."""

from typing import ClassVar


class StoreError(Exception):
    """A call was not answered. The text says what is wrong and, where it helps, what to do.

    Whether a call that changes something has been carried out is unknown after `TimedOut` and
    `Unavailable`; after all others it has not, but for `Denied` by a Redis server that forbids one
    command of several.
    """

    name: ClassVar[str] = "failed"


class Unavailable(StoreError):
    """Nobody is there to answer: not connected, not open yet, still loading, or closed."""

    name: ClassVar[str] = "unavailable"


class TimedOut(StoreError):
    """The answer did not come within the time that a call may take."""

    name: ClassVar[str] = "timeout"


class ReadOnly(StoreError):
    """The store can be read but not written: a replica, a file system mounted read-only."""

    name: ClassVar[str] = "read_only"


class Full(StoreError):
    """No space on disk or in memory, or the size that the configuration allows is reached."""

    name: ClassVar[str] = "full"


class Denied(StoreError):
    """The server or the file system refuses us: password, user, permissions."""

    name: ClassVar[str] = "denied"


class WrongKind(StoreError):
    """Somebody else has put something of another kind under a key of ours."""

    name: ClassVar[str] = "wrong_kind"


class Clustered(StoreError):
    """The server is a node of a cluster, which is not supported."""

    name: ClassVar[str] = "clustered"


class TooLarge(StoreError):
    """A call, or the answer to it, is beyond its bounds."""

    name: ClassVar[str] = "too_large"


class Corrupt(StoreError):
    """What is stored cannot be read any more."""

    name: ClassVar[str] = "corrupt"


class WrongVersion(StoreError):
    """Another version of this program has written the store, in a form that this one cannot use."""

    name: ClassVar[str] = "version"
