"""Messages that a client on this machine names instead of sending them (http-scan.md 1.4).

Only on a unix socket of a listener that allows it, since whoever asks then reads, through what is
told of a message, whatever this process may read.
"""

import os
import stat
from dataclasses import dataclass
from functools import partial
from urllib.parse import unquote_to_bytes

from ..codec.http_body import Refused
from ..config.model import Listener
from .background import Turns
from .peer import Peer
from .request_envelope import Fields

NOT_ALLOWED = "file and shm message sources are not allowed on this connection"

SHM_FOLDER = b"/dev/shm/"
"""Where Linux has the objects of shm_open(3)."""

MAX_READS = 4
"""Files that are read at a time; others wait, as long as their request may take."""

_NAMES = frozenset((b"file", b"path", b"shm", b"shm-offset", b"shm-length"))


class SourceTooLarge(Refused):
    """The message has that many octets."""

    def __init__(self, size: int) -> None:
        super().__init__(413, f"Request entity too large: {size}")
        self.size = size


@dataclass(frozen=True, slots=True)
class Source:
    """Where a message is."""

    path: bytes
    offset: int = 0
    length: int | None = None
    """Octets; None is all that follows."""


def names_source(fields: Fields) -> bool:
    """Whether a request says where its message is."""
    return any(name in _NAMES for name, _ in fields)


def find_source(fields: Fields, listener: Listener, peer: Peer) -> Source | None:
    """The place that a request names, `None` if it brings its message. Raises `Refused`."""
    if not names_source(fields):
        return None
    if not (listener.local_files and peer.is_unix and peer.is_trusted):
        raise Refused(400, NOT_ALLOWED)
    named = dict(reversed(fields))
    if shm := named.get(b"shm"):
        if b"/" in shm.lstrip(b"/") or b".." in shm:
            raise Refused(400, "Cannot open shm segment: bad name")
        offset = _number(named.get(b"shm-offset"), "Shm-Offset") or 0
        return Source(
            SHM_FOLDER + shm.lstrip(b"/"), offset, _number(named.get(b"shm-length"), "Shm-Length")
        )
    path = named.get(b"file") or named.get(b"path") or b""
    if len(path) > 1 and path[:1] == path[-1:] == b'"':
        path = path[1:-1]
    path = unquote_to_bytes(path)
    if not path.startswith(b"/") or b"\0" in path:
        raise Refused(400, "Cannot open file: expected an absolute path")
    return Source(path)


def _number(value: bytes | None, name: str) -> int | None:
    if not value:
        return None
    if not value.isdigit() or len(value) > 18:
        raise Refused(400, f"{name}: expected a number")
    return int(value)


async def read_source(source: Source, limit: int) -> bytes:
    """Read a message of at most `limit` octets, off the reactor. Raises `Refused`.

    May be cancelled (see `Turns.run`).
    """
    from twisted.internet import reactor

    return await _turns.run(reactor, partial(_read, source, limit))


_turns = Turns(MAX_READS)


def _read(source: Source, limit: int) -> bytes:
    try:
        # Without waiting: the path may be that of a FIFO, to which nobody writes.
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
        descriptor = os.open(source.path, flags)
    except OSError as error:
        raise Refused(400, f"Cannot open file: {error.strerror}") from None
    try:
        size = _size(source, os.fstat(descriptor))
        if size > limit:
            raise SourceTooLarge(size)
        with open(descriptor, "rb", closefd=False) as file:
            file.seek(source.offset)
            raw = file.read(size)
    except OSError as error:
        raise Refused(400, f"Cannot read file: {error.strerror}") from None
    finally:
        os.close(descriptor)
    if len(raw) < size:
        raise Refused(400, "Cannot read file: it has become shorter")
    return raw


def _size(source: Source, status: os.stat_result) -> int:
    """How many octets are asked for; all of them must be there."""
    if not stat.S_ISREG(status.st_mode):
        raise Refused(400, "Cannot open file: not a regular file")
    most = status.st_size - source.offset
    if most < 0:
        raise Refused(400, f"Shm-Offset: there are only {status.st_size} octets")
    if source.length is None:
        return most
    if source.length > most:
        raise Refused(400, f"Shm-Length: only {most} octets follow the offset")
    return source.length
