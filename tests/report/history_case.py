"""What tests of the history share: an envelope, a verdict, and rows made of them."""

from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import msgspec

from mailfilter.config.model import HistorySettings
from mailfilter.report.history_row import row_of
from mailfilter.report.privacy import Hasher, Masks
from mailfilter.scan.envelope import Envelope, Recipient
from mailfilter.scan.verdict import (
    Action,
    AddHeader,
    CheckRun,
    Summary,
    SymbolResult,
    TraceEntry,
    Verdict,
)
from mailfilter.store.base import Row

NOW = 1795365491.25
HASHER = Hasher(b"secret" * 5)

ENVELOPE = Envelope(
    listener="milter",
    client_ip=ip_address("192.0.2.10"),
    helo="mail.example.net",
    sender="Alice@example.net",
    recipients=(Recipient("bob@example.org"), Recipient("carol@example.com")),
    user="alice",
    queue_id="4BQ1",
)

VERDICT = Verdict(
    action=Action.ADD_HEADER,
    score=7.0,
    required_score=15.0,
    thresholds=((Action.REJECT, 15.0), (Action.ADD_HEADER, 6.0)),
    trace_id="0123456789ab",
    symbols=(
        SymbolResult("ONE", 5.0, 5.0, "test", "about one", ("quoted",)),
        SymbolResult("TWO", 2.0, 2.0),
    ),
    edits=(AddHeader("X-A", "v"),),
    message_id="1@example.net",
    size=1234,
    elapsed=0.0123456789,
    trace=(
        TraceEntry(0.001, "one", "ONE"),
        TraceEntry(0.002, "one", "looked twice", quotes=True),
        TraceEntry(0.003, "verdict", "add header: score 7 reaches 6"),
    ),
    runs=(
        CheckRun("one", "main", 0.0001, 0.0005, ("ONE",)),
        CheckRun("two", "post", 0.001, 0.0, ("TWO",), ("one",), "no answer: time is spent"),
    ),
    summary=Summary(("alice@example.net",), ("bob@example.org",), "a subject"),
)


def masks(subject: Any = "plain", addresses: Any = "plain") -> Masks:
    return Masks(HistorySettings(subject=subject, addresses=addresses), HASHER)


def make_row(
    envelope: Envelope = ENVELOPE, subject: Any = "plain", addresses: Any = "plain", **changes: Any
) -> Row:
    """The row of a verdict that differs so; `subject_` is its subject, `subject` the mode."""
    if "subject_" in changes:
        changes["subject"] = changes.pop("subject_")
    return row_of(envelope, replace(VERDICT, **changes), NOW, masks(subject, addresses))


def body_of(row: Row) -> dict[str, Any]:
    return msgspec.json.decode(row.body, type=dict[str, Any])


def detail_of(row: Row) -> dict[str, Any]:
    return msgspec.json.decode(row.detail, type=dict[str, Any])
