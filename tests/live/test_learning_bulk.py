"""mailfilterc teaches what is in folders and mailboxes, and mailfilteradm takes it back."""

import json
import mailbox
import re
from pathlib import Path
from typing import Any

from .harness import Filter, LiveCase
from .learning_filter import LearningFilter
from .mailfilterc import mailfilterc
from .processes import private_directory, wait_until

EACH = 40
"""Messages of a folder, a Maildir or an mbox."""


def message(kind: str, number: int) -> bytes:
    """One of many that differ."""
    return (
        f"From: {kind}{number}@example.org\nSubject: {kind} {number}\n"
        f"Message-ID: <{number}@{kind}.example.org>\n\nSome {kind} words, number {number}.\n"
    ).encode()


class BulkTests(LiveCase):
    """Each with a filter of its own."""

    def make_filter(self) -> Filter:
        """See `LiveCase`."""
        made = LearningFilter()
        self.addCleanup(made.stop)
        return made

    def setUp(self) -> None:
        super().setUp()
        self.folder = Path(private_directory())
        (self.folder / "junk").mkdir()
        for number in range(EACH):
            (self.folder / "junk" / f"{number}.eml").write_bytes(message("junk", number))
        maildir = mailbox.Maildir(str(self.folder / "Maildir"))
        mbox = mailbox.mbox(str(self.folder / "mbox"))
        for number in range(EACH):
            maildir.add(message("friend", number))
            mbox.add(message("work", number))
        mbox.close()

    def teach(self, *arguments: str) -> str:
        """Run mailfilterc; what it prints."""
        address = f"127.0.0.1:{self.filter.controller}"
        ran = mailfilterc("-h", address, *arguments, cwd=str(self.folder))
        self.assertEqual((ran.code, ran.told), (0, ""), ran)
        return ran.text

    def learned(self) -> dict[str, int]:
        """How many messages of each class the filter has learned."""
        ran = mailfilterc("-h", f"127.0.0.1:{self.filter.controller}", "--json", "stat")
        found: dict[str, Any] = json.loads(ran.text)
        return {each["symbol"]: each["revision"] for each in found["statfiles"]}

    def administer(self, *arguments: str) -> str:
        """Run mailfilteradm; what it prints."""
        ran = self.filter.adm(*arguments)
        self.assertEqual(ran.returncode, 0, ran)
        return str(ran.stdout)

    def test_all(self) -> None:
        """Everything is learned once, and all that one source taught is undone."""
        told = self.teach("learn_spam", "junk")
        self.assertEqual(len(re.findall(r"success = true", told)), EACH)
        self.teach("learn_ham", "Maildir", "mbox")
        self.assertEqual(self.learned(), {"BAYES_SPAM": EACH, "BAYES_HAM": 2 * EACH})
        rows = json.loads(self.administer("learn", "list", "--json", "--limit", "0"))
        self.assertEqual(len(rows), 3 * EACH)
        self.assertEqual({row["by"] for row in rows}, {"loopback"})
        self.assertIn(f"{3 * EACH} undone", self.administer("learn", "undo", "--by", "loopback"))
        self.await_counts({"BAYES_SPAM": 0, "BAYES_HAM": 0})
        self.teach("learn_spam", "junk/1.eml")
        self.await_counts({"BAYES_SPAM": 1, "BAYES_HAM": 0})

    def await_counts(self, expected: dict[str, int]) -> None:
        """The filter hears of what others appended within seconds."""
        wait_until(lambda: self.learned() == expected, f"expected {expected}")
