"""`mailfilteradm history` and `explain`: what they find, and how they show it."""

import json
import time
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

from click.testing import Result
from twisted.internet.defer import Deferred

from mailfilter.client import history as commands
from mailfilter.client.history import parse_time
from mailfilter.report import history_search
from mailfilter.report.history_row import HISTORY
from mailfilter.report.history_search import (
    parse_action,
    parse_address,
    parse_cursor,
    parse_ip,
)
from mailfilter.report.identifiers import parse_trace_id
from mailfilter.report.logline import ScanLine
from mailfilter.report.logs import json_line, text_line
from mailfilter.scan.envelope import Envelope, Recipient
from mailfilter.scan.verdict import Action, AddHeader, Summary, SymbolResult, TraceEntry, Verdict
from mailfilter.store.base import HistoryAdd, Limits, Row

from ..report.history_case import ENVELOPE, NOW, VERDICT
from .store_case import StoreCommandCase

HEAD = (
    "time                  trace         action                   score"
    "  from                          to                            subject\n"
)
LINE = (
    "2026-11-22T16:38:11Z  0123456789ab  add header          7.00/15.00"
    "  Alice@example.net             bob@example.org +1            a subject\n"
)

EXPLAINED = """\
trace 0123456789ab: 2026-11-22T16:38:11Z, 12.3 ms, listener milter
  sender      Alice@example.net
  from        alice@example.net
  recipients  bob@example.org, carol@example.com
  to, cc      bob@example.org
  subject     a subject
  message id  1@example.net
  queue id    4BQ1
  client      192.0.2.10, helo mail.example.net, user alice
  size        1234

add header, score 7.00
  why         add header: score 7 reaches 6
  thresholds  reject 15, add header 6
  edit        add header X-A: v

symbols
     5.00  ONE  about one  [quoted]
     2.00  TWO

checks, in the order in which they ended
  main  one     0.500 ms  ONE 5.00
  post  two     0.000 ms  no answer: time is spent (reads one)

also
      2.0 ms  one: looked twice
"""


def numbered(number: int, **changes: Any) -> Verdict:
    return replace(VERDICT, trace_id=f"{number:012x}", **changes)


