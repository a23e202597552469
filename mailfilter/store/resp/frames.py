"""Bounds of what a server sends, checked before anything of it is kept or parsed."""

from ..errors import StoreError, TooLarge

MAX_REPLY = 2**24
"""Octets of a reply: twice what a call may have, for what surrounds it."""
MAX_DEPTH = 8
"""Arrays within arrays; scripts of ours answer two."""
MAX_LENGTH = 2**20
"""Elements of an array."""
MAX_LINE = 2**16
"""Octets of a line: a status, an error, a number."""


class Frames:
    """Follows where replies begin and end (RESP2), without looking into them."""

    def __init__(self) -> None:
        self._open: list[int] = []
        self._left = 0
        self._line = b""
        self._octets = 0
        self.complete = 0
        """How many of the octets that came last belong to replies that are complete."""

    def feed(self, data: bytes) -> None:
        """The next octets. Raises TooLarge, or StoreError if this is not the protocol."""
        at, end = 0, len(data)
        self.complete = 0
        while at < end:
            if self._left:
                step = min(self._left, end - at)
                self._left -= step
                at += step
                if self._left:
                    break
                self._done(at)
                continue
            stop = data.find(b"\n", at)
            if stop < 0:
                self._line += data[at:]
                self._check_line()
                break
            if self._line:
                line = self._line + data[at : stop + 1]
                self._line = b""
            else:
                line = data[at : stop + 1]
            at = stop + 1
            if line[-2:] != b"\r\n":
                raise _garbage(line)
            if self._begins(line):
                self._done(at)
        self._octets += end - self.complete
        if self._octets > MAX_REPLY:
            raise TooLarge(f"a reply of more than {MAX_REPLY} octets")

    def _begins(self, line: bytes) -> bool:
        """A line; tells whether it is all of an element."""
        kind = line[0]
        if kind in b"+-:":
            if len(line) > MAX_LINE:
                raise TooLarge(f"a line of more than {MAX_LINE} octets")
            return True
        count = _count(line)
        if kind == 0x24:
            if count > MAX_REPLY:
                raise TooLarge(f"a reply of {count} octets, expected at most {MAX_REPLY}")
            self._left = count + 2 if count >= 0 else 0
            return count < 0
        if kind != 0x2A:
            raise _garbage(line)
        if count > MAX_LENGTH:
            raise TooLarge(f"an array of {count} elements, expected at most {MAX_LENGTH}")
        if count <= 0:
            return True
        self._open.append(count)
        if len(self._open) > MAX_DEPTH:
            raise TooLarge(f"arrays within arrays, more than {MAX_DEPTH}")
        return False

    def _done(self, at: int) -> None:
        """An element has ended, and maybe what it is part of."""
        levels = self._open
        while levels:
            levels[-1] -= 1
            if levels[-1]:
                return
            levels.pop()
        self._octets, self.complete = 0, at

    def _check_line(self) -> None:
        if len(self._line) > MAX_LINE:
            raise TooLarge(f"a line of more than {MAX_LINE} octets")
        if self._line[:1] not in (b"", b"+", b"-", b":", b"$", b"*"):
            raise _garbage(self._line)


def _count(line: bytes) -> int:
    if len(line) > 24:
        raise _garbage(line)
    try:
        return int(line[1:])
    except ValueError:
        raise _garbage(line) from None


def _garbage(line: bytes) -> StoreError:
    # Of whoever is there only the first letter is told: it may repeat what we have said.
    return StoreError(f"this is not the protocol of Redis: a line that begins with {line[:1]!r}")
