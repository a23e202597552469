"""Messages that are no mail but text (flag `raw`)."""

from dataclasses import replace

from mailfilter.checks import BUILT_IN
from mailfilter.scan.check import Hit
from mailfilter.scan.task import Task

from .case import ENVELOPE, ScanCase, doing

TEXT = b"From: nobody\n\nXJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X\n"
RAW = replace(ENVELOPE, flags=frozenset({"raw"}), subject="hello")


class TextTests(ScanCase):
    def test_has_no_header(self) -> None:
        """All of it is the text, and the subject is what is told beside it."""
        seen: list[Task] = []

        def look(task: Task) -> list[Hit]:
            seen.append(task)
            return []

        verdict = self.scan(doing("look", look), envelope=RAW, raw=TEXT)
        (task,) = seen
        message = task.message
        self.assertFalse(message.is_mail)
        self.assertEqual(0, len(message.headers))
        self.assertEqual("hello", message.subject)
        self.assertEqual([TEXT], [part.raw_body for part in message.text_parts])
        self.assertEqual(("undef", "hello"), (verdict.message_id, verdict.summary.subject))
        self.scan(doing("look", look), envelope=ENVELOPE, raw=TEXT)
        self.assertTrue(seen[1].message.is_mail)

    def test_what_every_mail_has(self) -> None:
        """Nobody misses that; what is in the text is found."""
        verdict = self.scan(*BUILT_IN, envelope=RAW, raw=b"some text\n")
        self.assertEqual(["RCPT_COUNT_ZERO"], self.names(verdict))
        verdict = self.scan(*BUILT_IN, envelope=RAW, raw=TEXT)
        self.assertIn("GTUBE", self.names(verdict))
