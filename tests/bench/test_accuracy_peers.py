"""Other filters are asked with the same mail, or it is said why not."""

from pathlib import Path

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from bench import accuracy, accuracy_peers
from bench.accuracy_mail import Mail
from bench.accuracy_scan import Scored
from mailfilter.checks.gtube import PATTERN_TAIL
from mailfilter.testing.messages import make_message


class PeerTests(SynchronousTestCase):
    """Two messages, of which one is what every filter refuses."""

    def setUp(self) -> None:
        """A message that is spam for a test, and one that is not."""
        folder = Path(self.mktemp())
        folder.mkdir()
        self.mails = []
        for name, text in (("ham", "hello"), ("spam", f"X{PATTERN_TAIL}")):
            path = folder / f"{name}.eml"
            path.write_bytes(make_message(text=text))
            self.mails.append(Mail(path, name, "test"))

    def found_by(self, name: str) -> list[Scored]:
        """What a peer finds; skips without it."""
        peer = next(peer for peer in accuracy_peers.PEERS if peer.name == name)
        if why := peer.why_missing():
            raise SkipTest(why)
        return list(peer.scan(self.mails))

    def test_rspamd(self) -> None:
        """It finds symbols of the content, and asks nobody."""
        ham, spam = self.found_by("rspamd")
        self.assertIn("MIME_GOOD", ham.symbols)
        self.assertLess(ham.score, 6.0)
        self.assertIn("GTUBE", spam.symbols)
        names = " ".join(ham.symbols)
        self.assertFalse([word for word in ("SPF", "DKIM", "DMARC", "RBL") if word in names])

    def test_spamassassin(self) -> None:
        """Its score is that of its own rules."""
        ham, spam = self.found_by("spamassassin")
        self.assertLess(ham.score, 5.0)
        self.assertAlmostEqual(ham.score, sum(ham.symbols.values()), places=1)
        self.assertGreater(spam.score, 100.0)
        self.assertIn("GTUBE", spam.symbols)

    def test_compare(self) -> None:
        """Each has a line; one that is not there is left out with the reason."""
        given = [Scored(mail, 7.0 * mail.is_spam, {}) for mail in self.mails]
        there = accuracy_peers.Peer("other", 9.0, lambda: "", lambda mails: iter(given))
        gone = accuracy_peers.Peer(
            "gone", 5.0, lambda: "no gone: not fetched", lambda mails: iter(())
        )
        self.patch(accuracy, "PEERS", (there, gone))
        path = Path(self.mktemp())
        lines = [" ".join(line.split()) for line in accuracy.compare(self.mails, given, path)]
        self.assertEqual(lines[1], "mailfilter 6 1 100.00 % 0 0.00 %")
        self.assertEqual(lines[2], "other 9 0 0.00 % 0 0.00 %")
        self.assertEqual(lines[3], "gone left out: no gone: not fetched")
        self.assertTrue(path.with_suffix(".other").exists())
