"""Chains of ARC sets: what passes, and that nothing else does (specs: bad-input.md row 30)."""

from dataclasses import replace

from mailfilter.auth.arc_seal import Place
from mailfilter.mail import parse

from .arc_case import (
    ED,
    LIST,
    NAMES,
    NOW,
    OTHER,
    PASSED,
    RAW,
    ChainCase,
    hand_made,
    sealed,
    with_set,
)

REVOKED = replace(LIST, selector="revoked")
WRONG = replace(LIST, selector="wrong")
MISSING = replace(LIST, selector="missing")
FAILS = replace(LIST, selector="fails")


class PassTests(ChainCase):
    def test_none(self) -> None:
        self.assert_status(RAW, "none")
        self.assertEqual(self.rounds, [])

    def test_one(self) -> None:
        found = self.assert_status(sealed(), "pass")
        self.assertEqual((found.instance, found.oldest_pass), (1, 0))
        self.assertTrue(found.covers_author)
        (seal,) = found.seals
        self.assertEqual((seal.domain, seal.selector), ("list.test", "rsa"))

    def test_several(self) -> None:
        """Of all algorithms; all keys are asked for once, in one go."""
        raw = sealed(sealed(sealed(sealed(), OTHER), ED), LIST)
        found = self.assert_status(raw, "pass")
        self.assertEqual((found.instance, found.oldest_pass), (4, 0))
        self.assertEqual([seal.domain[:2] for seal in found.seals], ["li", "ot", "ed", "li"])
        (asked,) = self.rounds
        self.assertEqual(len(asked), 3)

    def test_needed_first(self) -> None:
        """The keys without which nothing passes are asked for before the others."""
        raw = sealed(hand_made(OTHER, LIST), LIST)
        found = self.assert_status(raw, "pass")
        self.assertEqual(found.oldest_pass, 0)
        (asked,) = self.rounds
        names = [question.name.partition("._domainkey.")[2] for question in asked]
        self.assertEqual(names, ["list.test", "other.test"])

    def test_any_order(self) -> None:
        raw = sealed(sealed(), OTHER)
        message = parse(raw).canonical
        head = b"".join([field.raw for field in reversed(message.fields)])
        moved = head + b"\r\n" + raw.partition(b"\r\n\r\n")[2]
        # The order of From and To changes nothing, too.
        self.assert_status(moved, "pass")

    def test_refolded(self) -> None:
        raw = sealed().replace(b"\r\n\t", b"\r\n   ").replace(b"ARC-Seal:", b"arc-seal: ")
        self.assert_status(raw, "pass")

    def test_oldest_pass(self) -> None:
        """A list has changed body or fields: later sets still tell of earlier ones."""
        for old, new in ((b"and more", b"and more\r\n-- \r\nlist"), (b"Cats", b"[list] Cats")):
            raw = sealed(sealed(sealed()).replace(old, new), OTHER)
            found = self.assert_status(sealed(raw), "pass")
            self.assertEqual((found.instance, found.oldest_pass), (4, 3))

    def test_oldest_pass_without_key(self) -> None:
        """That of an older signature is no condition."""
        raw = sealed(hand_made(MISSING))
        self.assertEqual(self.assert_status(raw, "pass").oldest_pass, 2)
        raw = sealed(hand_made(FAILS))
        self.assertEqual(self.assert_status(raw, "pass").oldest_pass, 2)
        self.assert_status(hand_made(MISSING), "fail", "AMS of i=1: there is no key")
        self.assertEqual(self.assert_status(sealed(hand_made(OTHER)), "pass").oldest_pass, 0)

    def test_author(self) -> None:
        """Whether From is covered is for those who believe what the chain says of it."""
        self.assertFalse(self.assert_status(sealed(names=(b"to",)), "pass").covers_author)
        twice = b"From: eve@other.test\r\n" + RAW
        raw = sealed(twice, names=(b"from",))
        self.assertFalse(self.assert_status(raw, "pass").covers_author)
        raw = sealed(twice, names=(b"from", b"from"))
        self.assertTrue(self.assert_status(raw, "pass").covers_author)

    def test_most(self) -> None:
        """Fifty sets pass, with a turn for others in between, and no more."""
        raw = RAW
        for _ in range(50):
            raw = sealed(raw)
        self.assertEqual(self.assert_status(raw, "pass").instance, 50)
        self.assertGreaterEqual(self.pauses, 24)
        place = Place(51, "pass", ())
        raw = with_set(raw, LIST, place, results=PASSED, names=NAMES, time=NOW)
        self.rounds.clear()
        self.assert_status(raw, "invalid", "more than 50 fields AAR")
        self.assertEqual(self.rounds, [])


