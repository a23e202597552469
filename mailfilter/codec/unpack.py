"""Unpacking of what clients send compressed: as it comes, and never more than allowed.

A decompressor is asked for a bounded step at a time, so what a bomb costs is the limit and one
step, and no call into the library takes longer than a step does. There is no limit on the ratio:
an honest attachment of zeros is packed a thousandfold.

Sources: RFC 8878 (zstd), RFC 9659 (its window), RFC 1950 (zlib); http-scan.md 1.10, spamd-line.md.
"""

import zlib
from io import BytesIO
from typing import Protocol

from backports.zstd import DecompressionParameter, ZstdDecompressor, ZstdDict, ZstdError

STEP = 128 * 1024
"""Octets that a decompressor gives at a time: a block of zstd, some 0.1 ms."""

MAX_INPUT = 64 * 1024
"""Octets that a decompressor is given at a time: it copies what it has no use for yet."""

WINDOW_LOG = 23
"""A decoder may be made to keep 8 MiB of what it gave; RFC 9659 3 forbids more over HTTP."""


class UnpackError(Exception):
    """What came packed cannot be used; the text says why."""


class UnpackedTooLarge(UnpackError):
    """There is more in it than allowed; `size` is how much at the least."""

    def __init__(self, size: int) -> None:
        super().__init__(f"more than {size - 1} octets")
        self.size = size


class _Decompressor(Protocol):
    """What both libraries have in common, as that for zstd has it."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    @property
    def needs_input(self) -> bool: ...

    def decompress(self, data: memoryview | bytes, /, max_length: int) -> bytes: ...


class _Zlib:
    """The decompressor for zlib, which leaves it to its caller to keep what it did not take."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj()
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._stream.eof

    @property
    def unused_data(self) -> bytes:
        return self._stream.unused_data

    def decompress(self, data: memoryview | bytes, /, max_length: int) -> bytes:
        piece = self._stream.decompress(data or self._stream.unconsumed_tail, max_length)
        self.needs_input = len(piece) < max_length
        return piece


class Sink(Protocol):
    """Takes what is unpacked, as it comes."""

    def write(self, data: bytes, /) -> object: ...


class Unpacker:
    """Unpacks one frame of at most `limit` octets.

    Use `zstd_unpacker` or `zlib_unpacker`. After an error it must not be used any more.
    """

    def __init__(self, decompressor: _Decompressor, limit: int, sink: Sink | None = None) -> None:
        self._decompressor = decompressor
        self._limit = limit
        self._size = 0
        self._kept = BytesIO()
        self._sink = sink or self._kept

    def write(self, data: memoryview | bytes) -> None:
        """Take packed octets, of which nothing is kept.

        Raises `UnpackError` for what is no frame, or is behind its end, and `UnpackedTooLarge`
        before more than the limit is kept.
        """
        view = memoryview(data)
        for start in range(0, len(view), MAX_INPUT):
            if self._decompressor.eof:
                raise UnpackError("data behind the end")
            self._take(view[start : start + MAX_INPUT])
        if self._decompressor.unused_data:
            raise UnpackError("data behind the end")

    def _take(self, data: memoryview | bytes) -> None:
        while True:
            try:
                piece = self._decompressor.decompress(data, max_length=STEP)
            except (ZstdError, zlib.error) as error:
                raise UnpackError(_reason(error)) from None
            self._size += len(piece)
            if self._size > self._limit:
                raise UnpackedTooLarge(self._limit + 1)
            self._sink.write(piece)
            if self._decompressor.needs_input or self._decompressor.eof:
                return
            data = b""

    def finish(self) -> bytes:
        """All octets were given: return what they hold, nothing if a sink has it.

        Raises `UnpackError` if some lack.
        """
        if not self._decompressor.eof:
            raise UnpackError("unexpected end")
        # A BytesIO gives its buffer away: what is unpacked is never there twice.
        return self._kept.getvalue()


def zstd_unpacker(limit: int, dictionary: ZstdDict | None = None) -> Unpacker:
    """Unpack a frame of zstd (RFC 8878), which needs that dictionary or none."""
    options = {int(DecompressionParameter.window_log_max): WINDOW_LOG}
    return Unpacker(ZstdDecompressor(zstd_dict=dictionary, options=options), limit)


def zlib_unpacker(limit: int, sink: Sink | None = None) -> Unpacker:
    """Unpack a stream of zlib (RFC 1950); a sink takes the octets in place of `finish`."""
    return Unpacker(_Zlib(), limit, sink)


def _reason(error: Exception) -> str:
    """Return what the library says, without the words that all its errors begin with."""
    return str(error).rpartition(": ")[2]
