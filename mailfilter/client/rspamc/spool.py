"""The octets of a message from one descriptor to another: all of them, or an error.

None of these descriptors is closed by Python later, when nobody could be told of an error.
"""

import fcntl
import os
import select

from .exchange import Pieces, Undelivered

MAX_IN_PIPE = 2**20
"""Octets that a pipe holds at most, unless the system is set up otherwise (pipe(7))."""

_USUAL_IN_PIPE = 2**16

READ_AT_ONCE = 2**16


def read_whole(descriptor: int, name: str) -> bytes:
    """Read until the end. Raises Undelivered."""
    parts: list[bytes] = []
    try:
        while True:
            try:
                part = os.read(descriptor, READ_AT_ONCE)
            except BlockingIOError:
                _wait(descriptor, select.POLLIN)
                continue
            if not part:
                return b"".join(parts)
            parts.append(part)
    except OSError as error:
        raise Undelivered(f"{name} cannot be read: {_reason(error)}") from None


def read_file(path: str) -> bytes:
    """Read a file. Raises Undelivered."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError as error:
        raise Undelivered(f"the message cannot be read: {_reason(error)}") from None
    try:
        return read_whole(descriptor, "the message")
    finally:
        os.close(descriptor)


def write_output(pieces: Pieces) -> None:
    """Write to standard output and close it. Raises Undelivered; some may be written then."""
    try:
        _write(1, pieces)
        # A file on another machine may be full, and that is told not before the end.
        os.close(1)
    except OSError as error:
        raise Undelivered(f"the output cannot be written: {_reason(error)}") from None


def spool(pieces: Pieces) -> int:
    """A descriptor from which all of the pieces can be read, and which has no name anywhere.

    It is a pipe that holds them all already, as mail servers hand messages on: programs that are
    confined to their own files (SELinux, AppArmor) would find nothing in a file of ours, and take
    that for an empty message. What no pipe holds is a file in `TMPDIR`, or else in memory.
    Raises Undelivered.
    """
    size = sum(map(len, pieces))
    ways = (_in_pipe, _on_disk, _in_memory) if size <= MAX_IN_PIPE else (_on_disk, _in_memory)
    reasons: dict[str, None] = {}
    for way in ways:
        try:
            return way(pieces, size)
        except OSError as error:
            reasons[_reason(error)] = None
    raise Undelivered(f"there is no room for the message: {', '.join(reasons)}")


def _in_pipe(pieces: Pieces, size: int) -> int:
    ours, its = os.pipe()
    try:
        os.set_blocking(its, False)
        if size > _USUAL_IN_PIPE:
            fcntl.fcntl(its, fcntl.F_SETPIPE_SZ, size)
        if os.write(its, b"".join(pieces)) != size:
            raise OSError("a pipe takes too little")
    except BaseException:
        os.close(ours)
        raise
    finally:
        os.close(its)
    return ours


def _on_disk(pieces: Pieces, size: int) -> int:
    folder = os.environ.get("TMPDIR") or "/tmp"
    return _filled(os.open(folder, os.O_TMPFILE | os.O_RDWR, 0o600), pieces, size)


def _in_memory(pieces: Pieces, size: int) -> int:
    return _filled(os.memfd_create("message"), pieces, size)


def _filled(descriptor: int, pieces: Pieces, size: int) -> int:
    try:
        _write(descriptor, pieces)
        os.lseek(descriptor, 0, os.SEEK_SET)
        if os.fstat(descriptor).st_size != size:
            raise OSError("it has not the size of what was written")
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _write(descriptor: int, pieces: Pieces) -> None:
    for piece in pieces:
        left = memoryview(piece)
        while left:
            try:
                left = left[os.write(descriptor, left) :]
            except BlockingIOError:
                _wait(descriptor, select.POLLOUT)


def _wait(descriptor: int, event: int) -> None:
    """Whoever has the other end of a descriptor may have made it one that does not block."""
    poller = select.poll()
    poller.register(descriptor, event)
    poller.poll()


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
