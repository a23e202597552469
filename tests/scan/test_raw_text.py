"""Text that is no mail: the flag `raw`, which the header `Raw: yes` means."""

from dataclasses import replace

from mailfilter.checks import BUILT_IN
from mailfilter.mail import Message, parse_text
from mailfilter.scan.task import Task

from .case import ENVELOPE, ScanCase, doing

TEXT = b"Subject: no header\nContent-Type: text/html\n\n<b>caf\xc3\xa9</b>\n"
GTUBE = b"From: nobody\n\nXJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X\n"


class TextTests(ScanCase):
    def test_message(self) -> None:
        """All of it is text, and none of it a header."""
        for raw in (TEXT, b"", b"\n\nx", b"Message-ID: <a@b>\n\n"):
            message = parse_text(raw, "told")
            (part,) = message.leaves
            self.assertEqual("text/plain", part.type)
            self.assertEqual((raw, raw.decode()), (part.raw_body, part.text))
            self.assertEqual(("told", None), (message.subject, message.message_id))
        self.assertIsNone(parse_text(TEXT).subject)

    def test_scan(self) -> None:
        """Checks see it so, with the subject that was told beside it."""
        seen: list[Message] = []

        def look(task: Task) -> tuple[()]:
            seen.append(task.message)
            return ()

        for flags, subject in (({"raw"}, "told"), (set(), "no header")):
            envelope = replace(ENVELOPE, flags=frozenset(flags), subject="told")
            self.scan(doing("look", look), envelope=envelope, raw=TEXT)
            self.assertEqual(subject, seen[-1].subject)
        self.assertEqual([False, True], [message.is_mail for message in seen])
        as_text, as_mail = (message.leaves[0] for message in seen)
        self.assertEqual(TEXT.decode(), as_text.text)
        self.assertEqual("text/html", as_mail.type)

    def test_what_every_mail_has(self) -> None:
        """Nobody misses that; what is in the text is found."""
        envelope = replace(ENVELOPE, flags=frozenset({"raw"}))
        verdict = self.scan(*BUILT_IN, envelope=envelope, raw=b"some text\n")
        self.assertEqual([], self.names(verdict))
        self.assertEqual("undef", verdict.message_id)
        self.assertIn("GTUBE", self.names(self.scan(*BUILT_IN, envelope=envelope, raw=GTUBE)))
