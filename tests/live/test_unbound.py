"""The resolver of the tests is what they take it for, as a program of others sees it."""

import re

from twisted.trial.unittest import TestCase

from . import unbound


class UnboundTests(TestCase):
    """It validates, and asks nobody."""

    def _told(self, *words: str, validates: bool = True) -> tuple[str, bool, int]:
        """Code, whether it is authentic, and how many records it has."""
        text = unbound.shared(validates=validates).drill(*words)
        rcode = re.findall(r"rcode: (\w+)", text)[0]
        flags, answers = re.findall(r"flags: ([a-z ]+);.* ANSWER: (\d+)", text)[0]
        return rcode, "ad" in flags.split(), int(answers)

    def test_signed(self) -> None:
        """From the root down to the zone; that something is not there is proven, too."""
        self.assertEqual(self._told("-D", ".", "SOA"), ("NOERROR", True, 2))
        self.assertEqual(self._told("-D", "www.signed.test", "A"), ("NOERROR", True, 2))
        self.assertEqual(self._told("-D", "no.signed.test", "A"), ("NXDOMAIN", True, 0))

    def test_unsigned(self) -> None:
        """Nothing proves it."""
        self.assertEqual(self._told("www.plain.test", "A"), ("NOERROR", False, 2))
        self.assertEqual(self._told("far.signed.test", "A"), ("NOERROR", False, 3))

    def test_forged(self) -> None:
        """Who validates does not pass it on."""
        self.assertEqual(self._told("www.broken.test", "A"), ("SERVFAIL", False, 0))
        told = self._told("-D", "www.broken.test", "A", validates=False)
        self.assertEqual(told, ("NOERROR", False, 2))

    def test_too_big_for_a_datagram(self) -> None:
        """Over TCP it is whole."""
        self.assertEqual(self._told("-t", "big.plain.test", "TXT"), ("NOERROR", False, 40))
