"""Signatures of DKIM: which verify, and what the others are told to be."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.auth.dkim import MAX_READ
from mailfilter.auth.dkim_values import Limits

from .dkim_case import NOW, RAW, VerifyCase, words
from .dkim_signer import ED25519, OTHER_RSA, RSA, sign

FORMS = ("simple/simple", "simple/relaxed", "relaxed/simple", "relaxed/relaxed")


def ed25519(raw: bytes = RAW, c: str = "relaxed/relaxed") -> bytes:
    """Signed by the other algorithm."""
    return sign(raw, ED25519, selector="ed", c=c)


class PassTests(VerifyCase):
    """What verifies."""

    def test_forms(self) -> None:
        """By both algorithms."""
        for c in FORMS:
            for raw in (sign(RAW, c=c), ed25519(c=c)):
                (found,) = self.verify(raw)
                self.assertEqual((found.result, found.reason, found.flags), ("pass", "", ()), c)
                assert found.signature is not None
                self.assertEqual(found.signature.domain, "signed.test")

    def test_line_ends(self) -> None:
        """A message with bare LF is signed as one with CRLF."""
        for c in FORMS:
            self.assert_result(sign(RAW, c=c).replace(b"\r\n", b"\n"), "pass")

    def test_changes(self) -> None:
        """What each form does not mind, and what it does."""
        for old, new, strictest in (
            (b"Subject: Cats", b"SUBJECT:  Cats ", "relaxed/simple"),
            (b"Cats\r\n  and  dogs", b"Cats and\r\n\tdogs", "relaxed/simple"),
            (b"Some  text ", b"Some text", "simple/relaxed"),
            (b"and more\r\n\r\n\r\n", b"and more\r\n", "simple/simple"),
            (b"Received: here", b"Received: there", "simple/simple"),
            (b"Cats", b"cats", ""),
            (b"Some", b"some", ""),
            (b"Some", b"So me", ""),
            (b"To: alice@other.test\r\n", b"", ""),
            (b"Subject:", b"Subject: other\r\nSubject:", "simple/simple"),
        ):
            for c in FORMS:
                strict = (strictest or "none/none").split("/")
                is_fine = bool(strictest) and all(
                    one in (form, "simple") for one, form in zip(strict, c.split("/"), strict=True)
                )
                changed = sign(RAW, c=c).replace(old, new)
                self.assert_result(changed, "pass" if is_fine else "fail")

    def test_reasons(self) -> None:
        signed = sign(RAW)
        self.assert_result(signed.replace(b"Some", b"some"), "fail", "the body has changed")
        self.assert_result(signed.replace(b"Cats", b"cats"), "fail", "does not verify")
        self.assert_result(sign(RAW, OTHER_RSA), "fail", "does not verify")

    def test_bodies(self) -> None:
        """None, empty ones, and such without a last line end."""
        header = RAW.partition(b"\r\n\r\n")[0] + b"\r\n"
        for body in (b"", b"\r\n", b"\r\n\r\n\r\n", b"\r\nx", b"\r\n \r\n \r\n", b"\r\n.\r\n"):
            for c in FORMS:
                self.assert_result(sign(header + body, c=c), "pass")

    def test_missing_fields(self) -> None:
        """Names of fields that are not there are signed as such (RFC 6376 5.4.2)."""
        names = "from:from:to:subject:subject:x-none:list-id"
        signed = sign(RAW, names=names)
        self.assert_result(signed, "pass")
        for field in (b"From: eve@bad.test\r\n", b"Subject: x\r\n", b"List-ID: <x>\r\n"):
            self.assert_result(field + signed, "fail")

    def test_other_signature_signed(self) -> None:
        """A signature may cover another one."""
        signed = sign(sign(RAW), selector="other", key=OTHER_RSA, names="from:dkim-signature")
        self.assertEqual(words(self.verify(signed)), ["pass", "pass"])
        first, _ = signed.split(b"DKIM-Signature:")[1:]
        self.assert_result(b"DKIM-Signature:" + first + RAW, "fail")

    def test_two_keys(self) -> None:
        """Of two at one name, in whatever order, either will do."""
        self.assert_result(sign(RAW, selector="two"), "pass")
        self.assert_result(sign(RAW, OTHER_RSA, selector="two"), "pass")

    def test_identity(self) -> None:
        """It is of the domain or of one below, unless the key is strict (RFC 6376 3.6.1)."""
        for selector, identity, result in (
            ("rsa", "@sub.signed.test", "pass"),
            ("rsa", "bob@signed.test", "pass"),
            ("strict", "bob@Signed.Test", "pass"),
            ("strict", "bob=40sub@signed.test", "pass"),
            ("strict", "@sub.signed.test", "permerror"),
            ("rsa", "@test", "permerror"),
            ("rsa", "@unsigned.test", "permerror"),
            ("rsa", "bob", "permerror"),
        ):
            self.assert_result(sign(RAW, selector=selector, tags={"i": identity}), result)
        self.assert_result(sign(RAW, selector="strict"), "pass")


class KeyTests(VerifyCase):
    """What stands in DNS, or does not."""

    def test_keys(self) -> None:
        for selector, result, reason in (
            ("nx", "permerror", "there is no key"),
            ("none", "permerror", "there is no key"),
            ("fails", "temperror", "fails._domainkey.signed.test TXT"),
            ("revoked", "permerror", "revoked"),
            ("web", "permerror", "not for mail"),
            ("sha1", "permerror", "not for sha256"),
            ("ed", "permerror", "one of ed25519, the signature of rsa"),
            ("a..b", "permerror", ""),
        ):
            self.assert_result(sign(RAW, selector=selector), result, reason)

    def test_body_has_changed(self) -> None:
        """No key that DNS may yet tell of makes that pass."""
        signed = sign(RAW, selector="fails")
        self.assert_result(signed.replace(b"Some", b"some"), "fail", "the body has changed")
        self.assert_result(b"From: eve@bad.test\r\n" + signed, "policy", "not all From fields")
        signed = sign(RAW, selector="fails", tags={"l": "4"})
        self.assert_result(signed, "policy", "l= is 4")

    def test_testing(self) -> None:
        """What fails is as if it were not there; what passes says so."""
        signed = sign(RAW, selector="testing")
        (found,) = self.verify(signed)
        self.assertEqual((found.result, found.flags), ("pass", ("testing",)))
        for old, new in ((b"Some", b"some"), (b"Cats", b"cats")):
            (found,) = self.verify(signed.replace(old, new))
            self.assertEqual((found.result, found.flags), ("neutral", ("testing",)))

    def test_one_is_testing(self) -> None:
        """Which of two keys was meant nobody knows."""
        for key in (RSA, OTHER_RSA):
            signed = sign(RAW, key, selector="mixed")
            self.assert_result(signed, "pass")
            self.assert_result(signed.replace(b"Cats", b"cats"), "neutral")

    def test_one_round(self) -> None:
        """All keys are asked for side by side, each once."""
        raw = sign(sign(ed25519(sign(RAW, selector="nx"))), domain="list.test")
        self.assertEqual(words(self.verify(raw)), ["pass", "pass", "pass", "permerror"])
        self.assertEqual([len(asks) for asks in self.rounds], [4])
        self.verify(sign(sign(RAW)))
        self.assertEqual([len(asks) for asks in self.rounds], [4, 1])

    def test_nothing_to_ask(self) -> None:
        self.assertEqual(self.verify(RAW), ())
        self.verify(sign(RAW, tags={"a": "rsa-sha1"}))
        self.assertEqual(self.rounds, [])


class TimeTests(VerifyCase):
    """t= and x=; clocks may differ a little."""

    def test_times(self) -> None:
        for time, expires, result, reason in (
            (0, None, "pass", ""),
            (60, None, "pass", ""),
            (61, None, "permerror", "to come"),
            (-100, -60, "pass", ""),
            (-100, -61, "permerror", "expired"),
            (-100, -100, "permerror", "x="),
            (100, 50, "permerror", "x="),
        ):
            tags = {"t": f"{NOW + time:.0f}"} | (
                {} if expires is None else {"x": f"{NOW + expires:.0f}"}
            )
            limits = Limits(jitter=60)
            (found,) = self.verify(sign(RAW, tags=tags), limits=limits)
            self.assertEqual(found.result, result, (time, expires, found.reason))
            self.assertIn(reason, found.reason)

    def test_expired_is_not_asked_for(self) -> None:
        self.verify(sign(RAW, tags={"x": "1"}))
        self.assertEqual(self.rounds, [])


class SeveralTests(VerifyCase):
    """More signatures than one."""

    def test_order(self) -> None:
        """The topmost first, each by itself."""
        raw = sign(sign(RAW, selector="nx"), selector="fails")
        self.assertEqual(words(self.verify(sign(raw))), ["pass", "temperror", "permerror"])

    def test_useful_ones_first(self) -> None:
        """Those of the author's domain, then those above and below it."""
        raw = sign(RAW)
        raw = sign(raw, domain="sub.signed.test")
        for _ in range(3):
            raw = sign(raw, domain="list.test")
        for most, looked in ((5, 5), (2, 2), (1, 1)):
            found = self.verify(raw, limits=Limits(signatures=most), author="signed.test")
            self.assertEqual([one.is_skipped for one in found].count(False), looked)
            self.assertEqual(found[-1].result, "pass")
            self.assertEqual(found[-2].result, "pass" if most > 1 else "neutral")
            self.assertEqual(words(found[:3]), ["pass" if most > 2 else "neutral"] * 3)
        found = self.verify(raw, limits=Limits(signatures=1))
        self.assertEqual(words(found), ["pass", *["neutral"] * 4])
        self.assertEqual(found[1].reason, "not looked at")
        assert found[1].signature is not None
        self.assertEqual(found[1].signature.domain, "list.test")

    def test_nearest_first(self) -> None:
        """By whole labels, from the end."""
        near = ("signed.test", "a.signed.test", "b.c.signed.test", "unsigned.test", "signed.other")
        for author, order in (
            ("signed.test", (0, 1, 2, 3, 4)),
            ("a.signed.test", (1, 0, 2, 3, 4)),
            ("c.signed.test", (2, 0, 1, 3, 4)),
            ("", (0, 1, 2, 3, 4)),
        ):
            raw = b"".join(sign(RAW, domain=domain).removesuffix(RAW) for domain in near) + RAW
            for most in range(1, 6):
                found = self.verify(raw, limits=Limits(signatures=most), author=author)
                looked = {n for n, one in enumerate(found) if not one.is_skipped}
                self.assertEqual(looked, {*order[:most]}, author)

    def test_bad_ones_take_no_place(self) -> None:
        """Those that cannot pass are told without a question."""
        raw = sign(RAW)
        for tags in ({"a": "rsa-sha1"}, {"x": "1"}, {"v": "2"}):
            raw = sign(raw, tags=tags)
        found = self.verify(raw, limits=Limits(signatures=1))
        self.assertEqual(words(found), ["permerror", "neutral", "neutral", "pass"])
        self.assertEqual([one.is_skipped for one in found], [False, True, True, False])

    def test_very_many(self) -> None:
        raw = sign(RAW)
        field = raw[: -len(RAW)]
        found = self.verify(field * 1000 + RAW)
        self.assertEqual(len(found), MAX_READ)
        self.assertEqual(words(found).count("pass"), 5)
        # After each ten that are read, and each two that are verified.
        self.assertEqual(self.pauses, 5 + 2)


class ValuesTests(SynchronousTestCase):
    def test_limits(self) -> None:
        """As those of Rspamd, and less for clocks."""
        self.assertEqual(Limits(), (5, 21_600))


class OtherKeyTests(VerifyCase):
    def test_wrong_algorithm(self) -> None:
        """A key of one algorithm never verifies a signature said to be of the other."""
        signed = sign(RAW, RSA, selector="ed", tags={"a": "ed25519-sha256"})
        self.assert_result(signed, "permerror")
        signed = sign(RAW, ED25519, selector="rsa", tags={"a": "rsa-sha256"})
        self.assert_result(signed, "fail", "does not verify")
