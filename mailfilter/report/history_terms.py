"""What a row of the history can be found by."""

from collections.abc import Iterable, Sequence
from itertools import islice

from ..scan.envelope import Envelope, IPAddress
from ..scan.verdict import Verdict
from .identifiers import NO_MESSAGE_ID
from .privacy import Kind, Masks

MAX_SYMBOLS = 200
MAX_ADDRESSES = 300
"""Of each kind that a row is found by; with two terms for an address and its domain, and twice
that for those who do not care which end it is of, all stay below the store's bound."""


def terms_of(envelope: Envelope, verdict: Verdict, masks: Masks) -> Sequence[bytes]:
    """The terms of a row; none of an address, a user or a message id that is not to be kept."""
    term = masks.hasher.term
    found = [term("action", verdict.action.value)]
    found += [term("symbol", item.name) for item in verdict.symbols[:MAX_SYMBOLS]]
    if envelope.client_ip is not None:
        found.append(term("ip", ip_text(envelope.client_ip)))
    if envelope.identity is not None:
        found.append(term("identity", envelope.identity))
    if envelope.queue_id:
        found.append(term("queue-id", envelope.queue_id))
    if not masks.has_addresses:
        return found
    if envelope.user:
        found.append(term("user", envelope.user))
    if verdict.message_id and verdict.message_id != NO_MESSAGE_ID:
        found.append(term("message-id", verdict.message_id))
    summary = verdict.summary
    senders = [*summary.senders]
    if envelope.sender is not None:
        senders.append(envelope.sender)
    recipients = [item.address for item in envelope.recipients[:MAX_ADDRESSES]]
    recipients += summary.recipients
    return _with_addresses(found, senders, recipients, masks)


def ip_text(address: IPAddress) -> str:
    """An address as it is looked for: IPv4 within IPv6 is IPv4."""
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


def _with_addresses(
    found: list[bytes], senders: Iterable[str], recipients: Iterable[str], masks: Masks
) -> Sequence[bytes]:
    """Add terms for addresses and their domains, each once."""
    term = masks.hasher.term
    ends: tuple[tuple[Kind, Iterable[str]], ...] = (("from", senders), ("to", recipients))
    names = [(kind, _names(addresses)) for kind, addresses in ends]
    found += [term(kind, name) for kind, all_ in names for name in all_]
    found += [term("address", name) for name in names[0][1] | names[1][1]]
    return found


def _names(addresses: Iterable[str]) -> set[str]:
    """Addresses and, as `@domain`, what they end with; the null sender has no domain."""
    names: set[str] = set()
    for address in islice(dict.fromkeys(addresses), MAX_ADDRESSES):
        lower = address.lower()
        names.add(lower)
        at = lower.rfind("@")
        if at >= 0:
            names.add(lower[at:])
    return names
