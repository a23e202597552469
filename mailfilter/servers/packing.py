"""Replies of the controller, compressed as their reader likes (RFC 9110 12.5.3)."""

import gzip
import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from backports.zstd import compress as zstd

from ..codec.http1 import RequestHead
from . import background
from .http_accept import qualities
from .http_reply import Reply

MIN_OCTETS = 1024
"""What is smaller is sent as it is."""

AT_ONCE = 64 * 1024
"""Octets up to which compressing, one millisecond or two, is not worth a thread."""

LEVEL = 5

PACKERS: Mapping[str, Callable[[bytes], bytes]] = {
    "zstd": lambda data: zstd(data, 3),
    "gzip": lambda data: gzip.compress(data, LEVEL, mtime=0),
    "deflate": lambda data: zlib.compress(data, LEVEL),
}
"""Name of the encoding -> what makes it; of those that a reader likes equally, the first."""


VARY = ("Vary", "Accept-Encoding")


def best_encoding(accept_encoding: bytes) -> str | None:
    """The encoding for a reader with this `Accept-Encoding`; `None` if it reads none of ours."""
    liked = qualities(accept_encoding)
    best = max(PACKERS, key=lambda name: liked.get(name, 0.0))
    return best if liked.get(best, 0.0) > 0.0 else None


async def packed(head: RequestHead, reply: Reply) -> Reply:
    """A reply, compressed if that is worth it and its reader likes it."""
    if len(reply.body) < MIN_OCTETS or any(name == "Content-Encoding" for name, _ in reply.extra):
        return reply
    header = b", ".join(value for name, value in head.headers if name == b"accept-encoding")
    encoding = best_encoding(header)
    if encoding is None:
        return replace(reply, extra=(*reply.extra, VARY))
    work = partial(PACKERS[encoding], reply.body)
    body = work() if len(reply.body) <= AT_ONCE else await _aside(work)
    return replace(reply, body=body, extra=(*reply.extra, VARY, ("Content-Encoding", encoding)))


async def _aside(work: Callable[[], bytes]) -> bytes:
    from twisted.internet import reactor

    return await background.in_background(reactor, work)
