"""Verdicts of every kind that a client may be told, ordinary ones and hostile ones."""

from collections.abc import Mapping
from dataclasses import replace
from math import inf, nan

from mailfilter.scan.verdict import (
    Action,
    AddHeader,
    AddRecipient,
    ChangeHeader,
    ChangeSender,
    RemoveHeader,
    RemoveRecipient,
    ReplaceBody,
    Summary,
    SymbolResult,
    Verdict,
)

THRESHOLDS = (
    (Action.REJECT, 15.0),
    (Action.REWRITE_SUBJECT, 8.0),
    (Action.ADD_HEADER, 6.0),
    (Action.GREYLIST, 4.0),
)

PLAIN = Verdict(
    action=Action.NO_ACTION,
    score=1.5,
    required_score=15.0,
    thresholds=THRESHOLDS,
    trace_id="abc",
    symbols=(
        SymbolResult("TEST_ONE", 1.0, 1.0, options=("o1", "o2")),
        SymbolResult("TEST_TWO", 0.5, 0.5, description="two"),
    ),
    message_id="1@example.org",
    elapsed=0.0001,
    summary=Summary(subject="hi"),
)

SIGNATURE = "v=1; a=rsa-sha256; d=example.org; s=s;\n\th=from; bh=aa=;\n\tb=bb="

ODD = '\u00e4\u20ac\U0001f4a9\ud800\udc80\x00\r\n\x85"\\{}<script>'
"""Letters, halves of surrogate pairs, controls, and what means something elsewhere."""

ACTIONS: Mapping[str, Verdict] = {
    str(action): replace(PLAIN, action=action, score=score)
    for action, score in (
        (Action.NO_ACTION, 1.5),
        (Action.GREYLIST, 4.5),
        (Action.ADD_HEADER, 7.0),
        (Action.REWRITE_SUBJECT, 9.0),
        (Action.SOFT_REJECT, 3.0),
        (Action.REJECT, 20.0),
        (Action.DISCARD, 20.0),
        (Action.QUARANTINE, 12.0),
    )
}

SHAPES: Mapping[str, Verdict] = {
    "no symbols": replace(PLAIN, symbols=(), thresholds=()),
    "twenty symbols": replace(
        PLAIN,
        symbols=tuple(
            SymbolResult(f"S_{n}", n / 4, n / 2, "g", f"number {n}", (f"o{n}", "b"))
            for n in range(20)
        ),
    ),
    "forged results": replace(
        PLAIN,
        edits=(
            RemoveHeader("Authentication-Results", 1),
            RemoveHeader("Authentication-Results", 3),
            RemoveHeader("X-Spam", 0),
            AddHeader("Authentication-Results", "mx.example.net;\n\tspf=pass", 0),
        ),
    ),
    "several values": replace(
        PLAIN, edits=(AddHeader("X-A", "1", 1), AddHeader("x-a", "2", 1), AddHeader("X-B", "3"))
    ),
    "far occurrences": replace(
        PLAIN, edits=(RemoveHeader("X-A", 127), RemoveHeader("X-B", 128), RemoveHeader("X-C", -1))
    ),
    "one signature": replace(PLAIN, edits=(AddHeader("DKIM-Signature", SIGNATURE, 0),)),
    "two signatures": replace(
        PLAIN,
        edits=(
            AddHeader("DKIM-Signature", SIGNATURE, 0),
            AddHeader("DKIM-Signature", SIGNATURE.replace("s=s", "s=t"), 0),
        ),
    ),
    "every edit": replace(
        PLAIN,
        edits=(
            ChangeHeader("X-A", "new"),
            ChangeSender("z@example.org", ("SIZE=1",)),
            AddRecipient("y@example.org"),
            RemoveRecipient("b@example.net"),
            ReplaceBody(b"new\r\n"),
        ),
    ),
    "odd text": replace(
        PLAIN,
        action=Action.REJECT,
        symbols=(SymbolResult("ODD", 1.0, 1.0, "g", ODD, (ODD, "")),),
        edits=(AddHeader("X-Odd", ODD, 0), RemoveHeader("X\r\nY")),
        smtp_message=f"554 5.7.1 go {ODD} away",
        message_id=ODD,
    ),
    "odd subject": replace(PLAIN, action=Action.REWRITE_SUBJECT, subject=f"[spam] {ODD}" * 20),
    "no numbers": replace(
        PLAIN,
        score=nan,
        required_score=inf,
        thresholds=((Action.REJECT, inf), (Action.GREYLIST, -inf)),
        symbols=(SymbolResult("S", nan, -inf), SymbolResult("T", 1e300, -1e300)),
        elapsed=nan,
    ),
    "whole numbers": replace(PLAIN, score=7, required_score=15, symbols=(SymbolResult("S", 7, 7),)),
    "empty": replace(PLAIN, symbols=(), message_id=None, summary=Summary()),
    "skipped": replace(PLAIN, symbols=(), is_skipped=True, score=0.0),
    "forced": replace(PLAIN, action=Action.REJECT, forced_by="av", smtp_message="550 5.7.1 Virus"),
}
"""Name -> verdict; those of `ACTIONS` are told apart by their action alone."""

ALL: Mapping[str, Verdict] = {**ACTIONS, **SHAPES}
