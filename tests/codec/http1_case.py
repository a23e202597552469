"""What tests of the codec that reads requests have in common."""

from collections.abc import Callable

from mailfilter.codec.http1 import RequestHead
from mailfilter.codec.http_body import Body, PlainBody


def plain(limit: int) -> Callable[[RequestHead], Body]:
    """Takes bodies as they are, of so many octets."""
    return lambda _: PlainBody(limit)
