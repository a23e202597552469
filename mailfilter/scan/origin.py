"""Who sent us a message: the client of the envelope, or behind a relay whom that has it from."""

import re
from dataclasses import dataclass
from ipaddress import IPv6Address

from ..mail import Message
from .envelope import Envelope, IPAddress
from .networks import Networks

# Protocols of clients that have logged in (RFC 3848, RFC 6531 4.3).
_WITH_LOGIN = re.compile(r"(?:UTF8)?(?:E?SMTP|LMTP)S?A")


@dataclass(frozen=True, slots=True)
class Origin:
    """The client for all that asks who sent a message. What is not known is `None`."""

    ip: IPAddress | None = None
    """IPv4 in IPv6 is given as IPv4."""
    helo: str | None = None
    hostname: str | None = None
    """Reverse name of the client."""
    is_relayed: bool = False
    """The envelope's client is a relay (`scan.trusted_relays`), and its login and certificate are
    not this client's."""
    is_authenticated: bool = False
    """It has logged in: with us, or with the relay that has taken the message from it."""
    how: str = ""
    """For the trace: how it was found behind a relay."""


def origin_of(envelope: Envelope, message: Message, relays: Networks) -> Origin:
    """The client by the envelope, or by Received fields, the topmost first, if it is a relay.

    A field is believed as long as those above it were written by relays. The first hop from
    elsewhere is the client; below it anybody may have written anything. A relay that hands a
    message to itself (loopback) is no other machine; a private address is, so relays of private
    networks must be named. No client is better than a wrong one: a hop that cannot be read ends
    the search.
    """
    ip = envelope.client_ip
    if ip not in relays:
        is_authenticated = bool(envelope.user)
        return Origin(
            _unmapped(ip), envelope.helo, envelope.hostname, is_authenticated=is_authenticated
        )
    hops = message.received
    for number, hop in enumerate(hops, 1):
        client = hop.from_ip
        if client is None:
            return _nobody(f"Received field {number} does not tell the address of a client")
        if client in relays or client.is_loopback:
            continue
        how = f"{client} is the client by Received field {number}, behind relay {ip}"
        has_login = bool(_WITH_LOGIN.fullmatch(hop.with_ or ""))
        return Origin(client, hop.helo, hop.hostname, True, has_login, how)
    return _nobody("no Received field tells of a client" if hops else "there is no Received field")


def _nobody(why: str) -> Origin:
    return Origin(is_relayed=True, how=f"the client behind the relay is not known: {why}")


def _unmapped(ip: IPAddress | None) -> IPAddress | None:
    return ip.ipv4_mapped or ip if isinstance(ip, IPv6Address) else ip
