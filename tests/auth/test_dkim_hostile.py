"""What is in no honest signature, or meant to mislead: no pass, and no great cost."""

from mailfilter.mail.canon import PIECE

from .dkim_case import RAW, VerifyCase, words
from .dkim_signer import ED25519, OTHER_RSA, RSA, sign
from .test_dkim_key import rsa_record


class HostileTests(VerifyCase):
    """Row for row of what is known to come."""

    def test_length(self) -> None:
        """l= that covers all passes with a flag; what may have been added is no pass."""
        whole = len(b"Some text\r\n\r\nand more\r\n")
        for length, raw, result in (
            (whole, RAW, "pass"),
            (whole, RAW + b"\r\n\r\n", "pass"),
            (whole, RAW + b"Buy!\r\n", "policy"),
            (0, RAW, "policy"),
            (5, RAW, "policy"),
            (whole + 1, RAW, "policy"),
            (10**70, RAW, "policy"),
        ):
            signed = sign(RAW, tags={"l": f"{length}"})
            (found,) = self.verify(signed[: -len(RAW)] + raw)
            self.assertEqual(found.result, result, (length, found.reason))
            self.assertEqual(found.flags, ("l=",))
        self.assert_result(sign(RAW, tags={"l": "-1"}), "permerror", "l=")
        self.assert_result(sign(RAW, tags={"l": "1" * 77}), "permerror", "l=")

    def test_length_of_another_body(self) -> None:
        """What was signed does not matter if it is a part."""
        self.assert_result(sign(RAW, tags={"l": "5", "bh": "A" * 43 + "="}), "policy", "l=")
        raw = sign(RAW, tags={"l": "22", "bh": "A" * 43 + "="}, c="relaxed/simple")
        self.assert_result(raw, "policy", "l=")

    def test_many_lengths(self) -> None:
        """They cost no other pass over the body."""
        raw = RAW + b"text\r\n" * 1_000_000
        pieces = len(raw) // PIECE
        signed = raw
        for n in range(5):
            signed = sign(signed, tags={"l": f"{10**8 + n}", "bh": "A" * 43 + "="})
        self.assertEqual(words(self.verify(signed)), ["policy"] * 5)
        self.assertTrue(pieces < self.pauses < 1.5 * pieces, self.pauses)

    def test_length_of_empty_body(self) -> None:
        """Nothing of nothing."""
        header = RAW.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
        self.assert_result(sign(header, tags={"l": "0"}), "pass")

    def test_from_is_not_signed(self) -> None:
        for names in ("to:subject", "", "x-from:to", "fro\r\n m:to"):
            self.assert_result(sign(RAW, names=names), "permerror", "h=")

    def test_two_from(self) -> None:
        """All of them must be signed: nobody knows which one is shown."""
        top = b"From: Boss <boss@bank.test>\r\n"
        self.assert_result(top + sign(RAW), "policy", "not all From")
        self.assert_result(sign(RAW).replace(b"\r\nTo:", b"\r\nFROM : x@y\r\nTo:"), "fail")
        self.assert_result(sign(top + RAW), "policy", "not all From")
        self.assert_result(sign(top + RAW, names="from:from:to"), "pass")

    def test_oversigned(self) -> None:
        signed = sign(RAW, names="from:from:to:to:subject:subject:cc:reply-to")
        self.assert_result(signed, "pass")
        for field in (b"From: x@y\r\n", b"To: x\r\n", b"Subject: x\r\n", b"Cc: x\r\n"):
            self.assert_result(field + signed, "fail")
            self.assert_result(signed.replace(b"Received:", field + b"Received:"), "fail")

    def test_body_hash(self) -> None:
        for value in ("", "AAAA", "x!", "A" * 43, "A" * 4000):
            self.assert_result(sign(RAW, tags={"bh": value}), "permerror", "bh=")
        self.assert_result(sign(RAW, tags={"bh": None}), "permerror", "bh=")
        self.assert_result(sign(RAW, tags={"bh": "A" * 43 + "="}), "fail", "body")

    def test_signature_octets(self) -> None:
        for value in ("!", "A" * 1_000_000, "AAAA\x00", "A"):
            self.assert_result(sign(RAW, tags={"b": value}), "permerror")
        self.assert_result(sign(RAW, tags={"b": "AAAA"}), "fail")
        self.assert_result(sign(RAW, ED25519, selector="ed", tags={"b": "AAAA"}), "permerror", "b=")

    def test_hundred_signatures(self) -> None:
        raw = RAW
        for n in range(100):
            raw = sign(raw, domain=f"d{n}.test")
        found = self.verify(raw)
        self.assertEqual(len(found), 50)
        self.assertEqual(self.dns.asked.total(), 5)

    def test_key_sizes(self) -> None:
        """Keys too small, too large, or slow on purpose are not used; e=3 is as good as any."""
        for bits, exponent, reason in (
            (512, 65537, "512 bits"),
            (1023, 65537, "1023 bits"),
            (16384, 65537, "16384 bits"),
            (8193, 65537, "8193 bits"),
            (2048, 2**1000 + 1, "exponent"),
        ):
            self.dns.add(
                f'k{bits}._domainkey.signed.test TXT "{rsa_record(bits, exponent).decode()}"'
            )
            self.assert_result(sign(RAW, selector=f"k{bits}"), "permerror", reason)
        self.dns.add(f'e3._domainkey.signed.test TXT "{rsa_record(2048, 3).decode()}"')
        self.assert_result(sign(RAW, selector="e3"), "fail")

    def test_algorithms(self) -> None:
        """rsa-sha1 verifies, and is no pass (RFC 8301 3.1)."""
        self.assert_result(sign(RAW, tags={"a": "rsa-sha1"}), "permerror", "rsa-sha1")
        for a in ("rsa-md5", "dsa-sha256", "rsa-sha512", "", "none"):
            self.assert_result(sign(RAW, tags={"a": a}), "permerror", "a=")

    def test_forms(self) -> None:
        for c in ("nowsp", "relaxed/bogus", "bogus/simple", "simple/simple/simple", ""):
            self.assert_result(sign(RAW, tags={"c": c}, c="simple"), "permerror", "c=")

    def test_header_is_cut(self) -> None:
        """What was not read may be signed, or forged."""
        cut = RAW.replace(b"\r\n\r\n", b"\r\n" + b"X: y\r\n" * 20_000 + b"\r\n", 1)
        field = sign(RAW).removesuffix(RAW)
        for count in (1, 3):
            # Once is enough, whoever signs.
            self.assertEqual(words(self.verify(field * count + cut)), ["permerror"])
        self.assertEqual(self.verify(cut), ())
        self.assertEqual(self.rounds, [])

    def test_same_field_twice(self) -> None:
        """h= with a name a thousand times costs no more than the fields that are there."""
        names = "from:" + ":".join(["x"] * 490)
        self.assert_result(sign(b"X: y\r\n" * 400 + RAW, names=names), "pass")
        self.assert_result(sign(RAW, names="from:" + ":".join(["x"] * 1000)), "permerror", "h=")

    def test_names_of_keys(self) -> None:
        """Domains and selectors that are no names."""
        for domain, selector in (
            ("a" * 64 + ".test", "rsa"),
            (".".join(["a" * 60] * 5), "rsa"),
            ("signed.test", "a" * 64),
            ("signed.test", ""),
            ("", "rsa"),
            ("signed..test", "rsa"),
            ("signed.test\x00", "rsa"),
            ("signed test", "rsa"),
            ("*.test", "r/s"),
        ):
            self.assert_result(sign(RAW, RSA, domain=domain, selector=selector), "permerror")

    def test_large_body(self) -> None:
        """Others have their turn while it is hashed, once for all signatures."""
        raw = RAW + b"text\r\n" * 1_000_000
        pieces = len(raw) // PIECE
        signed = sign(sign(raw))
        self.assertEqual(words(self.verify(signed)), ["pass", "pass"])
        self.assertTrue(pieces < self.pauses < 1.5 * pieces, self.pauses)

    def test_large_body_of_a_stranger(self) -> None:
        """Nobody has it hashed without a signature that verifies for the header."""
        raw = RAW + b"text\r\n" * 1_000_000
        self.assert_result(sign(raw, OTHER_RSA), "fail")
        self.assertEqual(self.pauses, 0)

    def test_slow_keys(self) -> None:
        """Others have their turn between them."""
        for n in range(4):
            record = f"n={n}; {rsa_record(8192, 2**32 + 1).decode()}"
            self.dns.add(f'slow._domainkey.signed.test TXT "{record}"')
        self.assert_result(sign(RAW, selector="slow"), "fail")
        self.assertEqual(self.pauses, 3)
