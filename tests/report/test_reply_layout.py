"""Verdicts laid out: both layouts, what flags add, action names, and values that would break a
client."""

import json
from dataclasses import replace

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.report.reply_edits import tell_edits
from mailfilter.report.reply_json import MAX_NUMBER, render_json
from mailfilter.report.reply_layout import Layout, lay_out
from mailfilter.scan.verdict import (
    Action,
    CheckRun,
    Summary,
    SymbolResult,
    TraceEntry,
    Url,
    Verdict,
)

from .reply_case import EMPTY, VERDICT, laid_out

# As Rspamd 3.4 has it, and: `thresholds`, descriptions, and `order` behind `value`.
GOLDEN = (
    b'{"is_skipped":false,"score":7.0,"required_score":15.0,"action":"add header",'
    b'"thresholds":{"reject":15.0,"rewrite subject":8.0,"add header":6.0,"greylist":4.0},'
    b'"symbols":{"TEST_ONE":{"name":"TEST_ONE","score":5.0,"metric_score":5.0,'
    b'"options":["o1","o2"]},"TEST_TWO":{"name":"TEST_TWO","score":2.0,"metric_score":2.0,'
    b'"description":"the second"}},"messages":{},"message-id":"1@example.org",'
    b'"time_real":0.000118,"milter":{"add_headers":{"X-A":{"value":"v","order":1}},'
    b'"remove_headers":{"X-B":0}}}'
)

GOLDEN_LEGACY = (
    b'{"default":{"is_spam":true,"is_skipped":false,"score":7.0,"required_score":15.0,'
    b'"action":"add header","TEST_ONE":{"name":"TEST_ONE","score":5.0,"options":["o1","o2"]},'
    b'"TEST_TWO":{"name":"TEST_TWO","score":2.0,"description":"the second"}},'
    b'"messages":{},"message-id":"1@example.org","time_real":0.000118,'
    b'"rmilter":{"add_headers":{"X-A":{"value":"v","order":1}},"remove_headers":{"X-B":0}}}'
)


def rendered(verdict: Verdict, layout: Layout) -> bytes:
    """A verdict with its edits, as JSON."""
    return render_json(lay_out(verdict, layout, tell_edits(verdict.edits, "rspamd", "\n", b"")))


class FlatTests(SynchronousTestCase):
    def test_golden(self) -> None:
        self.assertEqual(GOLDEN, rendered(VERDICT, Layout()))

    def test_empty(self) -> None:
        self.assertEqual(
            b'{"is_skipped":false,"score":0.0,"required_score":15.0,"action":"no action",'
            b'"thresholds":{},"symbols":{},"messages":{},"time_real":0.00001}',
            rendered(EMPTY, Layout()).replace(b"1e-5", b"0.00001"),
        )

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
            runs=(CheckRun("c", "main", took=inf),),
        )
        encoded = render_json(laid_out(verdict, "trace", "groups", "profile"))
        reply = json.loads(encoded, parse_constant=self.fail)
        self.assertEqual((0.0, MAX_NUMBER), (reply["score"], reply["required_score"]))
        self.assertEqual({"reject": -MAX_NUMBER, "add header": 6.0}, reply["thresholds"])
        self.assertIn(b'"add header":6.0', encoded)
        self.assertEqual({"name": "A", "score": 0.0, "metric_score": 1.0}, reply["symbols"]["A"])
        self.assertEqual(0.0, reply["trace"][0]["at"])
        self.assertEqual({"g": {"score": 0.0}}, reply["groups"])
        # The greatest of 32 bits, into which some clients read numbers.
        self.assertLess(MAX_NUMBER, 3.4e38)

    def test_symbols_of_no_group(self) -> None:
        symbols = (SymbolResult("A", 1.0, 1.0), SymbolResult("B", 2.0, 2.0, "g"))
        reply = laid_out(replace(VERDICT, symbols=symbols), "groups")
        self.assertEqual({"g": {"score": 2.0}}, reply["groups"])

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

    def test_the_old_subject_stays_where_there_is_no_new_one(self) -> None:
        verdict = replace(VERDICT, action=Action.REWRITE_SUBJECT, summary=Summary(subject="old"))
        self.assertEqual("old", laid_out(verdict)["subject"])

    def test_message(self) -> None:
        for text, expected in (
            (None, {}),
            ("", {}),
            ("Go away", {"smtp_message": "Go away"}),
            ("a\r\n250 ok\n\nb", {"smtp_message": "a 250 ok b"}),
        ):
            reply = laid_out(replace(VERDICT, smtp_message=text))
            self.assertEqual(expected, reply["messages"])

    def test_codes_of_a_refusal(self) -> None:
        """Clients put their own before the text, so those of the text are taken off."""
        for action, text, expected in (
            (Action.REJECT, "550 5.7.2 own", "own"),
            (Action.REJECT, "450 4.7.2 own\nmore", "own more"),
            (Action.REJECT, "550 4.7.2 mixed", "mixed"),
            (Action.REJECT, "550 5.7.2", None),
            (Action.REJECT, "450 4.7.2", None),
            (Action.SOFT_REJECT, "550 5.1.1 x", "x"),
            (Action.SOFT_REJECT, "421 4.7.0 bye", "bye"),
            (Action.ADD_HEADER, "550 5.1.1 x", "x"),
            (Action.QUARANTINE, "450 4.7.1 held", "held"),
        ):
            reply = laid_out(replace(VERDICT, action=action, smtp_message=text))
            self.assertEqual(expected, reply["messages"].get("smtp_message"))

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

    def test_urls(self) -> None:
        """Names of hosts, each once; the rest only for who asks, since one client reads strings."""
        urls = (
            Url("http://www.example.org/a", "www.example.org", "example.org", ("html", "host")),
            Url("http://www.example.org/b", "www.example.org"),
            Url("http://192.0.2.1/", "192.0.2.1"),
            Url("file:x", ""),
        )
        verdict = replace(VERDICT, urls=urls, emails=("a@example.org",))
        for is_legacy in (False, True):
            reply = laid_out(verdict, is_legacy=is_legacy)
            self.assertEqual(reply["urls"], ["www.example.org", "192.0.2.1"])
            self.assertEqual(reply["emails"], ["a@example.org"])
            keys = list(reply)
            self.assertEqual(keys[keys.index("messages") + 1 :][:2], ["urls", "emails"])
        extended = laid_out(verdict, "ext_urls")["urls"]
        self.assertEqual(
            extended[0],
            {
                "url": "http://www.example.org/a",
                "tld": "example.org",
                "host": "www.example.org",
                "flags": ["html", "host"],
            },
        )
        self.assertEqual(extended[3], {"url": "file:x", "flags": []})
        for none in (VERDICT, replace(VERDICT, urls=urls[3:])):
            self.assertTrue({"urls", "emails"}.isdisjoint(laid_out(none)))

    def test_signatures(self) -> None:
        for signatures, expected in ((("a",), "a"), (("a", "b"), ["a", "b"])):
            told = replace(tell_edits((), "rspamd", "\n", b""), signatures=signatures)
            reply = lay_out(VERDICT, Layout(), told)
            self.assertEqual(reply["dkim-signature"], expected)
            self.assertNotIn("milter", reply)
        self.assertNotIn("dkim-signature", laid_out(VERDICT))

    def test_flags(self) -> None:
        verdict = replace(
            VERDICT,
            trace=(TraceEntry(0.0012345678, "gtube", "é"),),
            runs=(CheckRun("gtube", "pre", took=0.0000125), CheckRun("spf", "main", took=2)),
        )
        plain = laid_out(verdict)
        reply = laid_out(verdict, "trace", "groups", "profile")
        self.assertEqual({"trace", "trace_id", "groups", "profile"}, set(reply) - set(plain))
        self.assertEqual("abc", reply["trace_id"])
        self.assertEqual([{"at": 0.001235, "source": "gtube", "text": "é"}], reply["trace"])
        self.assertEqual({"one": {"score": 5.0}, "two": {"score": 2.0}}, reply["groups"])
        self.assertEqual({"gtube": 0.013, "spf": 2000.0}, reply["profile"])
        self.assertIsInstance(reply["profile"]["spf"], float)


