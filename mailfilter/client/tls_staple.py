"""What an answer of OCSP that a server has stapled is worth (RFC 6960, 3.2)."""

from collections.abc import Sequence

from cryptography import x509

from ..syntax import moment
from ..tls.errors import TlsError
from ..tls.staple import read_staple


def staple_words(data: bytes, chain: Sequence[x509.Certificate], now: float) -> str:
    """`data` is empty if there is none; the chain is that of the server, its own first.

    `now` is Unix time. Never raises.
    """
    if not data:
        return "not stapled"
    if not chain:
        return "stapled, about an unknown certificate"
    try:
        staple = read_staple(data, chain)
    except TlsError as error:
        return f"stapled, but not good: {error}"
    if len(chain) < 2:
        return "stapled; its authority is not known, so that it cannot be verified"
    if now < staple.begins:
        return f"stapled, but does not hold before {moment(staple.begins)}"
    if staple.expires is None:
        return "stapled and good"
    if now > staple.expires:
        return f"stapled, but out of date since {moment(staple.expires)}"
    return f"stapled and good until {moment(staple.expires)}"