class HistoryTests(StoreCommandCase):
    """`mailfilteradm history`."""

    def ids(self, *arguments: str, **named: Any) -> list[int]:
        """The numbers of the rows that are found, and nothing said of trouble."""
        result = self.run_main("history", "--json", *arguments, **named)
        self.assertEqual((result.exit_code, result.stderr), (0, ""))
        rows = [json.loads(line) for line in result.stdout.splitlines()]
        return [int(row["trace_id"], 16) for row in rows]

    def test_line(self) -> None:
        """One line a message, below a head."""
        self.remember(ENVELOPE, VERDICT, at=NOW)
        result = self.run_main("history")
        self.assertEqual((result.stdout, result.exit_code), (HEAD + LINE, 0))

    def test_hostile(self) -> None:
        """What a terminal would obey is escaped, what is too long is cut; lines stay aligned."""
        evil = "\x1b]0;x\x07\u202e" + "x" * 600
        envelope = replace(ENVELOPE, sender=evil, recipients=(Recipient(evil),) * 3)
        summary = Summary(subject="a\nb" + evil)
        self.remember(envelope, replace(VERDICT, summary=summary), at=NOW)
        for arguments in (["history"], ["explain", VERDICT.trace_id], ["history", "--json"]):
            output = self.run_main(*arguments).stdout
            self.assertTrue(output.isascii())
            self.assertTrue(output.replace("\n", "").isprintable())
        line = self.run_main("history").stdout.splitlines()[1]
        self.assertEqual(line[: LINE.index("Alice")], LINE[: LINE.index("Alice")])
        self.assertEqual(line[LINE.index("a subject") :][:4], "a\\nb")

    def test_json(self) -> None:
        """One object a line, in ASCII: the row and its trace id."""
        self.remember(ENVELOPE, replace(VERDICT, summary=Summary(subject="caf\u00e9")), at=NOW)
        line = self.run_main("history", "--json").stdout
        self.assertTrue(line.isascii())
        row = json.loads(line)
        self.assertEqual((row["trace_id"], row["subject"]), (VERDICT.trace_id, "caf\u00e9"))
        self.assertNotIn("checks", row)

    def test_filters(self) -> None:
        """Each filter finds what it should, and nothing else; several must all hold."""
        other = Envelope(
            "http",
            client_ip=ip_address("2001:db8::1"),
            sender="",
            recipients=(Recipient("dave@example.com"),),
            user="dave",
            queue_id="4BQ2",
            identity="mx1",
        )
        empty = Summary(recipients=("erin@lists.example",))
        symbols = (SymbolResult("TWO", 1, 1), SymbolResult("THREE", 1, 1))
        changes: dict[str, Any] = {"summary": empty, "symbols": symbols, "message_id": "2@x"}
        self.remember(ENVELOPE, numbered(1), at=1000.0)
        self.remember(other, numbered(2, action=Action.REJECT, **changes), at=2000.0)
        for arguments, expected in {
            ("--from", "alice@example.net"): [1],
            ("--from", "<Alice@EXAMPLE.net>"): [1],
            ("--from", "@example.net"): [1],
            ("--from", "<>"): [2],
            ("--from", "bob@example.org"): [],
            ("--to", "bob@example.org"): [1],
            ("--to", "@example.com"): [2, 1],
            ("--to", "erin@lists.example"): [2],
            ("--address", "@lists.example"): [2],
            ("--address", "alice@example.net"): [1],
            ("--action", "reject"): [2],
            ("--action", "add-header"): [1],
            ("--symbol", "two"): [2, 1],
            ("--symbol", "TWO", "--symbol", "THREE"): [2],
            ("--ip", "2001:DB8:0::1"): [2],
            ("--user", "dave"): [2],
            ("--identity", "mx1"): [2],
            ("--identity", "mx2"): [],
            ("--message-id", "<2@x>"): [2],
            ("--queue-id", "4bq1"): [1],
            ("--since", "1970-01-01T00:20"): [2],
            ("--until", "1970-01-01T00:20:00+00:00"): [1],
            ("--since", "1970-01-01T00:20", "--from", "alice@example.net"): [],
            ("--limit", "1"): [2],
            (): [2, 1],
        }.items():
            self.assertEqual(self.ids(*arguments), expected, arguments)

    def test_since(self) -> None:
        """Durations count back from now."""
        now = time.time()
        self.remember(ENVELOPE, numbered(1), at=now - 7000)
        self.remember(ENVELOPE, numbered(2), at=now - 3000)
        self.assertEqual(self.ids("--since", "1h"), [2])
        self.assertEqual(self.ids("--until", "1h"), [1])
        self.assertEqual(self.ids("--since", "2h"), [2, 1])

    def test_pages(self) -> None:
        """More rows than one page; each once, also one that the store has twice."""
        self.patch(history_search, "PAGE_ROWS", 3)
        self.remember(ENVELOPE, *map(numbered, range(1, 11)))
        self.remember(ENVELOPE, numbered(10))
        self.assertEqual(self.ids("--limit", "0"), list(range(10, 0, -1)))
        self.assertEqual(self.ids("--limit", "7"), list(range(10, 3, -1)))
        self.patch(commands, "LIMIT", 2)
        self.assertEqual(len(self.ids()), 10)

    def test_hashed(self) -> None:
        """Hashed addresses are found by what they were."""
        self.remember(ENVELOPE, VERDICT, at=NOW, addresses="hashed", subject="hashed")
        (line,) = self.run_main("history", "--from", "alice@example.net").stdout.splitlines()[1:]
        self.assertRegex(line, r"  h:[0-9a-f]{16}  .*  h:[0-9a-f]{16} \+1  .*  h:[0-9a-f]{16}$")

    def test_dropped(self) -> None:
        """Dropped ones are not, and it is said why."""
        self.remember(ENVELOPE, VERDICT, at=NOW, addresses="dropped", subject="dropped")
        config = '[history]\naddresses = "dropped"'
        result = self.run_main("history", "--to", "bob@example.org", config=config)
        self.assertEqual(result.stdout, HEAD)
        self.assertEqual(
            result.stderr,
            'warning: history.addresses is "dropped": nothing is found by --to\nno message found\n',
        )
        line = self.run_main("history", config=config).stdout.splitlines()[1]
        self.assertTrue(line.endswith("-".ljust(30) + "-".ljust(30) + "-"), line)

    def test_nothing(self) -> None:
        """Without rows, and with a history that is off."""
        result = self.run_main("history", config="[history]\nenabled = false")
        self.assertEqual(
            result.stderr,
            "warning: history.enabled is false: new messages are not remembered\n"
            "no message found\n",
        )
        self.assertEqual(self.ids(), [])

    def test_unreadable(self) -> None:
        """A row that somebody else has put there."""
        self.remember(ENVELOPE, numbered(1))
        huge = b'{"score":%s}' % (b"9" * 400)
        for body in (b"{no json", b'{"a":"\xff"}', b"[" * 10**5, b"\xff", b"[]", huge):
            row = Row(b"\xff", 1.0, (), body, body)
            add = HistoryAdd(HISTORY, [row], Limits(9, 99, 10**6))
            self.successResultOf(Deferred.fromCoroutine(self.store.do(add)))
            result = self.run_main("history")
            self.assertEqual((len(result.stdout.splitlines()), result.exit_code), (3, 0))

    def test_wrong(self) -> None:
        """Values that are none are told with their option."""
        for option, value, said in (
            ("--since", "yesterday", "expected a duration back from now"),
            ("--ip", "example.org", "expected the address of a client"),
            ("--action", "explode", "expected one of: no action, greylist"),
            ("--limit", "-1", "x>=0"),
        ):
            result = self.run_main("history", option, value)
            self.assertEqual(result.exit_code, 2)
            self.assertIn(option, result.stderr)
            self.assertIn(said, " ".join(result.stderr.split()))