class ClassicTests(SynchronousTestCase):
    """Actions for clients that know six."""

    def test_actions(self) -> None:
        classic = {"reject", "soft reject", "rewrite subject", "add header", "greylist"}
        for action in Action:
            reply = laid_out(replace(VERDICT, action=action), classic_actions=True)
            expected = {"discard": "reject", "quarantine": "add header"}.get(action, action.value)
            self.assertEqual(reply["action"], expected)
            self.assertIn(reply["action"], {*classic, "no action"})
            self.assertNotIn("reject", reply)

    def test_thresholds(self) -> None:
        """By one name the lower counts, and they stay in order."""
        scores = (
            (Action.DISCARD, 20.0),
            (Action.REJECT, 15.0),
            (Action.QUARANTINE, 9.0),
            (Action.REWRITE_SUBJECT, 8.0),
            (Action.ADD_HEADER, 6.0),
        )
        reply = laid_out(replace(VERDICT, thresholds=scores), classic_actions=True)
        self.assertEqual(
            list(reply["thresholds"].items()),
            [("reject", 15.0), ("rewrite subject", 8.0), ("add header", 6.0)],
        )


class LegacyTests(SynchronousTestCase):
    """The layout of `/check`."""

    def test_golden(self) -> None:
        self.assertEqual(GOLDEN_LEGACY, rendered(VERDICT, Layout(is_legacy=True)))

    def test_spam(self) -> None:
        ham = {Action.NO_ACTION, Action.GREYLIST, Action.SOFT_REJECT}
        for action in Action:
            reply = laid_out(replace(VERDICT, action=action), is_legacy=True)
            self.assertIs(reply["default"]["is_spam"], action not in ham)

    def test_a_symbol_cannot_be_taken_for_a_value(self) -> None:
        symbols = (SymbolResult("action", 1.0, 1.0), SymbolResult("score", 1.0, 1.0))
        reply = laid_out(replace(VERDICT, symbols=symbols), is_legacy=True)
        self.assertEqual((reply["default"]["action"], reply["default"]["score"]), ("add header", 7))

    def test_flags(self) -> None:
        reply = laid_out(VERDICT, "groups", "profile", "trace", is_legacy=True)
        self.assertEqual(reply["default"]["groups"]["one"], {"score": 5.0})
        self.assertLessEqual({"profile", "trace", "trace_id"}, set(reply))
