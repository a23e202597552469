"""For whom a proxy has passed a request on, as far as the proxy may say so."""

from collections.abc import Sequence

from ..codec.http1 import RequestHead
from ..scan.envelope import IPAddress
from ..scan.networks import Networks, read_address

MAX_HOPS = 32
"""Proxies of ours that one request may have passed."""

_FOR = b"x-forwarded-for"
_REAL = b"x-real-ip"

_SIGNS = frozenset(
    (
        _REAL,
        b"forwarded",
        b"via",
        b"x-client-ip",
        b"x-cluster-client-ip",
        b"x-original-forwarded-for",
        b"x-proxyuser-ip",
        b"true-client-ip",
        b"cf-connecting-ip",
        b"fastly-client-ip",
    )
)
_SIGN = b"x-forwarded"
"""How others begin."""


def is_forwarded(head: RequestHead) -> bool:
    """Whether a request has been passed on by a proxy that does not hide it."""
    return any(is_sign(name) for name, _ in head.headers)


def is_sign(name: bytes) -> bool:
    """Whether a header of that name, in lower case, is of proxies."""
    return name in _SIGNS or name.startswith(_SIGN)


def find_client(head: RequestHead, proxies: Networks) -> IPAddress | None:
    """The address that a believed proxy has a request from; `None` if that is not clear.

    In `X-Forwarded-For` each proxy adds whom it has heard. What stands before the last of ours has
    been sent by the client, and proves nothing.
    """
    listed, real = _values(head, _FOR), _values(head, _REAL)
    if len(real) > 1:
        return None
    told = read_address(real[0]) if real else None
    if real and told is None:
        return None
    if not listed:
        return told
    client = _last_foreign(",".join(listed).split(",")[-MAX_HOPS:], proxies)
    if told is not None and told != client and told not in proxies:
        # A proxy that sets one of them alone passes the other on, as a client has made it up.
        return None
    return client


def _last_foreign(hops: Sequence[str], proxies: Networks) -> IPAddress | None:
    """The last address that is no proxy of ours; the first if all are."""
    address = None
    for hop in reversed(hops):
        address = read_address(hop.strip(" \t"))
        if address is None or address not in proxies:
            return address
    return address if len(hops) < MAX_HOPS else None


def _values(head: RequestHead, wanted: bytes) -> list[str]:
    return [value.decode("latin-1") for name, value in head.headers if name == wanted]
