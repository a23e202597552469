"""Rows of the history: what is in them, what they are found by, and how large they get."""

from dataclasses import replace
from ipaddress import ip_address

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.client.history_text import row_line
from mailfilter.report.history_detail import MAX_DETAIL
from mailfilter.report.history_row import MAX_BODY
from mailfilter.report.privacy import Kind
from mailfilter.scan.envelope import Envelope, Recipient
from mailfilter.scan.verdict import (
    Action,
    AddHeader,
    AddRecipient,
    ChangeHeader,
    ChangeSender,
    CheckRun,
    RemoveHeader,
    RemoveRecipient,
    ReplaceBody,
    Summary,
    SymbolResult,
    TraceEntry,
)
from mailfilter.store.base import HistoryAdd, Limits, Row
from mailfilter.store.calls.bounds import MAX_TERMS

from .history_case import ENVELOPE, HASHER, NOW, body_of, detail_of, make_row

GOLDEN = (
    b'{"is_skipped":false,"score":7.0,"required_score":15.0,"action":"add header",'
    b'"thresholds":{"reject":15.0,"add header":6.0},'
    b'"symbols":{"ONE":{"name":"ONE","score":5.0,"metric_score":5.0,"description":"about one",'
    b'"options":["quoted"]},"TWO":{"name":"TWO","score":2.0,"metric_score":2.0}},'
    b'"message-id":"1@example.net","time_real":0.012346,'
    b'"sender_smtp":"Alice@example.net","sender_mime":"alice@example.net",'
    b'"rcpt_smtp":["bob@example.org","carol@example.com"],"rcpt_mime":["bob@example.org"],'
    b'"user":"alice","unix_time":1795365491,"subject":"a subject","size":1234,"ip":"192.0.2.10"}'
)

WIDE = "\x01" * 600
"""Each character takes six octets of JSON."""


def found_by(row: Row, kind: Kind, value: str) -> bool:
    return HASHER.term(kind, value) in row.terms


class BodyTests(SynchronousTestCase):
    """The row itself."""

    def test_golden(self) -> None:
        """The row that others read, octet by octet."""
        row = make_row()
        self.assertEqual(row.body, GOLDEN)
        self.assertEqual((row.row_id, row.time), (b"0123456789ab", NOW))

    def test_nothing_told(self) -> None:
        """A message of which nothing is known."""
        row = body_of(make_row(Envelope("http"), summary=Summary(), message_id=None, symbols=()))
        self.assertEqual((row["user"], row["ip"]), ("unknown", "unknown"))
        self.assertEqual((row["sender_smtp"], row["sender_mime"], row["subject"]), ("", "", ""))
        self.assertEqual((row["rcpt_smtp"], row["rcpt_mime"], row["symbols"]), ([], [], {}))
        self.assertNotIn("message-id", row)

    def test_identity(self) -> None:
        """It is a name of ours, kept as it is, and there only if there is one."""
        for mode in ("plain", "hashed", "dropped"):
            row = make_row(replace(ENVELOPE, identity="mx1"), addresses=mode)
            self.assertEqual(body_of(row)["identity"], "mx1")
            self.assertTrue(found_by(row, "identity", "mx1"))
        self.assertNotIn("identity", body_of(make_row()))

    def test_no_message_id(self) -> None:
        """A message without an id has the same word in every mode, and is not found by it."""
        for mode in ("plain", "hashed", "dropped"):
            row = make_row(addresses=mode, message_id="undef")
            self.assertEqual(body_of(row)["message-id"], "undef")
            self.assertFalse(found_by(row, "message-id", "undef"))

    def test_not_scanned(self) -> None:
        """Why; and the list says so in place of a score."""
        self.assertNotIn("unscanned", body_of(make_row()))
        row = body_of(make_row(unscanned="size"))
        self.assertEqual(row["unscanned"], "size")
        self.assertIn("  not scanned  ", row_line("0123456789ab", row))

    def test_rewritten_subject(self) -> None:
        """The subject is the one that came; the new one is in the trace."""
        row = make_row(action=Action.REWRITE_SUBJECT, subject_="x")
        self.assertEqual(body_of(row)["subject"], "a subject")
        self.assertEqual(detail_of(row)["new_subject"], "x")

    def test_octets_that_are_no_text(self) -> None:
        """Lone surrogates do not lose the row."""
        row = body_of(make_row(summary=Summary(subject="a\udc80b")))
        self.assertEqual(row["subject"], "a\ufffdb")

    def test_forced(self) -> None:
        """What a check decided."""
        self.assertEqual(body_of(make_row(forced_by="gtube"))["passthrough_module"], "gtube")


