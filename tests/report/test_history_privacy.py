"""What is hashed or dropped is nowhere in a row, whoever quotes it."""

import tracemalloc
from dataclasses import replace
from ipaddress import ip_address
from itertools import product
from typing import ClassVar

from mailfilter.checks.from_envfrom import FromEnvfrom
from mailfilter.checks.mime_good import MimeGood
from mailfilter.checks.to_names import ToNames
from mailfilter.config.model import HistorySettings
from mailfilter.report.history_row import row_of
from mailfilter.report.privacy import Hasher, Kind, Masks, stricter
from mailfilter.scan.check import Check, Findings, Force, Hit, Note, Symbol
from mailfilter.scan.envelope import Envelope, Recipient
from mailfilter.scan.task import Task
from mailfilter.scan.verdict import (
    Action,
    AddHeader,
    AddRecipient,
    ChangeHeader,
    ChangeSender,
    RemoveHeader,
    RemoveRecipient,
    Verdict,
)
from mailfilter.store.base import Row

from ..scan.case import ScanCase
from .history_case import HASHER, NOW, body_of, detail_of

MODES = ("plain", "hashed", "dropped")

ADDRESSES = (
    "needle-smtp-from",
    "needle-smtp-to",
    "needle-mime-from",
    "needle-mime-to",
    "needle-mime-cc",
    "needle-from-domain",
    "needle-to-domain",
    "needle-user",
    "needle-helo",
    "needle-host",
    "needle-mid",
)
SUBJECT = "needle-subject"
OTHERS = ("needle-body", "needle-name", "needle-field", "needle-gone")

RAW = b"""\
From: needle-name <needle-mime-from@needle-from-domain.test>
To: needle-name <needle-mime-to@needle-to-domain.test>
Cc: needle-mime-cc@needle-to-domain.test
Subject: needle-subject
Message-ID: <needle-mid@needle-from-domain.test>

needle-body
"""

ENVELOPE = Envelope(
    listener="milter",
    client_ip=ip_address("192.0.2.77"),
    helo="needle-helo.test",
    hostname="needle-host.test",
    sender="needle-smtp-from@needle-from-domain.test",
    recipients=(Recipient("Needle-SMTP-to@needle-to-domain.test"),),
    user="needle-user",
    queue_id="4BQUEUE",
)


class Parrot(Check):
    """Repeats everything that it hears, wherever it can."""

    name = "parrot"
    symbols: ClassVar = {"PARROT": Symbol(1.0, "test", "a check that quotes")}

    def run(self, task: Task) -> Findings:
        heard = task.message.raw.decode() + repr(task.envelope)
        words = tuple(heard.split())
        return [
            Hit("PARROT", options=words),
            Note(heard),
            Force(Action.REWRITE_SUBJECT, message=heard, subject=heard),
            AddHeader("X-Parrot", heard),
            ChangeHeader("Subject", heard),
            ChangeHeader("X-needle-field", "1"),
            RemoveHeader("X-needle-gone"),
            ChangeSender("needle-mime-from@needle-from-domain.test"),
            AddRecipient("needle-mime-to@needle-to-domain.test"),
            RemoveRecipient("needle-smtp-to@needle-to-domain.test"),
        ]


class Choking(Check):
    """Fails with the message in its mouth."""

    name = "choking"

    def run(self, task: Task) -> Findings:
        raise ValueError(task.message.raw.decode())


