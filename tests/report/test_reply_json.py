"""Verdicts as JSON: golden replies, and values that would break a client."""

import json
from dataclasses import replace
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.report.reply_json import (
    render_error,
    render_json,
    verdict_dict,
    verdict_json,
)
from mailfilter.scan.verdict import (
    Action,
    AddHeader,
    AddRecipient,
    ChangeHeader,
    ChangeSender,
    Edit,
    RemoveHeader,
    RemoveRecipient,
    ReplaceBody,
    SymbolResult,
    TraceEntry,
    Verdict,
)

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

GOLDEN = (
    b'{"is_skipped":false,"score":7.0,"required_score":15.0,"action":"add header",'
    b'"thresholds":{"reject":15.0,"rewrite subject":8.0,"add header":6.0,"greylist":4.0},'
    b'"symbols":{"TEST_ONE":{"name":"TEST_ONE","score":5.0,"metric_score":5.0,'
    b'"options":["o1","o2"]},"TEST_TWO":{"name":"TEST_TWO","score":2.0,"metric_score":2.0,'
    b'"description":"the second"}},"messages":{},"message-id":"1@example.org",'
    b'"time_real":0.000118,"milter":{"add_headers":{"X-A":{"value":"v","order":1}},'
    b'"remove_headers":{"X-B":0}}}'
)

EMPTY = Verdict(Action.NO_ACTION, 0.0, 15.0, (), "t", elapsed=0.00001)

# edits, the milter object
EDITS: list[tuple[list[Edit], dict[str, Any]]] = [
    ([], {}),
    ([AddHeader("A", "b")], {"add_headers": {"A": {"value": "b", "order": -1}}}),
    (
        [AddHeader("A", "b", 0), AddHeader("C", "d"), AddHeader("a", "e", 1)],
        {
            "add_headers": {
                "A": [{"value": "b", "order": 0}, {"value": "e", "order": 1}],
                "C": {"value": "d", "order": -1},
            }
        },
    ),
    ([RemoveHeader("A", 127)], {"remove_headers": {"A": 127}}),
    ([RemoveHeader("A", -127)], {"remove_headers": {"A": -127}}),
    ([AddHeader("A", "b", 2**40)], {"add_headers": {"A": {"value": "b", "order": 2**31 - 1}}}),
    (
        [RemoveHeader("A", 2), RemoveHeader("a", 1), RemoveHeader("A", 2)],
        {"remove_headers": {"A": [2, 1]}},
    ),
    ([RemoveHeader("A", 2), RemoveHeader("A")], {"remove_headers": {"A": 0}}),
    (
        [ChangeHeader("A", "b", 2)],
        {"add_headers": {"A": {"value": "b", "order": -1}}, "remove_headers": {"A": 2}},
    ),
    ([ChangeSender("a@b")], {"change_from": "a@b"}),
    ([ChangeSender("")], {"change_from": ""}),
    ([ChangeSender("a@b", ("SIZE=1", "X"))], {"change_from": "a@b SIZE=1 X"}),
    ([ChangeSender("a@b", ("A B",))], {"change_from": "a@b"}),
    ([AddRecipient("a@b"), AddRecipient("c@d")], {"add_rcpt": ["a@b", "c@d"]}),
    ([RemoveRecipient("a@b")], {"del_rcpt": ["a@b"]}),
]

# edits that are left out, why
DROPPED: list[tuple[Edit, str]] = [
    (RemoveHeader("A", 128), "remove header A: only the first and last 127 can be told"),
    (RemoveHeader("A", -128), "remove header A: only the first and last 127 can be told"),
    (ChangeHeader("A", "b", 128), "remove header A: only the first and last 127 can be told"),
    (ChangeSender("a@b> SIZE=1"), "change sender: bad address"),
    (AddRecipient("a@b\r\nDATA"), "add recipient: bad address"),
    (RemoveRecipient("a b"), "remove recipient: bad address"),
    (ReplaceBody(b"x"), "replace body: not possible over HTTP"),
    (AddHeader("A: b\r\nC", "d"), "add header: bad name"),
]


def laid_out(verdict: Verdict, flags: frozenset[str] = frozenset()) -> dict[str, Any]:
    """A verdict without edits."""
    return verdict_dict(verdict, flags, {})


