"""The real spamc teaches the filter."""

from .harness import Filter, message_file
from .learning_filter import learning_filter
from .spamc_case import EX_IOERR, HAM, SpamcCase

SPAM = message_file("gtube-reject.eml")
LEARNED = b"Message successfully un/learned\n"
KNOWN = b"Message was already un/learned\n"


class SpamcTellTests(SpamcCase):
    """-L and -C."""

    def make_filter(self) -> Filter:
        """See `LiveCase`."""
        return learning_filter()

    def tell(self, *options: str, message: bytes = HAM) -> bytes:
        """What it prints of a request to learn."""
        where = ("-d", "127.0.0.1", "-p", str(learning_filter().learns))
        return self.spamc("-x", *options, message=message, where=where).output

    def test_learn(self) -> None:
        """Learned once, corrected, forgotten."""
        for label, expected in (
            ("spam", LEARNED),
            ("spam", KNOWN),
            ("ham", LEARNED),
            ("ham", KNOWN),
            ("forget", LEARNED),
            ("forget", KNOWN),
            ("ham", LEARNED),
        ):
            self.assertEqual(self.tell("-L", label), expected, label)
        self.assertEqual(self.tell("-L", "spam", message=SPAM), LEARNED)

    def test_report(self) -> None:
        """It is learned, and reported to nobody, as spamc says."""
        unable = b"Unable to report/revoke message\n"
        message = HAM.replace(b"Subject: ", b"Subject: reported ")
        self.assertEqual(self.tell("-C", "report", message=message), unable)
        self.assertEqual(self.tell("-L", "spam", message=message), KNOWN)
        self.assertEqual(self.tell("-C", "revoke", message=message), unable)
        self.assertEqual(self.tell("-L", "ham", message=message), KNOWN)

    def test_not_here(self) -> None:
        """The other listeners learn nothing."""
        ran = self.spamc("-x", "-L", "spam")
        self.assertEqual((ran.code, ran.output), (EX_IOERR, b""))
