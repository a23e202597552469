"""Bodies packed by zstd (http-scan.md 1.10), apart: who sees none need not load it, for 2 ms."""

from .http_body import Content, Refused, TooLarge
from .unpack import UnpackedTooLarge, UnpackError, zstd_unpacker


class ZstdBody:
    """A frame of zstd, unpacked as it comes: `limit` octets at most, packed or not.

    A body of no octets holds none, as with Rspamd: clients announce the encoding of all they send.
    """

    __slots__ = ("_is_empty", "_trouble", "_unpacker", "limit")

    def __init__(self, limit: int, trouble: str = "Decompression error") -> None:
        """`trouble` begins the text of an error."""
        self.limit = limit
        self._trouble = trouble
        self._unpacker = zstd_unpacker(limit)
        self._is_empty = True

    def write(self, data: memoryview) -> None:
        """See `Body`."""
        self._is_empty = False
        try:
            self._unpacker.write(data)
        except UnpackedTooLarge as error:
            raise TooLarge(error.size) from None
        except UnpackError as error:
            raise Refused(400, f"{self._trouble}: {error}") from None

    def finish(self) -> Content:
        """See `Body`."""
        if self._is_empty:
            return Content(b"")
        try:
            return Content(self._unpacker.finish())
        except UnpackError as error:
            raise Refused(400, f"{self._trouble}: {error}") from None
