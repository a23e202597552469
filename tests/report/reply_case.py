"""A verdict that replies are made of."""

from typing import Any

from mailfilter.report.reply_edits import NO_EDITS
from mailfilter.report.reply_layout import Layout, lay_out
from mailfilter.scan.verdict import Action, AddHeader, RemoveHeader, SymbolResult, Verdict

THRESHOLDS = (
    (Action.REJECT, 15.0),
    (Action.REWRITE_SUBJECT, 8.0),
    (Action.ADD_HEADER, 6.0),
    (Action.GREYLIST, 4.0),
)

VERDICT = Verdict(
    action=Action.ADD_HEADER,
    score=7.0,
    required_score=15.0,
    thresholds=THRESHOLDS,
    trace_id="abc",
    symbols=(
        SymbolResult("TEST_ONE", 5.0, 5.0, "one", "", ("o1", "o2")),
        SymbolResult("TEST_TWO", 2.0, 2.0, "two", "the second"),
    ),
    edits=(AddHeader("X-A", "v", 1), RemoveHeader("X-B", 0)),
    message_id="1@example.org",
    elapsed=0.0001179,
)

EMPTY = Verdict(Action.NO_ACTION, 0.0, 15.0, (), "t", elapsed=0.00001)


def laid_out(verdict: Verdict, *flags: str, **layout: Any) -> dict[str, Any]:
    """A verdict as a reply without its edits."""
    return lay_out(verdict, Layout(frozenset(flags), **layout), NO_EDITS)
