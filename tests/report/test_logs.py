"""Log lines: one line per event, whatever is in it, as text and as JSON."""

import io
import json
from dataclasses import replace
from ipaddress import ip_address
from typing import cast

from hypothesis import given, settings
from hypothesis.strategies import characters, text
from twisted.logger import (
    ILogObserver,
    LogEvent,
    Logger,
    LogLevel,
    LogPublisher,
    globalLogPublisher,
)
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.config.model import Log
from mailfilter.report.logline import ScanLine, log_scan
from mailfilter.report.logs import line_observer
from mailfilter.scan.envelope import Envelope, Recipient
from mailfilter.scan.verdict import Action, SymbolResult, Verdict

ENVELOPE = Envelope(
    listener="milter",
    client_ip=ip_address("192.0.2.1"),
    helo="client.example",
    sender="a@example.org",
    recipients=(Recipient("b@example.net"), Recipient("c@example.net")),
    user="joe",
    queue_id="4ABC",
)
VERDICT = Verdict(
    action=Action.ADD_HEADER,
    score=7.5,
    required_score=15.0,
    thresholds=(),
    trace_id="0123456789ab",
    symbols=(SymbolResult("A", 7.5, 5.0, options=("x", "two words")), SymbolResult("B", 0.0, 0.0)),
    message_id="1@example.org",
    size=1234,
    elapsed=0.0123,
)


class LineCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.stream = io.StringIO()

    def logger(self, log: Log) -> Logger:
        publisher = LogPublisher(line_observer(self.stream, log))
        return Logger(namespace="test", observer=publisher)

    def text_of(self, envelope: Envelope, verdict: Verdict) -> str:
        self.logger(Log()).info("{scan}", scan=ScanLine(envelope, verdict))
        return self.stream.getvalue()

    def json_of(self, envelope: Envelope, verdict: Verdict) -> dict[str, object]:
        self.logger(Log(format="json")).info("{scan}", scan=ScanLine(envelope, verdict))
        record: dict[str, object] = json.loads(self.stream.getvalue())
        return record