class Replies(SynchronousTestCase):
    def test_golden(self) -> None:
        self.assertEqual(GOLDEN, verdict_json(VERDICT).body)

    def test_empty(self) -> None:
        self.assertEqual(
            b'{"is_skipped":false,"score":0.0,"required_score":15.0,"action":"no action",'
            b'"thresholds":{},"symbols":{},"messages":{},"time_real":0.00001}',
            verdict_json(EMPTY).body.replace(b"1e-5", b"0.00001"),
        )

    def test_ascii(self) -> None:
        verdict = replace(
            VERDICT,
            symbols=(SymbolResult("A", 1.0, 1.0, options=("é\u2028", "\ud800x", "\x00\x7f\n")),),
            message_id="\U0001f4a9",
        )
        encoded = verdict_json(verdict).body
        self.assertTrue(encoded.isascii())
        self.assertNotIn(b"\n", encoded)
        reply = json.loads(encoded)
        self.assertEqual(["é\u2028", "\ufffdx", "\x00\x7f\n"], reply["symbols"]["A"]["options"])
        self.assertEqual("\U0001f4a9", reply["message-id"])
        self.assertIn(b'"score":7.0,"required_score":15.0', encoded)

    def test_numbers(self) -> None:
        nan, inf = float("nan"), float("inf")
        verdict = replace(
            VERDICT,
            score=nan,
            required_score=inf,
            thresholds=((Action.REJECT, -inf), (Action.ADD_HEADER, 6)),
            symbols=(SymbolResult("A", nan, 1, "g"),),
            elapsed=nan,
            trace=(TraceEntry(nan, "s", "t"),),
        )
        reply = json.loads(
            verdict_json(verdict, frozenset({"trace", "groups"})).body, parse_constant=self.fail
        )
        self.assertEqual((0.0, 0.0), (reply["score"], reply["required_score"]))
        self.assertEqual({"reject": 0.0, "add header": 6.0}, reply["thresholds"])
        self.assertIn(b'"add header":6.0', verdict_json(verdict).body)
        self.assertEqual({"name": "A", "score": 0.0, "metric_score": 1.0}, reply["symbols"]["A"])
        self.assertEqual(0.0, reply["trace"][0]["at"])
        self.assertEqual({"g": {"score": 0.0}}, reply["groups"])

    def test_subject(self) -> None:
        for action, subject, expected in (
            (Action.REWRITE_SUBJECT, "*** SPAM *** hi", "*** SPAM *** hi"),
            (Action.REWRITE_SUBJECT, "é", "=?utf-8?b?w6k=?="),
            (Action.REWRITE_SUBJECT, "a\r\nBcc: x", "a  Bcc: x"),
            (Action.ADD_HEADER, "hi", None),
            (Action.REWRITE_SUBJECT, None, None),
        ):
            reply = laid_out(replace(VERDICT, action=action, subject=subject))
            self.assertEqual(expected, reply.get("subject"))
        long = laid_out(replace(VERDICT, action=Action.REWRITE_SUBJECT, subject="é " * 100))
        self.assertNotIn("\n", long["subject"])

    def test_message(self) -> None:
        for text, expected in (
            (None, {}),
            ("", {}),
            ("Go away", {"smtp_message": "Go away"}),
            ("a\r\n250 ok\n\nb", {"smtp_message": "a 250 ok b"}),
        ):
            reply = laid_out(replace(VERDICT, smtp_message=text))
            self.assertEqual(expected, reply["messages"])

    def test_instead_of_reject(self) -> None:
        for action in Action:
            reply = laid_out(replace(VERDICT, action=action))
            self.assertEqual(action.value, reply["action"])
            expected = action.value if action in ("discard", "quarantine") else None
            self.assertEqual(expected, reply.get("reject"))

    def test_forced_and_skipped(self) -> None:
        reply = laid_out(replace(VERDICT, forced_by="gtube", is_skipped=True))
        self.assertEqual("passthrough_module", next(iter(reply)))
        self.assertEqual("gtube", reply["passthrough_module"])
        self.assertIs(True, reply["is_skipped"])

    def test_flags(self) -> None:
        verdict = replace(VERDICT, trace=(TraceEntry(0.0012345678, "gtube", "é"),))
        plain = laid_out(verdict)
        reply = laid_out(verdict, frozenset({"trace", "groups"}))
        self.assertEqual({"trace", "trace_id", "groups"}, set(reply) - set(plain))
        self.assertEqual("abc", reply["trace_id"])
        self.assertEqual([{"at": 0.001235, "source": "gtube", "text": "é"}], reply["trace"])
        self.assertEqual({"one": {"score": 5.0}, "two": {"score": 2.0}}, reply["groups"])

    def test_edits(self) -> None:
        for edits, expected in EDITS:
            reply = json.loads(verdict_json(replace(VERDICT, edits=tuple(edits))).body)
            self.assertEqual(expected, reply.get("milter", {}))

    def test_edits_that_are_left_out(self) -> None:
        for edit, reason in DROPPED:
            rendered = verdict_json(replace(VERDICT, edits=(edit,)))
            self.assertNotIn("milter", json.loads(rendered.body))
            self.assertEqual((reason,), rendered.dropped)

    def test_header_values(self) -> None:
        for value, expected in (("b\r\nC: d\0", "b C: d "), ("b;\r\n\tc", "b;\n\tc")):
            body = verdict_json(replace(VERDICT, edits=(AddHeader("A", value),))).body
            self.assertEqual(expected, json.loads(body)["milter"]["add_headers"]["A"]["value"])

    def test_codes_of_a_refusal(self) -> None:
        """Codes of the class that the action means are the text's, others are taken off."""
        for action, text, expected in (
            (Action.REJECT, "550 5.7.2 own", "550 5.7.2 own"),
            (Action.REJECT, "450 4.7.2 own\nmore", "own more"),
            (Action.REJECT, "550 4.7.2 mixed", "mixed"),
            (Action.REJECT, "550 5.7.2", "550 5.7.2"),
            (Action.REJECT, "450 4.7.2", None),
            (Action.SOFT_REJECT, "550 5.1.1 x", "x"),
            (Action.SOFT_REJECT, "421 4.7.0 bye", "421 4.7.0 bye"),
            (Action.ADD_HEADER, "550 5.1.1 x", "550 5.1.1 x"),
        ):
            reply = laid_out(replace(VERDICT, action=action, smtp_message=text))
            self.assertEqual(expected, reply["messages"].get("smtp_message"))

    def test_error(self) -> None:
        self.assertEqual(b'{"error":"invalid command"}', render_error("invalid command"))
        self.assertEqual(b'{"error":"\\u00e9\\n\\""}', render_error('é\n"'))

    def test_never_invalid(self) -> None:
        self.assertEqual(b'{"\\ufffd":["\\ufffd"]}', render_json({"\ud800": ["\udfff"]}))
