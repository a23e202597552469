"""Answers of protocol v3: a form of the document and, if it was rewritten, the message.

Sources: http-scan.md 1.9, RFC 7578.
"""

from ...codec.http_body import Body, PlainBody, Refused, TooLarge
from ...codec.http_multipart import FormBody
from ...codec.http_part import PartHead, boundary_of
from ...codec.http_zstd import ZstdBody
from .exchange import Unanswered
from .limits import Limits

MAX_PARTS = 8
"""There are one or two."""


def read_form(octets: bytes, content_type: str, limits: Limits) -> tuple[bytes, str, bytes | None]:
    """The document, its type, and the message if there is one. Raises Unanswered."""
    boundary = boundary_of(content_type.encode("utf-8", "surrogateescape"))
    if boundary is None:
        raise Unanswered("its answer is a form without a boundary")
    seen = 0

    def open_part(head: PartHead) -> Body:
        nonlocal seen
        seen += 1
        if seen > MAX_PARTS or head.encoding not in (b"", b"zstd"):
            raise Refused(400, "parts that are not of protocol v3")
        limit = limits.message if head.name == "body" else limits.document
        return ZstdBody(limit) if head.encoding else PlainBody(limit)

    form = FormBody(boundary, limits.whole, open_part)
    try:
        form.write(memoryview(octets))
        parts = {part.name: part for part in form.finish().parts}
    except TooLarge as error:
        raise Unanswered(f"a part of its answer is over {error.size - 1} octets") from None
    except Refused as error:
        raise Unanswered(f"its answer cannot be read: {error.text}") from None
    if "result" not in parts:
        raise Unanswered("its answer is a form without a result")
    result, body = parts["result"], parts.get("body")
    return result.data, result.content_type.decode("ascii", "replace"), body and body.data