class ScanLineTests(LineCase):
    def test_text(self) -> None:
        line = self.text_of(ENVELOPE, VERDICT)
        self.assertEqual(
            line.split(" ", 1)[1],
            "info scan qid=4ABC mid=1@example.org from=a@example.org"
            ' rcpt="b@example.net,c@example.net" ip=192.0.2.1 user=joe helo=client.example'
            ' action="add header" score=7.50/15.00 symbols=[A(7.50){x,"two words"},B(0.00)]'
            " time=12.3ms size=1234 listener=milter trace=0123456789ab\n",
        )

    def test_what_the_client_calls_it(self) -> None:
        """First and last of what is told of the envelope."""
        line = self.text_of(replace(ENVELOPE, log_tag="x 1", filename="a.eml"), VERDICT)
        self.assertIn(' info scan tag="x 1" qid=4ABC ', line)
        self.assertIn(' action="add header" file=a.eml score=', line)

    def test_identity(self) -> None:
        """Who the other side is, if it has shown that; a name of the configuration may be odd."""
        line = self.text_of(replace(ENVELOPE, identity="mx 1"), VERDICT)
        self.assertIn(' helo=client.example identity="mx 1" action="add header" ', line)
        self.stream.seek(self.stream.truncate(0))
        self.assertEqual(
            self.json_of(replace(ENVELOPE, identity="mx1"), VERDICT)["identity"], "mx1"
        )

    def test_nothing_if_the_client_wants_none(self) -> None:
        events: list[LogEvent] = []
        observer = cast(ILogObserver, events.append)
        globalLogPublisher.addObserver(observer)
        self.addCleanup(globalLogPublisher.removeObserver, observer)
        log_scan(replace(ENVELOPE, flags=frozenset({"no_log"})), VERDICT)
        self.assertEqual(events, [])
        log_scan(ENVELOPE, VERDICT)
        self.assertEqual(len(events), 1)

    def test_long_texts_in_json(self) -> None:
        long = "x" * 10_000
        envelope = replace(ENVELOPE, log_tag=long, filename=long, queue_id=long, helo=long)
        record = self.json_of(replace(envelope, user=long, sender=long), VERDICT)
        for key in ("tag", "file", "queue_id", "helo", "user", "sender"):
            self.assertEqual(record[key], long[:512], key)

    def test_json(self) -> None:
        envelope = replace(ENVELOPE, log_tag="x1", filename="a.eml")
        record = self.json_of(envelope, VERDICT)
        del record["ts"]
        self.assertEqual(
            record,
            {
                "level": "info",
                "system": "test",
                "event": "scan",
                "tag": "x1",
                "queue_id": "4ABC",
                "message_id": "1@example.org",
                "sender": "a@example.org",
                "recipients": ["b@example.net", "c@example.net"],
                "recipient_count": 2,
                "ip": "192.0.2.1",
                "helo": "client.example",
                "user": "joe",
                "identity": None,
                "action": "add header",
                "forced_by": None,
                "profile": None,
                "unscanned": None,
                "file": "a.eml",
                "score": 7.5,
                "required_score": 15.0,
                "symbols": [
                    {"name": "A", "score": 7.5, "options": ["x", "two words"]},
                    {"name": "B", "score": 0.0, "options": []},
                ],
                "time": 0.0123,
                "size": 1234,
                "listener": "milter",
                "trace": "0123456789ab",
            },
        )

    def test_injection(self) -> None:
        """A stranger's text cannot end the line, nor pass for another field."""
        nasty = '\r\n2026 info scan action=reject" action=x \x1b[2J'
        envelope = replace(ENVELOPE, sender=nasty, helo=nasty, queue_id=nasty, user=nasty)
        envelope = replace(envelope, log_tag=nasty, filename=nasty)
        line = self.text_of(envelope, replace(VERDICT, message_id=nasty))
        self.assertEqual(line.count("\n"), 1)
        self.assertTrue(line[:-1].isprintable())
        self.assertEqual(line.count(' action="add header" '), 1)
        self.assertNotIn(" action=x", line.replace('\\" action=x', ""))

    def test_many_recipients(self) -> None:
        recipients = tuple(Recipient(f"u{index}@example.net") for index in range(1000))
        line = self.text_of(replace(ENVELOPE, recipients=recipients), VERDICT)
        self.assertLess(len(line), 2000)

    @settings(derandomize=True, max_examples=100, deadline=None)
    @given(text(characters(exclude_categories=()), max_size=50))
    def test_json_is_one_ascii_line(self, nasty: str) -> None:
        self.stream = io.StringIO()
        self.json_of(replace(ENVELOPE, sender=nasty), VERDICT)
        line = self.stream.getvalue()
        self.assertTrue(line.isascii() and line[:-1].isprintable() and line.endswith("\n"))


class EventTests(LineCase):
    def test_level(self) -> None:
        log = self.logger(Log(level="warn"))
        log.info("one")
        log.warn("two")
        self.assertIn(" warn two\n", self.stream.getvalue())
        self.assertNotIn("one", self.stream.getvalue())

    def test_traceback(self) -> None:
        try:
            raise ValueError("a\nb")
        except ValueError:
            self.logger(Log()).failure("it broke", Failure())
        first, *rows = self.stream.getvalue().splitlines()
        self.assertTrue(first.endswith(f" {LogLevel.critical.name} it broke"))
        self.assertTrue(rows)
        self.assertEqual([row for row in rows if not row.startswith("  | ")], [])

    def test_traceback_in_json(self) -> None:
        try:
            raise ValueError("x")
        except ValueError:
            self.logger(Log(format="json")).failure("it broke", Failure())
        record = json.loads(self.stream.getvalue())
        self.assertEqual(record["message"], "it broke")
        self.assertIn("ValueError: x", record["traceback"])

    def test_control_characters(self) -> None:
        self.logger(Log()).info("{text}", text="a\nb")
        self.assertTrue(self.stream.getvalue().endswith(" info a\\nb\n"))
