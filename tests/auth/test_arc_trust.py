"""What trusted sealers say of DMARC, and that nobody else is believed."""

from mailfilter.auth.arc_trust import dmarc_passed

from .arc_case import LIST, NAMES, OTHER, PASSED, RAW, ChainCase, sealed

FAILED = "mx.other.test; dmarc=fail header.from=author.test"
FORGED = PASSED.replace("author", "victim")


class TrustTests(ChainCase):
    def passed(self, raw: bytes, *trusted: str) -> str | None:
        """The author's domain that those who are trusted vouch for."""
        return dmarc_passed(self.assert_status(raw, "pass"), trusted.__contains__)

    def test_newest(self) -> None:
        self.assertEqual(self.passed(sealed(), "list.test"), "author.test")
        self.assertIsNone(self.passed(sealed()))
        self.assertIsNone(self.passed(sealed(results=FAILED), "list.test"))

    def test_below(self) -> None:
        """What a trusted list has found before the message was changed."""
        raw = sealed(sealed().replace(b"Cats", b"[x] Cats"), OTHER, FAILED)
        self.assertEqual(self.passed(raw, "list.test", "other.test"), "author.test")
        # Whoever came later may have made up the set below it only with its key, but also have
        # put it on top of any message.
        self.assertIsNone(self.passed(raw, "list.test"))
        self.assertIsNone(self.passed(raw, "other.test"))

    def test_untrusted_first_hop(self) -> None:
        """A sender may seal what it likes."""
        raw = sealed(sealed(key=OTHER, results=FORGED), LIST, FAILED)
        self.assertIsNone(self.passed(raw, "list.test"))
        raw = sealed(sealed(key=OTHER, results=FORGED), LIST, PASSED)
        self.assertEqual(self.passed(raw, "list.test"), "author.test")

    def test_newest_counts(self) -> None:
        raw = sealed(sealed(results=FORGED), OTHER, PASSED)
        self.assertEqual(self.passed(raw, "list.test", "other.test"), "author.test")

    def test_unreadable(self) -> None:
        """It says nothing, and hides nothing."""
        raw = sealed(results="mx.list.test; dmarc=pass header.from=author.test (")
        self.assertIsNone(self.passed(raw, "list.test"))
        raw = sealed(sealed(), OTHER, "mx.other.test; (")
        self.assertEqual(self.passed(raw, "list.test", "other.test"), "author.test")

    def test_failed_chain(self) -> None:
        found = self.verify(sealed().replace(b"Cats", b"Rats"))
        self.assertEqual(found.status, "fail")
        self.assertIsNone(dmarc_passed(found, lambda _: True))

    def test_author_not_covered(self) -> None:
        """Anybody could have written From."""
        self.assertIsNone(self.passed(sealed(names=NAMES[2:]), "list.test"))
        twice = b"From: eve@victim.test\r\n" + RAW
        self.assertIsNone(self.passed(sealed(twice, names=(b"from",)), "list.test"))
