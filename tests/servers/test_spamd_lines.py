"""Verdicts as line replies, octet by octet, and as the clients read them."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec.spamd import Request, RequestLine
from mailfilter.codec.spamd_body import Content
from mailfilter.report.marks import marks_of_stronger
from mailfilter.report.report_text import report_text
from mailfilter.scan.verdict import (
    Action,
    AddHeader,
    AddRecipient,
    ChangeHeader,
    ChangeSender,
    RemoveHeader,
    ReplaceBody,
    SymbolResult,
    Verdict,
)
from mailfilter.servers.spamd_lines import render_rspamc, render_spamc
from mailfilter.testing.fake_scanner import NO_ACTION

from ..codec.spamd_clients import exim, spamc

MBOX = b"From a@example.org Fri Nov 27 20:00:00 2026\n"
RAW = b"Subject: hi\nX-B: 1\n\nbody\n"
SYMBOLS = (
    SymbolResult("ONE", 2.0, 2.0, description="The first one", options=("o1", "o2")),
    SymbolResult("TWO", 5.0, 5.0, description="The second one"),
    SymbolResult("THREE", 0.0, 0.0, options=("o",)),
    SymbolResult("FOUR", -0.004, 0.0),
)
VERDICT = replace(
    NO_ACTION,
    action=Action.ADD_HEADER,
    score=7.0,
    symbols=SYMBOLS,
    edits=(
        AddHeader("X-A", "v"),
        AddHeader("X-Top", "v", 1),
        RemoveHeader("X-B"),
        RemoveHeader("X-C", -2),
        ChangeHeader("Subject", "new\n\tfolded"),
    ),
)
SPAM_ACTIONS = (
    Action.REJECT,
    Action.DISCARD,
    Action.QUARANTINE,
    Action.REWRITE_SUBJECT,
    Action.ADD_HEADER,
)


def request(
    command: str, version: tuple[int, int] = (1, 5), raw: bytes = RAW, preface: bytes = b""
) -> Request:
    """A request of SPAMC."""
    return Request(RequestLine(command, False, version), [], Content(preface, raw, b"", len(raw)))


def told(
    command: str,
    verdict: Verdict = VERDICT,
    version: tuple[int, int] = (1, 5),
    raw: bytes = RAW,
    preface: bytes = b"",
) -> bytes:
    """The reply to a command of SPAMC."""
    given = request(command, version, raw, preface)
    return render_spamc(given, verdict, marks_of_stronger(verdict, "X-Spam")).octets


class RspamcTests(SynchronousTestCase):
    def test_golden(self) -> None:
        rendered = render_rspamc(VERDICT)
        self.assertEqual(
            rendered.octets.decode(),
            "RSPAMD/1.3 0 EX_OK\r\n"
            "Metric: default; True; 7.00 / 15.00 / 0.0\r\n"
            "Action: add header\r\n"
            "Symbol: TWO(5.00)\r\n"
            "Symbol: ONE(2.00)\r\n"
            "Symbol: FOUR(0.00)\r\n"
            "Symbol: THREE(0.00)\r\n"
            "X-Symbol: TWO(5.00); The second one\r\n"
            "X-Symbol: ONE(2.00); The first one [o1, o2]\r\n"
            "X-Symbol: FOUR(0.00);\r\n"
            "X-Symbol: THREE(0.00); [o]\r\n"
            "Message-ID: 1@example.org\r\n"
            "X-Milter-Add: X-A: v\r\n"
            "X-Milter-Add: X-Top[1]: v\r\n"
            "X-Milter-Del: X-B\r\n"
            "X-Milter-Del: X-C[-2]\r\n"
            "X-Milter-Del: Subject[1]\r\n"
            "X-Milter-Add: Subject: new folded\r\n",
        )
        self.assertEqual(list(rendered.dropped), [])

    def test_texts(self) -> None:
        verdict = replace(
            NO_ACTION, action=Action.REWRITE_SUBJECT, subject="*** ä\r\nBcc: b", message_id=None
        )
        self.assertIn(b"\r\nSubject: *** =?utf-8?", render_rspamc(verdict).octets)
        verdict = replace(NO_ACTION, action=Action.REJECT, smtp_message="550 5.7.1 bad\nworse")
        self.assertIn(b"\r\nMessage: 550 5.7.1 bad worse\r\n", render_rspamc(verdict).octets)

    def test_every_action(self) -> None:
        for action in Action:
            seen = exim(render_rspamc(replace(VERDICT, action=action)).octets, is_rspamd=True)
            self.assertEqual((seen.action, seen.score, seen.threshold), (action.value, 7.0, 15.0))
            word = render_rspamc(replace(VERDICT, action=action)).octets.split(b"; ")[1]
            self.assertEqual(word, str(action in SPAM_ACTIONS).encode(), action)

    def test_least(self) -> None:
        verdict = replace(NO_ACTION, message_id=None)
        self.assertEqual(exim(render_rspamc(verdict).octets, is_rspamd=True).action, "no action")

    def test_what_cannot_be_told(self) -> None:
        edits = (ChangeSender("a@b"), AddRecipient("c@d"), ReplaceBody(b""), AddHeader("\n", ""))
        rendered = render_rspamc(replace(NO_ACTION, edits=edits))
        self.assertEqual(len(rendered.dropped), 4)

    def test_long_texts(self) -> None:
        """Each has a bound of its own, so that one does not take the place of others."""
        symbols = (
            SymbolResult("A", 1.0, 1.0, "", "d" * 1000, ("o" * 1000, "p")),
            SymbolResult("B", 0.5, 0.5, "", "", ("x" * 20,) * 1000),
        )
        verdict = replace(NO_ACTION, symbols=symbols, message_id="m" * 1000, edits=())
        lines = render_rspamc(verdict).octets.decode().split("\r\n")
        first, second = (line for line in lines if line.startswith("X-Symbol: "))
        self.assertEqual(first, f"X-Symbol: A(1.00); {'d' * 200} [{'o' * 497}...]")
        self.assertLess(len(second), 600)
        self.assertTrue(second.endswith("...]"), second)
        self.assertIn("Message-ID: " + "m" * 500, lines)

    def test_the_largest(self) -> None:
        symbols = tuple(
            SymbolResult(f"SYMBOL_{at}", at / 10, 1.0, "", "description " * 99, ("option",) * 9999)
            for at in range(3000)
        )
        edits = (AddHeader("X-Long", "x" * 50_000), AddHeader("X-A", "v"))
        octets = render_rspamc(replace(VERDICT, symbols=symbols, edits=edits)).octets
        self.assertLess(len(octets), 32_600)
        self.assertIn(b"X-Milter-Add: X-A: v\r\n", octets)
        self.assertIn(b"Symbol: SYMBOL_2999(299.90)\r\n", octets)
        self.assertNotIn(b"Symbol: SYMBOL_1(", octets)
        exim(octets, is_rspamd=True)


class SpamcTests(SynchronousTestCase):
    START = b"SPAMD/1.1 0 EX_OK\r\n"
    SPAM = b"Spam: True ; 7.0 / 15.0\r\n"

    def test_texts(self) -> None:
        report = report_text(VERDICT).encode()
        size = b"Content-length: %d\r\n" % len(report)
        for command, version, expected in (
            ("CHECK", (1, 5), self.SPAM + b"\r\n"),
            ("CHECK", (1, 0), self.SPAM + b"\r\n"),
            (
                "SYMBOLS",
                (1, 5),
                b"Content-length: 18\r\n" + self.SPAM + b"\r\nONE,TWO,THREE,FOUR",
            ),
            ("SYMBOLS", (1, 2), self.SPAM + b"\r\nONE,TWO,THREE,FOUR\r\n"),
            ("REPORT", (1, 5), size + self.SPAM + b"\r\n" + report),
            ("REPORT", (1, 2), self.SPAM + b"\r\n" + report),
            ("REPORT_IFSPAM", (1, 5), size + self.SPAM.replace(b"True", b"Yes") + b"\r\n" + report),
        ):
            found = told(command, version=version)
            self.assertEqual(found, self.START + expected, (command, version))
        ham = told("REPORT_IFSPAM", replace(NO_ACTION, score=1.0))
        expected = b"Content-length: 0\r\nSpam: No ; 1.0 / 15.0\r\n\r\n"
        self.assertEqual(ham, self.START + expected)

    def test_the_numbers_agree_with_the_action(self) -> None:
        """Exim goes by them alone."""
        for score, required in (
            (7.0, 15.0),
            (14.96, 15.0),
            (15.0, 15.0),
            (99.0, 15.0),
            (1, 0.04),
            (9, 5.05),
        ):
            for action in Action:
                verdict = replace(VERDICT, action=action, score=score, required_score=required)
                seen = exim(told("REPORT", verdict, (1, 2)), is_rspamd=False)
                is_refused = action in (Action.REJECT, Action.DISCARD)
                self.assertEqual(seen.action, "reject" if is_refused else "no action")
                self.assertIn(f"Score {score:.2f} of", seen.report)
                checked = spamc(told("CHECK", verdict))
                self.assertEqual(checked.is_spam, action in SPAM_ACTIONS)
                self.assertEqual(checked.numbers, (seen.score, seen.threshold))

    def test_message(self) -> None:
        # Without a Received on top there is nothing that X-Top belongs below.
        marked = b"X-Top: v\nSubject: new\n\tfolded\nX-A: v\nX-Spam: Yes\n\n"
        for preface in (b"", MBOX):
            for command, message in (
                ("PROCESS", preface + marked + b"body\n"),
                ("HEADERS", preface + marked),
            ):
                size = b"Content-length: %d\r\n" % len(message)
                for version, start in (
                    ((1, 5), self.START + size + self.SPAM + b"\r\n"),
                    ((1, 2), self.START + size + b"\r\n"),
                    ((1, 0), b"SPAMD/1.0 0 EX_OK\r\n"),
                ):
                    found = told(command, version=version, preface=preface)
                    self.assertEqual(found, start + message, (command, version))

    def test_line_ends(self) -> None:
        found = spamc(told("PROCESS", raw=RAW.replace(b"\n", b"\r\n")), "PROCESS")
        self.assertEqual(
            found.body,
            b"X-Top: v\r\nSubject: new\r\n\tfolded\r\nX-A: v\r\nX-Spam: Yes\r\n\r\nbody\r\n",
        )

    def test_marks(self) -> None:
        for action in Action:
            verdict = replace(NO_ACTION, action=action, subject="*** hi")
            body = spamc(told("PROCESS", verdict), "PROCESS").body
            self.assertEqual(b"Subject: *** hi\n" in body, action is Action.REWRITE_SUBJECT)
            is_marked = action in SPAM_ACTIONS and action is not Action.REWRITE_SUBJECT
            self.assertEqual(b"X-Spam: Yes\n" in body, is_marked, action)

    def test_mbox_line_before_a_blank_one(self) -> None:
        """Where spamc sees the end of the header, of which it puts the rest behind the reply."""
        body = spamc(
            told("HEADERS", NO_ACTION, raw=b"\nbody\n\nmore", preface=MBOX), "HEADERS"
        ).body
        self.assertEqual(body, MBOX + b"\n")

    def test_body(self) -> None:
        verdict = replace(NO_ACTION, edits=(ReplaceBody(b"new\r\n"),))
        body = spamc(told("PROCESS", verdict), "PROCESS").body
        self.assertEqual(body, b"Subject: hi\nX-B: 1\n\nnew\n")
        rendered = render_spamc(request("HEADERS"), verdict, ())
        self.assertEqual(spamc(rendered.octets, "HEADERS").body, b"Subject: hi\nX-B: 1\n\n")
        self.assertEqual(len(rendered.dropped), 1)


TEXTS = st.text(max_size=60)


class HostileTests(SynchronousTestCase):
    @settings(derandomize=True, max_examples=300, deadline=None, database=None)
    @given(TEXTS, TEXTS, TEXTS, st.floats(), st.floats(), st.sampled_from(list(Action)))
    def test_nothing_of_strangers_ends_a_line(
        self, name: str, text: str, value: str, score: float, required: float, action: Action
    ) -> None:
        verdict = replace(
            VERDICT,
            action=action,
            score=score,
            required_score=required,
            symbols=(SymbolResult("A", score, 1.0, "", text, (value, name)),),
            edits=(
                AddHeader(name, value),
                AddHeader("X-A", value, 2),
                ChangeHeader("X-B", value),
                RemoveHeader(name),
            ),
            subject=text,
            message_id=value,
            smtp_message=text,
        )
        octets = render_rspamc(verdict).octets
        self.assertRegex(octets, rb"\A(?:[ -~]*[!-~][ -~]*\r\n)+\Z")
        names = [line.partition(b": ")[0] for line in octets.split(b"\r\n")]
        self.assertLessEqual(names.count(b"Symbol"), 1)
        self.assertLessEqual(names.count(b"X-Milter-Add"), 3)
        self.assertEqual(exim(octets, is_rspamd=True).action, action.value)
        for command in ("CHECK", "SYMBOLS", "REPORT", "REPORT_IFSPAM", "PROCESS", "HEADERS"):
            seen = spamc(told(command, verdict), command)
            self.assertEqual(seen.is_spam, action in SPAM_ACTIONS)
        exim(told("REPORT", verdict, (1, 2)), is_rspamd=False)