class ExplainTests(StoreCommandCase):
    """`mailfilteradm explain`."""

    def explain(self, *arguments: str) -> Result:
        return self.run_main("explain", *arguments)

    def test_text(self) -> None:
        """Whose mail, what decided, what each check did."""
        self.remember(ENVELOPE, VERDICT, at=NOW)
        result = self.explain("trace=0123456789ab")
        self.assertEqual((result.stdout, result.exit_code), (EXPLAINED, 0))

    def test_more(self) -> None:
        """Symbols that do not count, a forced action, what else is in the trace."""
        verdict = replace(
            VERDICT,
            symbols=(),
            forced_by="gtube",
            profile="p,q",
            smtp_message="go away",
            edits=(AddHeader("bad name", "v"),),
            trace=(TraceEntry(0.5, "composites", "BOTH"), TraceEntry(0.6, "groups", "g: 9 to 8")),
        )
        self.remember(Envelope("http"), verdict, at=NOW)
        text = self.explain("0123456789ab").stdout
        for line in (
            "  forced by   gtube",
            "  profiles    p,q",
            "  reply       go away",
            "  edit        left out: add header: bad name",
            "  main  one     0.500 ms  ONE (does not count)",
            "    500.0 ms  composites: BOTH",
            "    600.0 ms  groups: g: 9 to 8",
        ):
            self.assertIn(line, text.splitlines())
        self.assertNotIn("recipients", text)

    def test_identity(self) -> None:
        self.remember(replace(ENVELOPE, identity="mx1"), VERDICT, at=NOW)
        text = self.explain(VERDICT.trace_id).stdout
        self.assertEqual(text, EXPLAINED.replace("  size   ", "  identity    mx1\n  size   "))

    def test_many_recipients(self) -> None:
        """Some are named, the others counted; also if none is kept."""
        people = tuple(Recipient(f"p{number}@example.org") for number in range(300))
        self.remember(replace(ENVELOPE, recipients=people), VERDICT, at=NOW)
        self.assertIn("p9@example.org, and 290 more", self.explain(VERDICT.trace_id).stdout)
        self.remember(replace(ENVELOPE, recipients=people), VERDICT, at=NOW, addresses="dropped")
        self.assertIn("recipients  300 not kept", self.explain(VERDICT.trace_id).stdout)

    def test_json(self) -> None:
        """One object, row and trace."""
        self.remember(ENVELOPE, VERDICT, at=NOW)
        found = json.loads(self.explain("--json", "0123456789ab").stdout)
        self.assertEqual(found["row"]["action"], "add header")
        self.assertEqual(found["detail"]["trace_id"], found["trace_id"])

    def test_unknown(self) -> None:
        """One that is not there: what may be the reason."""
        result = self.explain("(trace", "AAAAAAAAAAAA)")
        self.assertEqual((result.stdout, result.exit_code), ("", 1))
        self.assertTrue(result.stderr.startswith("no scan aaaaaaaaaaaa is remembered; perhaps\n"))
        self.assertIn("another machine", result.stderr)

    def test_no_id(self) -> None:
        """What holds no trace id at all."""
        result = self.explain("hello")
        self.assertEqual(result.exit_code, 2)
        self.assertIn('expected a trace id such as "0123456789ab"', result.stderr)


