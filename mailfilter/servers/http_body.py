"""What takes the body of a scan request: chosen by its path, headers and query.

Sources: http-scan.md 1.3 (texts of errors), 1.9 (forms), 1.10 (zstd).
"""

from ..codec.http1 import RequestHead
from ..codec.http_body import Body, Content, PlainBody, Refused
from ..codec.http_multipart import FormBody
from ..codec.http_part import MalformedForm, PartHead, boundary_of
from ..codec.http_zstd import ZstdBody

METADATA = "metadata"
MESSAGE = "message"
"""Names of the parts of a form (http-scan.md 1.9)."""

MAX_METADATA = 8 * 2**20
"""Octets of the part that describes the message: as much as a head with all recipients has."""

FORM_OVERHEAD = MAX_METADATA + 64 * 1024
"""Octets of a form beside the message: metadata, boundaries, and heads of parts."""

_MAX_PARTS = 2

FORM_PATH = b"checkv3"
"""The path that takes forms, in lower case and without the slash."""

ENCODINGS = frozenset((b"compression", b"content-encoding"))
"""Headers that say how a body is packed."""
_DICTIONARY = b"dictionary"
_UNENCODED = frozenset((b"", b"identity"))
_ZSTD = b"zstd"


def open_body(head: RequestHead, max_body: int) -> Body:
    """Return what takes the body of a request, which may hold `max_body` octets of a message.

    Raises `Refused`.
    """
    if head.path[1:].lower() == FORM_PATH:
        return _ScanForm(head, max_body)
    headers = head.headers + head.arguments
    encodings = {value.lower() for name, value in headers if name in ENCODINGS}
    if not encodings <= _UNENCODED:
        return _packed(encodings, headers, max_body)
    return PlainBody(max_body)


def _packed(encodings: set[bytes], headers: list[tuple[bytes, bytes]], max_body: int) -> Body:
    if encodings - _UNENCODED != {_ZSTD}:
        raise _invalid_method()
    dictionary = next((value for name, value in headers if name == _DICTIONARY), None)
    if dictionary is not None:
        known = dictionary.isdigit()
        text = "Unknown dictionary, undefined locally" if known else "Non numeric dictionary"
        raise Refused(400, text)
    return ZstdBody(max_body)


def _invalid_method() -> Refused:
    return Refused(415, "Invalid compression method")


class _ScanForm:
    """The form of `/checkv3`. What encodes the message is told by its part, not by the request."""

    def __init__(self, head: RequestHead, max_body: int) -> None:
        types = [value for name, value in head.headers if name == b"content-type"]
        if not types:
            raise Refused(400, "missing Content-Type header for v3 request")
        boundary = boundary_of(types[0]) if len(types) == 1 else None
        if boundary is None:
            raise Refused(400, "cannot extract boundary from Content-Type")
        self.limit = max_body + FORM_OVERHEAD
        self._form = FormBody(boundary, self.limit, _ScanParts(max_body).open_part)

    def write(self, data: memoryview) -> None:
        """See `Body`."""
        self._form.write(data)

    def finish(self) -> Content:
        """See `Body`."""
        content = self._form.finish()
        metadata = next((part for part in content.parts if part.name == METADATA), None)
        if metadata is None:
            raise Refused(400, "missing 'metadata' part in v3 request")
        if not metadata.data:
            raise Refused(400, "empty metadata object")
        return content


class _ScanParts:
    """Chooses what takes each part.

    Not the form itself: two that refer to each other would keep the message until they are found.
    """

    def __init__(self, max_body: int) -> None:
        self._max_body = max_body
        self._names: list[str] = []

    def open_part(self, part: PartHead) -> Body:
        """Return what takes a part. Raises `Refused`."""
        self._names.append(part.name)
        if len(self._names) > _MAX_PARTS:
            raise Refused(
                400,
                f"v3 request must contain at most {_MAX_PARTS} parts (metadata + message), "
                f"got {len(self._names)}",
            )
        if part.name not in (METADATA, MESSAGE) or part.name in self._names[:-1]:
            raise MalformedForm("parts must be one 'metadata' and one 'message'")
        if part.encoding in _UNENCODED:
            return PlainBody(MAX_METADATA if part.name == METADATA else self._max_body)
        if part.encoding != _ZSTD or part.name == METADATA:
            raise _invalid_method()
        return ZstdBody(self._max_body, "message decompression error")
