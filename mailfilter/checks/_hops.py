"""The way of a message: the hops that Received tells of, and the one to us."""

import re
from typing import NamedTuple

from ..mail.received import Received
from ..scan.task import Task

# Protocols with TLS and with a login (RFC 3848, RFC 6531 4.3). The text is searched, which costs a
# tenth of reading the field.
_PROTOCOL = re.compile(r"\swith\s++(?:UTF8)?(?:E?SMTP|LMTP|HTTP)(S?)(A?)\b", re.I)
_TLS_WORDS = re.compile(r"[(\s](?:version=)?TLS(?:v?\d|_)", re.I)
_LOGIN_WORDS = re.compile(r"\(Authenticated[ -](?:sender|user)|\(authenticated bits", re.I)


class Hop(NamedTuple):
    """What matters of one hop."""

    has_tls: bool
    has_login: bool


def hops_of(task: Task) -> list[Hop]:
    """All hops, the last one first; with that from the client to us, which Received lacks.

    An MTA that asks during SMTP writes its own field later, one that has it written already tells
    the client's address in it.
    """
    envelope = task.envelope
    hops = [_hop(received) for received in task.message.received]
    if is_live(task):
        hops.insert(0, Hop(envelope.tls is not None, bool(envelope.user)))
    return hops


def is_live(task: Task) -> bool:
    """Whether the hop from the client to us is in no field of the message."""
    client = task.envelope.client_ip
    fields = task.message.received
    if client is None or not fields:
        return client is not None
    # To read the field costs ten times as much; IPv4 has one form, but for that within IPv6.
    if client.version == 4 and str(client) not in fields[0].raw:
        return True
    return fields[0].from_ip != client


def _hop(received: Received) -> Hop:
    raw = received.raw
    protocol = _PROTOCOL.search(raw)
    # A protocol with S says so; Postfix and Exim give details of TLS in comments beside it.
    has_tls = bool(protocol and protocol[1]) or ("TLS" in raw and bool(_TLS_WORDS.search(raw)))
    has_login = bool(protocol and protocol[2])
    if not has_login and "uthenticated" in raw:
        has_login = bool(_LOGIN_WORDS.search(raw))
    return Hop(has_tls, has_login)