class ParsingTests(StoreCommandCase):
    """Words of the command line."""

    def test_trace_ids_of_strangers(self) -> None:
        """What a sender wrote into a reply or a subject is not taken for ours."""
        lines = (
            '550 5.7.1 no {"trace":"aaaaaaaaaaaa"} (trace bbbbbbbbbbbb)',
            "2026-11-27T14:40:34Z  bbbbbbbbbbbb  reject  15.00/15.00  a@b  c@d  trace aaaaaaaaaaaa",
            '2026-11-27T14:40:34Z  bbbbbbbbbbbb  reject  1.0/2.0  a  c  {"trace":"aaaaaaaaaaaa"} x',
        )
        for line in lines:
            self.assertEqual(parse_trace_id(line), "bbbbbbbbbbbb", line)

    def test_trace_ids(self) -> None:
        """As they are pasted; case does not matter."""
        other = "a" * 12
        for text in (
            "0123456789ab",
            "trace=0123456789ab",
            f"scan qid={other} helo=trace={other} time=1ms trace=0123456789ab",
            "554 5.7.1 Spam message rejected (trace 0123456789ab)",
            f"<a@{other}.example>: 554 5.7.1 trace {other} (trace\n 0123456789ab)",
            "X-Mailfilter-Trace: 0123456789AB",
            "X-Scan: 0123456789AB",
            f"2026-11-27T14:40:34Z  0123456789ab  reject  {other}@example.net  {other}",
            f"{{queue_id:{other},trace:0123456789ab}}",
            f'"queue_id":"{other}","trace_id":"0123456789ab"',
        ):
            self.assertEqual(parse_trace_id(text), "0123456789ab", text)
            self.assertEqual(parse_trace_id(text.upper()), "0123456789ab", text)
        for text in ("", "0123456789a", "0123456789abc", "xyz", '{"trace": "x"}'):
            self.assertRaises(ValueError, parse_trace_id, text)

    def test_trace_ids_in_lines(self) -> None:
        """Whole lines as we write them, whatever a stranger has put there."""
        evil = "trace=aaaaaaaaaaaa"
        envelope = replace(ENVELOPE, helo=evil, sender=evil, queue_id="aaaaaaaaaaaa")
        verdict = replace(VERDICT, symbols=(SymbolResult("A", 1, 1, options=(evil,)),))
        line = ScanLine(envelope, verdict)
        event = {"scan": line, "log_format": "{scan}"}
        self.remember(envelope, replace(verdict, summary=Summary(subject=evil)))
        for text in (
            text_line(event),
            json_line(event),
            f"Nov 27 14:40:34 mail twistd[1]: {json_line(event)}",
            self.run_main("history", "--json").stdout,
            self.run_main("explain", "--json", VERDICT.trace_id).stdout,
        ):
            self.assertEqual(parse_trace_id(text), VERDICT.trace_id, text)

    def test_times(self) -> None:
        """Durations, and ISO times with and without a zone."""
        self.assertEqual(parse_time("1h30m", 10_000.0), 4600.0)
        self.assertEqual(parse_time("1970-01-02", 0.0), 86400.0)
        self.assertEqual(parse_time("1970-01-01T02:00+01:00", 0.0), 3600.0)
        self.assertEqual(parse_time("1970-01-01T02:00:00Z", 0.0), 7200.0)
        for text in ("", "2", "now", "-1h"):
            self.assertRaises(ValueError, parse_time, text, 0.0)

    def test_others(self) -> None:
        """Addresses, actions, addresses of clients."""
        self.assertEqual(parse_address(" <a@b> "), "a@b")
        self.assertEqual(parse_action("Soft_Reject"), "soft reject")
        self.assertEqual(parse_ip("[::FFFF:192.0.2.1]"), "192.0.2.1")
        self.assertEqual(parse_cursor("12"), "12")
        for text in ("", "x", "-1", "9" * 16, "\u0663"):
            self.assertRaises(ValueError, parse_cursor, text)
