"""What does the client call itself?"""

import re
from ipaddress import ip_address

from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task
from ._dynamic import levels_of

MOST = 255
"""Characters that are looked at."""

_DIGITS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}", re.ASCII)
_LOCAL = frozenset({"localhost", "localhost.localdomain", "localdomain", "localhost.local"})


class Helo(Check):
    """Looks at HELO of clients that have not logged in and are not of a private network.

    RFC 5321 4.1.4 wants a host name with all its labels, or an address in brackets. That it looks
    dynamic is only said if the client's own name does not say more of that.
    """

    name = "helo"
    symbols = {
        "HFILTER_HELO_1": Symbol(0.5, "hfilter", "HELO looks slightly dynamic"),
        "HFILTER_HELO_2": Symbol(1.0, "hfilter", "HELO looks dynamic, low"),
        "HFILTER_HELO_3": Symbol(2.0, "hfilter", "HELO looks dynamic, medium"),
        "HFILTER_HELO_4": Symbol(2.5, "hfilter", "HELO looks dynamic, high"),
        "HFILTER_HELO_5": Symbol(3.0, "hfilter", "HELO looks dynamic, very high"),
        "HFILTER_HELO_BADIP": Symbol(4.5, "hfilter", "HELO is a loopback/private style IP"),
        "HFILTER_HELO_BAREIP": Symbol(3.0, "hfilter", "HELO is a bare IP"),
        "HFILTER_HELO_NOT_FQDN": Symbol(2.0, "hfilter", "HELO is not fully qualified"),
    }

    def run(self, task: Task) -> Findings:
        origin = task.origin
        helo = origin.helo
        if not helo or origin.ip is None or origin.is_authenticated or origin.ip.is_private:
            return ()
        symbol = _symbol(helo[:MOST].lower().rstrip("."))
        if symbol is None and (level := levels_of(origin)[0]):
            symbol = f"HFILTER_HELO_{level}"
        return [Hit(symbol, options=(helo[:MOST],))] if symbol else ()


def _symbol(helo: str) -> str | None:
    inner = helo.strip("[]").removeprefix("ipv6:")
    if _DIGITS.fullmatch(inner) or ":" in inner:
        return _of_address(inner, is_bare=inner == helo)
    if helo in _LOCAL:
        return "HFILTER_HELO_BADIP"
    if "." not in helo:
        return "HFILTER_HELO_NOT_FQDN"
    return None


def _of_address(text: str, *, is_bare: bool) -> str | None:
    try:
        address = ip_address(text)
    except ValueError:
        return "HFILTER_HELO_NOT_FQDN"
    if address.is_private or address.is_loopback or address.is_link_local:
        return "HFILTER_HELO_BADIP"
    return "HFILTER_HELO_BAREIP" if is_bare else None