class PrivacyTests(ScanCase):
    """A message full of words that are easily recognised."""

    def setUp(self) -> None:
        super().setUp()
        self.verdict = self.scan(
            FromEnvfrom, MimeGood, ToNames, Parrot, Choking, envelope=ENVELOPE, raw=RAW
        )
        self.flushLoggedErrors(ValueError)

    def row(self, subject: str, addresses: str) -> Row:
        settings = HistorySettings(subject=subject, addresses=addresses)  # type: ignore[arg-type]
        return row_of(ENVELOPE, self.verdict, NOW, Masks(settings, HASHER))

    def found(self, row: Row) -> set[str]:
        """Which of the words are in a row."""
        octets = (row.body + row.detail + b"".join(row.terms)).lower()
        return {word for word in (*ADDRESSES, SUBJECT, *OTHERS) if word.encode() in octets}

    def test_plain(self) -> None:
        """As they are, all are there: the test can find them."""
        self.assertEqual(self.found(self.row("plain", "plain")), {*ADDRESSES, SUBJECT, *OTHERS})

    def test_all_modes(self) -> None:
        """What is not plain is not there; what may quote it is not, either."""
        for subject, addresses in product(MODES, MODES):
            if subject == addresses == "plain":
                continue
            expected = {SUBJECT} if subject == "plain" else set()
            expected |= set(ADDRESSES) if addresses == "plain" else set()
            self.assertEqual(self.found(self.row(subject, addresses)), expected)

    def test_fields(self) -> None:
        """Names of fields that are common, or that checks add, are there in every mode."""
        edits = (RemoveHeader("x-own"), AddHeader("X-Own", "1"), RemoveHeader("X-Other"))
        for mode, other in (("plain", "X-Other"), ("dropped", "?")):
            settings = HistorySettings(subject=mode)  # type: ignore[arg-type]
            verdict = replace(self.verdict, edits=(*edits, ChangeHeader("Subject", "new")))
            told = detail_of(row_of(ENVELOPE, verdict, NOW, Masks(settings, HASHER)))["edits"]
            names = [text.partition(" header ")[2].split()[0].rstrip(":") for text in told]
            self.assertEqual(names, ["x-own", "X-Own", other, "Subject"])

    def test_what_stays(self) -> None:
        """The client's address, the queue id, and what is ours: symbols, scores, times."""
        for mode in MODES:
            row = self.row(mode, mode)
            body, detail = body_of(row), detail_of(row)
            self.assertEqual((body["ip"], detail["queue_id"]), ("192.0.2.77", "4BQUEUE"))
            self.assertLessEqual({"PARROT", "CHOKING_FAIL"}, set(body["symbols"]))
            self.assertIn("rewrite subject: forced by check parrot", row.detail.decode())
            self.assertIn("no answer: ValueError", row.detail.decode())

    def test_hashed(self) -> None:
        """Equal values have equal hashes, others of another secret."""
        row = body_of(self.row("hashed", "hashed"))
        self.assertRegex(row["sender_smtp"], "^h:[0-9a-f]{16}$")
        mime_from = "needle-mime-from@needle-from-domain.test"
        self.assertEqual(row["sender_mime"], HASHER.masked(mime_from.upper()))
        self.assertIn(row["sender_mime"], row["symbols"]["FROM_NEQ_ENVFROM"]["options"])
        self.assertNotEqual(row["sender_mime"], Hasher(b"other").masked(mime_from))
        self.assertRegex(row["subject"], "^h:[0-9a-f]{16}$")

    def test_dropped(self) -> None:
        """Nothing is left of what is dropped, and nothing to find it by."""
        row = self.row("dropped", "dropped")
        body, detail = body_of(row), detail_of(row)
        self.assertEqual((body["sender_smtp"], body["rcpt_smtp"], body["rcpt_mime"]), ("", [], []))
        self.assertEqual((body["user"], body["subject"]), ("unknown", ""))
        self.assertNotIn("options", body["symbols"]["PARROT"])
        self.assertEqual((detail["helo"], detail["smtp_message"]), (None, None))
        for kind, value in self.terms():
            self.assertNotIn(HASHER.term(kind, value), row.terms)
        self.assertIn(HASHER.term("symbol", "PARROT"), row.terms)

    def test_hashed_is_found(self) -> None:
        """Filters work as they do with plain rows."""
        plain = self.row("plain", "plain").terms
        self.assertEqual(self.row("hashed", "hashed").terms, plain)
        for kind, value in self.terms():
            self.assertIn(HASHER.term(kind, value), plain)

    def terms(self) -> list[tuple[Kind, str]]:
        return [
            ("from", "needle-smtp-from@needle-from-domain.test"),
            ("to", "@needle-to-domain.test"),
            ("address", "needle-mime-cc@needle-to-domain.test"),
            ("user", "needle-user"),
            ("message-id", "needle-mid@needle-from-domain.test"),
        ]

    def test_empty_stays_empty(self) -> None:
        """What there is not has no hash."""
        settings = HistorySettings(subject="hashed", addresses="hashed")
        verdict = Verdict(Action.NO_ACTION, 0.0, 15.0, (), "0123456789ab")
        row = body_of(row_of(Envelope("http"), verdict, NOW, Masks(settings, HASHER)))
        self.assertEqual((row["sender_smtp"], row["subject"], row["user"]), ("", "", "unknown"))

    def test_stricter(self) -> None:
        """The order of the modes."""
        self.assertEqual(stricter("plain", "hashed"), "hashed")
        self.assertEqual(stricter("dropped", "hashed"), "dropped")

    def test_other_secrets(self) -> None:
        """A secret that somebody else has put into the store may be of any length."""
        terms = {Hasher(b"x" * size).term("user", "bob") for size in (0, 1, 32, 65, 1000)}
        self.assertEqual(len(terms), 5)

    def test_long_values(self) -> None:
        """Long values are hashed as others are, and memory keeps none of them."""
        hasher = Hasher(b"k" * 32)
        tracemalloc.start()
        self.addCleanup(tracemalloc.stop)
        before = tracemalloc.get_traced_memory()[0]
        for number in range(100):
            text = f"{number}" + "x" * 10_000
            self.assertEqual(hasher.term("user", text), hasher.term("user", text.upper()))
            self.assertEqual(hasher.masked(text), hasher.masked(text.upper()))
        self.assertLess(tracemalloc.get_traced_memory()[0] - before, 100_000)
