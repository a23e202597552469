"""A scan as a row of the history (http-controller.md 2.2, "History row (v2)")."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ..scan.envelope import Envelope
from ..scan.verdict import Verdict
from ..store.base import Key, Row, key
from .history_detail import detail_of
from .history_terms import terms_of
from .identifiers import NO_MESSAGE_ID
from .privacy import Masks
from .reply_json import encode_json, seconds
from .reply_layout import result_dict

HISTORY: Key = key("history")
"""Where the rows are."""

MAX_BODY = 64 * 1024
"""Octets of a row without its trace."""

UNKNOWN = "unknown"
"""What a row says of a user or a client's address that there is not."""


@dataclass(frozen=True, slots=True)
class RowCuts:
    """How much of a scan a row shows."""

    addresses: int
    symbols: int
    options: int
    chars: int
    """Of each text."""


USUAL_ROW = RowCuts(addresses=200, symbols=200, options=10, chars=512)
NARROW_ROW = RowCuts(addresses=8, symbols=50, options=0, chars=100)
"""Below `MAX_BODY` even if each character takes the six octets of an escape."""


def row_of(envelope: Envelope, verdict: Verdict, at: float, masks: Masks) -> Row:
    """The row of a scan that ended at a Unix time."""
    return Row(
        row_id=verdict.trace_id.encode(),
        time=at,
        terms=terms_of(envelope, verdict, masks),
        body=_body(envelope, verdict, at, masks),
        detail=detail_of(envelope, verdict, at, masks),
    )


def _body(envelope: Envelope, verdict: Verdict, at: float, masks: Masks) -> bytes:
    encoded = encode_json(row_dict(envelope, verdict, at, masks, USUAL_ROW))
    if len(encoded) <= MAX_BODY:
        return encoded
    return encode_json(row_dict(envelope, verdict, at, masks, NARROW_ROW))


def row_dict(
    envelope: Envelope, verdict: Verdict, at: float, masks: Masks, cuts: RowCuts
) -> dict[str, Any]:
    """The v2 row: the reply's result without what only its client needs, and whose mail it was."""
    summary = verdict.summary
    chars = cuts.chars
    row = result_dict(verdict)
    row["symbols"] = _symbols(row["symbols"], masks, cuts)
    if verdict.message_id == NO_MESSAGE_ID:
        row["message-id"] = NO_MESSAGE_ID
    elif verdict.message_id is not None:
        row["message-id"] = masks.address(verdict.message_id[:chars])
    row["time_real"] = seconds(verdict.elapsed)
    row["sender_smtp"] = masks.address((envelope.sender or "")[:chars])
    row["sender_mime"] = masks.address("".join(summary.senders[:1])[:chars])
    row["rcpt_smtp"] = _kept((item.address for item in envelope.recipients), masks, cuts)
    row["rcpt_mime"] = _kept(summary.recipients, masks, cuts)
    row["user"] = masks.address((envelope.user or "")[:chars]) or UNKNOWN
    row["unix_time"] = int(at)
    row["subject"] = masks.subject((summary.subject or "")[:chars])
    row["size"] = verdict.size
    if verdict.unscanned is not None:
        row["unscanned"] = verdict.unscanned
    if envelope.identity is not None:
        row["identity"] = envelope.identity[:chars]
    row["ip"] = UNKNOWN if envelope.client_ip is None else str(envelope.client_ip)
    return row


def _kept(addresses: Iterable[str], masks: Masks, cuts: RowCuts) -> list[str]:
    if not masks.has_addresses:
        return []
    mask, chars = masks.address, cuts.chars
    kept: list[str] = []
    for address in addresses:
        if len(kept) == cuts.addresses:
            break
        kept.append(mask(address[:chars]))
    return kept


def _symbols(symbols: dict[str, Any], masks: Masks, cuts: RowCuts) -> dict[str, Any]:
    """The symbols of a reply, cut in place; what they quote is masked."""
    if len(symbols) > cuts.symbols:
        symbols = {name: symbols[name] for name in list(symbols)[: cuts.symbols]}
    quote, chars = masks.quote, cuts.chars
    for entry in symbols.values():
        if "description" in entry:
            entry["description"] = entry["description"][:chars]
        options = entry.pop("options", ())
        kept = [text for text in (quote(one[:chars]) for one in options[: cuts.options]) if text]
        if kept:
            entry["options"] = kept
    return symbols
