"""Haraka reads replies to verdicts that no check of ours gives."""

from dataclasses import replace

from mailfilter.scan.verdict import AddHeader

from .client_case import MAIL, MESSAGE
from .every_case import EveryCase, EveryTests
from .haraka import Haraka
from .outcome import Fate
from .verdicts import ACTIONS, PLAIN, SHAPES, SIGNATURE

FATES: dict[str, Fate] = {
    "no action": "accepted",
    "greylist": "accepted",
    "add header": "marked",
    "rewrite subject": "marked",
    "soft reject": "deferred",
    "reject": "refused",
    "discard": "accepted",
    "quarantine": "accepted",
}


class HarakaTests(EveryTests, EveryCase):
    client = Haraka()
    fates = FATES

    def test_request(self) -> None:
        """What it sends that means nothing does no harm."""
        client = Haraka(flags="groups,zstd_,ext_urls")
        self.outcome(PLAIN, replace(MAIL, recipients=("b@c",), user="u"), client)
        envelope = self.asked()[0]
        self.assertEqual(envelope.flags, {"groups", "ext_urls", "pass_all"})
        self.assertEqual((envelope.deliver_to, envelope.user), ("b@c", "u"))

    def test_short_lines(self) -> None:
        """Each is a chunk, however many there are: an error would let the message in."""
        raw = MESSAGE + b"\r\n" * 20_000
        self.assertEqual(self.outcome(ACTIONS["reject"], replace(MAIL, raw=raw)).fate, "refused")

    def test_fields(self) -> None:
        """Several of one name are added; all are removed, whichever was meant."""
        outcome = self.outcome(SHAPES["several values"])
        self.assertEqual(outcome.added, (("X-A", "1"), ("X-A", "2"), ("X-B", "3")))
        outcome = self.outcome(SHAPES["forged results"])
        self.assertEqual(outcome.removed, ("Authentication-Results", "X-Spam"))

    def test_signatures(self) -> None:
        """One is added as it is, in the line ends of the message; of two it makes one field."""
        found = self.outcome(SHAPES["one signature"]).values("DKIM-Signature")
        self.assertEqual(found, [SIGNATURE.replace("\n", "\r\n")])
        (both,) = self.outcome(SHAPES["two signatures"]).values("DKIM-Signature")
        self.assertEqual(both.count("v=1"), 2)

    def test_one_letter_at_a_time(self) -> None:
        """It decodes by TCP segment: letters must be whole in each."""
        verdict = replace(PLAIN, edits=(AddHeader("X-A", "\u20ac"),), smtp_message="\u20ac")
        self.tell(verdict)
        (request,) = self.client.requests(MAIL)
        self.assertTrue(self.ask(request).isascii())