class TermTests(SynchronousTestCase):
    """What rows are found by."""

    def test_kinds(self) -> None:
        """Each thing by its kind, whatever the case; addresses by their domains, too."""
        row = make_row(replace(ENVELOPE, identity="mx1"))
        wanted: list[tuple[Kind, str]] = [
            ("action", "add header"),
            ("symbol", "ONE"),
            ("symbol", "two"),
            ("ip", "192.0.2.10"),
            ("user", "Alice"),
            ("identity", "mx1"),
            ("queue-id", "4BQ1"),
            ("message-id", "1@example.net"),
            ("from", "alice@EXAMPLE.net"),
            ("from", "@example.net"),
            ("to", "bob@example.org"),
            ("to", "@example.com"),
            ("address", "alice@example.net"),
            ("address", "@example.org"),
        ]
        for kind, value in wanted:
            self.assertTrue(found_by(row, kind, value), (kind, value))
        self.assertFalse(found_by(row, "from", "bob@example.org"))
        self.assertFalse(found_by(row, "to", "alice@example.net"))
        self.assertEqual(len(row.terms), len(set(row.terms)))

    def test_null_sender(self) -> None:
        """A bounce is found by its empty sender, a message without one is not."""
        bounce = make_row(Envelope("milter", sender=""), summary=Summary())
        unknown = make_row(Envelope("milter"), summary=Summary())
        self.assertTrue(found_by(bounce, "from", ""))
        self.assertFalse(found_by(unknown, "from", ""))
        self.assertFalse(found_by(bounce, "from", "@"))

    def test_mapped(self) -> None:
        """An IPv4 address within IPv6 is found as what it is."""
        row = make_row(replace(ENVELOPE, client_ip=ip_address("::ffff:192.0.2.1")))
        self.assertTrue(found_by(row, "ip", "192.0.2.1"))

    def test_secret(self) -> None:
        """Terms say nothing without the secret, and are of one form."""
        for term in make_row().terms:
            self.assertRegex(term, rb"^[0-9a-f]{16}$")


class DetailTests(SynchronousTestCase):
    """The trace."""

    def test_checks(self) -> None:
        """What each check did."""
        detail = detail_of(make_row())
        self.assertEqual(
            detail["checks"],
            [
                {
                    "check": "one",
                    "stage": "main",
                    "at": 0.0001,
                    "took": 0.0005,
                    "symbols": ["ONE"],
                },
                {
                    "check": "two",
                    "stage": "post",
                    "at": 0.001,
                    "took": 0.0,
                    "symbols": ["TWO"],
                    "reads": ["one"],
                    "trouble": "no answer: time is spent",
                },
            ],
        )
        self.assertEqual([item["source"] for item in detail["trace"]], ["one", "one", "verdict"])
        self.assertEqual((detail["listener"], detail["recipients"]), ("milter", 2))

    def test_edits(self) -> None:
        """Edits as text; what cannot be told is named."""
        edits = (
            AddHeader("X-A", "a\nb"),
            ChangeHeader("X-B", "v", 2),
            RemoveHeader("X-C"),
            RemoveHeader("X-D", -1),
            ChangeSender("x@example.org"),
            AddRecipient("y@example.org"),
            RemoveRecipient("z@example.org"),
            ReplaceBody(b"12345"),
            AddHeader("bad name", "v"),
        )
        self.assertEqual(
            detail_of(make_row(edits=edits))["edits"],
            [
                "add header X-A: a b",
                "change header X-B (2): v",
                "remove header X-C (all)",
                "remove header X-D (-1)",
                "change sender: x@example.org",
                "add recipient: y@example.org",
                "remove recipient: z@example.org",
                "replace body: 5 octets",
                "left out: add header: bad name",
            ],
        )


class BoundTests(SynchronousTestCase):
    """Whatever a message and checks bring, a row fits."""

    def hostile(self, mode: str) -> Row:
        names = [f"S{number:0126d}" for number in range(2000)]
        return make_row(
            Envelope(
                "milter",
                helo=WIDE,
                hostname=WIDE,
                sender=WIDE,
                recipients=tuple(Recipient(f"{n}@{n}.{WIDE}") for n in range(5000)),
                user=WIDE,
                queue_id=WIDE,
                identity=WIDE[:128],
            ),
            subject=mode,
            addresses=mode,
            symbols=tuple(SymbolResult(n, 1.0, 1.0, "g", WIDE, (WIDE,) * 100) for n in names),
            smtp_message=WIDE * 100,
            subject_=WIDE * 100,
            message_id=WIDE * 100,
            edits=tuple(AddHeader(f"X-{n}", "\xff" * 1000) for n in range(300)),
            trace=tuple(TraceEntry(0.0, "check", WIDE, quotes=True) for _ in range(1000)),
            runs=tuple(CheckRun("c" * 60, "main", 0.0, 0.0, tuple(names)) for _ in range(500)),
            summary=Summary(
                tuple(f"{n}@f{n}.test" for n in range(100)),
                tuple(f"{n}@{n}.test" for n in range(100)),
                WIDE,
            ),
        )

    def test_bounds(self) -> None:
        """Body, trace and terms keep below their bounds, and so does the call."""
        for mode in ("plain", "hashed", "dropped"):
            row = self.hostile(mode)
            self.assertLessEqual(len(row.body), MAX_BODY)
            self.assertLessEqual(len(row.detail), MAX_DETAIL)
            self.assertLessEqual(len(row.terms), MAX_TERMS)
            HistoryAdd(row.row_id, [row], Limits(1, 60, 1))  # type: ignore[arg-type]
        row = self.hostile("plain")
        self.assertEqual(detail_of(row)["note"], "cut: too large to be kept whole")
        self.assertEqual(len(body_of(row)["symbols"]), 50)

    def test_many_recipients(self) -> None:
        """A message for many names some of them, and is found by more."""
        people = tuple(Recipient(f"p{number}@example.org") for number in range(1000))
        row = make_row(replace(ENVELOPE, recipients=people))
        self.assertEqual(len(body_of(row)["rcpt_smtp"]), 200)
        self.assertEqual(detail_of(row)["recipients"], 1000)
        self.assertTrue(found_by(row, "to", "p299@example.org"))