class FailTests(ChainCase):
    """Everything that is changed is found."""

    def test_changed(self) -> None:
        raw = sealed(sealed(), OTHER)
        for old, new, reason in (
            (b"and more", b"and less", "AMS of i=2: the body has changed"),
            (b"Cats", b"Rats", "AMS of i=2 does not verify"),
            (b"header.from=author.test", b"header.from=aut.test", "AS of i=2 does not verify"),
            (b"cv=none", b"cv=none; x=y", "AS of i=2 does not verify"),
            (b"From:", b"From: eve@a.test\r\nFrom:", "AMS of i=2 does not verify"),
        ):
            self.assert_status(raw.replace(old, new, 1), "fail", reason)

    def test_old_results(self) -> None:
        """Those of the first hop are under all seals."""
        first = sealed()
        raw = sealed(first.replace(b"spf=fail", b"spf=pass"), OTHER)
        self.assert_status(raw, "fail", "AS of i=1 does not verify")

    def test_left_out(self) -> None:
        """A set in the middle, or all but the last."""
        one = sealed()
        three = sealed(sealed(one, OTHER), ED)
        top = three[: three.index(b"ARC-Seal", 1)]
        self.assert_status(top + one, "invalid", "AAR of instance 2 is missing")
        self.assert_status(top + RAW, "invalid", "AAR of instance 1 is missing")

    def test_of_other_message(self) -> None:
        """A whole chain on top of another message."""
        chain = sealed(sealed()).removesuffix(RAW)
        self.assert_status(chain + b"From: a@b.test\r\n\r\nx\r\n", "fail", "the body has changed")

    def test_claims(self) -> None:
        """What seals say of the chain before them."""
        for raw, status, reason in (
            (sealed(validation="pass"), "invalid", "AS of i=1 has cv=pass, not none"),
            (sealed(validation="fail"), "invalid", "AS of i=1 has cv=fail, not none"),
            (sealed(sealed(validation="fail")), "invalid", "AS of i=1 has cv=fail, not none"),
            (sealed(sealed(), validation="none"), "fail", "AS of i=2 has cv=none, not pass"),
            (sealed(sealed(), validation="fail"), "fail", "had failed already at i=2"),
            (sealed(sealed(sealed(), validation="fail")), "fail", "AS of i=2 has cv=fail, not"),
        ):
            self.assert_status(raw, status, reason)
        self.assertEqual(self.rounds, [])

    def test_keys(self) -> None:
        for key, reason in (
            (REVOKED, "AMS of i=1: the key is revoked"),
            (WRONG, "AMS of i=1 does not verify"),
            (MISSING, "AMS of i=1: there is no key"),
            (replace(ED, domain="list.test", selector="rsa"), "the key is one of rsa"),
        ):
            self.assert_status(sealed(key=key), "fail", reason)
            self.assertEqual(self.verify(sealed(sealed(key=key))).status, "fail")

    def test_dns(self) -> None:
        self.assert_status(sealed(key=FAILS), "temperror", "AMS of i=1: ")
        self.assert_status(sealed(sealed(key=FAILS)), "temperror", "AS of i=1: ")
        # What is broken anyway is not for tomorrow.
        raw = sealed(sealed(key=FAILS)).replace(b"Cats", b"Rats")
        self.assert_status(raw, "fail", "AMS of i=2 does not verify")

    def test_times(self) -> None:
        self.assert_status(sealed(time=NOW + 60), "pass")
        self.assert_status(sealed(time=NOW + 61), "fail", "is of a time to come")
        raw = hand_made(x=str(NOW))
        self.assertEqual(self.verify(raw, NOW + 60).status, "pass")
        self.assertIn("has expired", self.verify(raw, NOW + 61).reason)

    def test_changed_body_asks_nothing(self) -> None:
        self.assert_status(sealed().replace(b"and more", b"and less"), "fail")
        self.assertEqual(self.rounds, [])

    def test_part_of_body(self) -> None:
        """What is behind it may be anybody's."""
        self.assert_status(hand_made(l="4"), "fail", "l= covers 4 of 23 octets of the body")
        self.assert_status(hand_made(l="0"), "fail", "l= covers 0 of 23 octets of the body")
        self.assert_status(hand_made(l="24"), "fail", "l= covers 24 of 23 octets of the body")
        self.assert_status(hand_made(l="23"), "pass")
        # An older one does not count.
        for length, oldest in (("4", 2), ("0", 2), ("23", 0)):
            found = self.assert_status(sealed(hand_made(l=length)), "pass")
            self.assertEqual(found.oldest_pass, oldest)

    def test_sha1(self) -> None:
        self.assert_status(hand_made(a="rsa-sha1", bh="A" * 27 + "="), "fail", "is too weak")

    def test_cut_header(self) -> None:
        """Nobody knows what there is behind."""
        raw = sealed().replace(b"Subject:", b"X: y\r\n" * 3000 + b"Subject:")
        self.assertTrue(parse(raw).canonical.is_cut)
        self.assert_status(raw, "invalid", "the header cannot be read whole")
        for odd in (b": odd\r\n", b"X: y\rz\r\n"):
            raw = sealed().replace(b"Subject:", odd + b"Subject:")
            self.assert_status(raw, "invalid", "the header cannot be read whole")


class InvalidTests(ChainCase):
    def test_fields(self) -> None:
        raw = sealed()
        for old, new, reason in (
            (b"ARC-Seal: i=1", b"ARC-Seal: i=0", "AS has no instance"),
            (b"ARC-Seal: i=1", b"ARC-Seal: i=1000000000", "AS has no instance"),
            (b"cv=none", b"cv=nonsense", 'AS of i=1: cv="nonsense" is not known'),
            (b"cv=none", b"", "AS"),
            (b"a=rsa-sha256", b"a=rsa-sha1", "AS of i=1: rsa-sha1 is too weak"),
            (b"d=list.test", b"d=list", "AS of i=1: "),
            (b"s=rsa;", b"s=rsa; h=from;", "AS of i=1: it has h="),
            (b"s=rsa;", b"s=rsa; bh=YQ==;", "AS of i=1: it has bh="),
            (b"t=1700000000", b"t=x", "AS of i=1: t="),
            (b"t=1700000000", b"t=1; t=2", "AS of i=1: "),
            (b"h=from", b"h=from; h=from", "AMS of i=1: "),
            (b"\tbh=", b"\txx=", "AMS of i=1: no bh="),
            (b"h=from", b"h=arc-seal:from", "AMS of i=1: h= has ARC-Seal"),
        ):
            self.assertIn(old, raw)
            self.assert_status(raw.replace(old, new, 1), "invalid", reason)
        self.assertEqual(self.rounds, [])
