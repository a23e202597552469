"""How much memory a scan holds on to while it waits to be remembered.

What a stranger or a check can make large is counted, as the interpreter has it: a text of n
characters takes up to four times n. The rest is a mean, as measured.
"""

from collections.abc import Iterable

from ..scan.envelope import Envelope
from ..scan.verdict import (
    AddHeader,
    AddRecipient,
    ChangeHeader,
    ChangeSender,
    Edit,
    RemoveHeader,
    RemoveRecipient,
    ReplaceBody,
    Verdict,
)
from ..store.base import Row

PLAIN_OCTETS = 2048
"""An envelope and a verdict in which there is nothing."""
RUN_OCTETS = 192
SYMBOL_OCTETS = 256
ITEM_OCTETS = 96
"""An entry of a trace, an edit, a recipient, without the texts."""
ROW_OCTETS = 512
TERM_OCTETS = 48
"""Of each beside its own octets."""

_size = str.__sizeof__
"""`sys.getsizeof` costs four times as much."""


def scan_octets(envelope: Envelope, verdict: Verdict) -> int:
    """What a scan takes until its row is made, if its envelope is without `settings`."""
    octets = PLAIN_OCTETS + RUN_OCTETS * len(verdict.runs) + SYMBOL_OCTETS * len(verdict.symbols)
    octets += ITEM_OCTETS * (len(verdict.trace) + len(envelope.recipients))
    texts = _texts_of_envelope(envelope)
    texts += (verdict.subject, verdict.smtp_message, verdict.message_id)
    summary = verdict.summary
    texts += (summary.subject, *summary.senders, *summary.recipients)
    texts += [entry.text for entry in verdict.trace]
    for symbol in verdict.symbols:
        if symbol.options:
            texts += symbol.options
    for edit in verdict.edits:
        octets += ITEM_OCTETS
        if isinstance(edit, ReplaceBody):
            octets += len(edit.body)
        else:
            texts += _texts_of_edit(edit)
    return octets + sum(map(_size, filter(None, texts)))


def row_octets(row: Row) -> int:
    """What a row takes."""
    # The encoder gets half as much again each time that it needs more, and leaves it unused.
    slack = (len(row.body) + len(row.detail)) // 2
    return ROW_OCTETS + row.octets() + slack + TERM_OCTETS * len(row.terms)


def _texts_of_envelope(envelope: Envelope) -> list[str | None]:
    texts: list[str | None] = [
        envelope.helo,
        envelope.hostname,
        envelope.sender,
        envelope.rewritten_sender,
        *envelope.sender_args,
        envelope.user,
        envelope.queue_id,
        envelope.mta_name,
        envelope.mta_host,
        envelope.passed_on,
        envelope.mta_tag,
        envelope.deliver_to,
        envelope.settings_id,
        envelope.log_tag,
        envelope.filename,
        envelope.subject,
        *envelope.flags,
    ]
    for recipient in envelope.recipients:
        texts.append(recipient.address)
        if recipient.args:
            texts += recipient.args
    tls = envelope.tls
    if tls is not None:
        texts += (tls.version, tls.cipher, tls.cert_subject, tls.cert_issuer)
    return texts


def _texts_of_edit(edit: Edit) -> Iterable[str]:
    match edit:
        case AddHeader(name, value) | ChangeHeader(name, value):
            return name, value
        case RemoveHeader(name):
            return (name,)
        case ChangeSender(address, args):
            return address, *args
        case AddRecipient(address) | RemoveRecipient(address):
            return (address,)
        case _:
            return ()
