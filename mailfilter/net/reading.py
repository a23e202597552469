"""What a packet says to a query."""

from ..codec.dns import NOERROR, NXDOMAIN, DnsFormatError, Reply, decode_reply
from ..codec.dns_answer import DnsFailure
from .cache import Failed
from .query import Query
from .statistics import Statistics


def read_reply(
    query: Query, packet: bytes, statistics: Statistics, *, is_exact: bool
) -> Reply | Failed | None:
    """None if it is no reply to the query, which is counted; Failed if one that makes no sense.

    `is_exact`: the letters of the name must be those that were sent.
    """
    is_ours = query.is_answered_by(packet, is_exact=is_exact)
    try:
        reply = decode_reply(packet)
    except DnsFormatError as error:
        statistics.ignored["format"] += 1
        return Failed(DnsFailure, f"no sense: {error}") if is_ours else None
    # Some refuse without saying what.
    is_bare = not reply.question and reply.rcode not in (NOERROR, NXDOMAIN)
    if not is_ours and not is_bare:
        statistics.ignored["question"] += 1
        return None
    return reply
