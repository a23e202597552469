"""A certificate of ours, its chain, key and answer of OCSP: what fits together, and what not."""

import time
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec.control import Pair
from mailfilter.tls.pair import MAX_CHAIN, PairError, Shown, read_key, read_pair
from mailfilter.tls.pem import MAX_FILE
from tests.authority import Authority, PrivateKey, load, self_signed

DAY = 86400


class PairCase(SynchronousTestCase):
    """A root, an authority below it, and a certificate of that."""

    def setUp(self) -> None:
        self.folder = Path(mkdtemp())
        self.addCleanup(rmtree, self.folder)
        self.root = Authority(self.folder, "root")
        self.middle = Authority(self.folder, "middle", signed_by=self.root)
        self.chain, self.key = self.middle.issue("mx.example.org", chain=[self.middle])

    def read(
        self, chain: bytes | None = None, key: bytes | None = None, ocsp: bytes = b""
    ) -> Shown:
        """The pair, with other files in place of some."""
        return read_pair(
            Pair(
                name="mx",
                chain=self.chain.read_bytes() if chain is None else chain,
                key=self.key.read_bytes() if key is None else key,
                ocsp=ocsp,
            )
        )

    def refused(
        self, chain: bytes | None = None, key: bytes | None = None, ocsp: bytes = b""
    ) -> tuple[str, str]:
        """Which file is wrong, and what is."""
        with self.assertRaises(PairError) as caught:
            self.read(chain, key, ocsp)
        return caught.exception.part, str(caught.exception)

    def check_refused(self, part: str, text: str, **files: bytes) -> None:
        found = self.refused(**files)
        self.assertEqual(found[0], part)
        self.assertIn(text, found[1])


class GoodTests(PairCase):
    def test_chain(self) -> None:
        shown = self.read()
        self.assertEqual(shown.name, "mx")
        self.assertEqual(list(shown.chain), [load(self.chain), self.middle.certificate])
        self.assertEqual(shown.facts.names, ("mx.example.org",))
        self.assertEqual(shown.ocsp, b"")

    def test_one_file(self) -> None:
        """A bundle, in either order."""
        chain, key = self.chain.read_bytes(), self.key.read_bytes()
        for bundle in (chain + key, key + chain):
            self.assertEqual(self.read(bundle, b"").facts.names, ("mx.example.org",))

    def test_self_signed(self) -> None:
        chain, key = self_signed(self.folder, "mx.example.org")
        self.assertEqual(len(self.read(chain.read_bytes(), key.read_bytes()).chain), 1)

    def test_root_at_the_end(self) -> None:
        chain = self.chain.read_bytes() + self.root.file.read_bytes()
        self.assertEqual(len(self.read(chain).chain), 3)

    def test_kinds_of_keys(self) -> None:
        chain, key = self.root.issue("rsa.example.org", key="rsa")
        self.assertEqual(self.read(chain.read_bytes(), key.read_bytes()).facts.key, "RSA 2048")
        self.assertEqual(self.read().facts.key, "P-256")
        private = ed25519.Ed25519PrivateKey.generate()
        self.assertTrue(read_key(pem(private)))
        curve = ec.generate_private_key(ec.SECP384R1())
        self.assertTrue(read_key(pem(curve, PrivateFormat.TraditionalOpenSSL)))

    def test_expired(self) -> None:
        """No error here: there may be nothing better."""
        chain, key = self.root.issue("old.example.org", days=(-20, -10))
        shown = self.read(chain.read_bytes(), key.read_bytes())
        self.assertFalse(shown.facts.holds(time.time()))
        self.assertTrue(shown.facts.holds(time.time() - 15 * DAY))

    def test_text_around(self) -> None:
        """As `openssl x509 -text` and mail programs leave it."""
        chain = b"Certificate:\n    Data:\r\n" + self.chain.read_bytes().replace(b"\n", b"\r\n")
        self.assertEqual(len(self.read(chain).chain), 2)

    def test_keys_are_not_shown(self) -> None:
        shown = self.read()
        inside = b"".join(self.key.read_bytes().splitlines()[1:-1]).decode()
        self.assertNotIn(inside[:20], repr(shown))
        self.assertNotIn("key=<", repr(shown))


class KeyTests(PairCase):
    def test_another_one(self) -> None:
        _, other = self.root.issue("other.example.org", key="rsa")
        self.check_refused(
            "key", "does not belong to the certificate (they are RSA 2048 and P-256)",
            key=other.read_bytes(),
        )  # fmt: skip
        _, alike = self.root.issue("other.example.net")
        with self.assertRaisesRegex(PairError, "does not belong to the certificate$"):
            self.read(key=alike.read_bytes())

    def test_encrypted(self) -> None:
        private = load_pem_private_key(self.key.read_bytes(), None)
        for form in (PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL):
            locked = private.private_bytes(Encoding.PEM, form, BestAvailableEncryption(b"x"))
            self.check_refused("key", "`openssl pkey -in FILE -out NEW`", key=locked)

    def test_none_or_many(self) -> None:
        key = self.key.read_bytes()
        self.check_refused("key", "2 private keys, expected one", key=key + key)
        self.check_refused("key", "no private key in it", key=self.chain.read_bytes())
        self.check_refused("key", "no private key in it", key=b"\x00junk\xff" * 100)
        self.check_refused("key", "no private key in it", chain=self.chain.read_bytes(), key=b"")
        private = load_pem_private_key(self.key.read_bytes(), None)
        der = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        self.check_refused("key", "expected PEM, not DER; `openssl pkey -inform DER", key=der)

    def test_damaged(self) -> None:
        """Nothing of it is said."""
        lines = self.key.read_bytes().splitlines(keepends=True)
        cut = b"".join(lines[:-1])
        self.check_refused("key", "cut off: no end of PRIVATE KEY 1", key=cut)
        broken = b"".join([lines[0], b"AAAA" + lines[1][4:], *lines[2:]])
        self.assertEqual(self.refused(key=broken), ("key", "the private key is damaged"))

    def test_weak(self) -> None:
        chain, key = self.root.issue("weak.example.org", key="rsa", bits=1024)
        self.check_refused(
            "key", "of 1024 bits, expected at least 2048",
            chain=chain.read_bytes(), key=key.read_bytes(),
        )  # fmt: skip

    def test_kinds_that_tls_does_not_take(self) -> None:
        curve = pem(ec.generate_private_key(ec.SECP256K1()))
        self.check_refused("key", "on the curve secp256k1, expected P-256", key=curve)
        self.check_refused("key", "expected P-256 or RSA", key=pem(dsa.generate_private_key(1024)))


class ChainTests(PairCase):
    def test_no_certificate(self) -> None:
        self.check_refused("chain", "it is empty", chain=b" \n")
        self.check_refused("chain", "expected -----BEGIN CERTIFICATE-----", chain=b"junk")
        self.check_refused("chain", "no certificate in it", chain=self.key.read_bytes())
        der = load(self.chain).public_bytes(Encoding.DER)
        self.check_refused("chain", "expected PEM, not DER; `openssl x509", chain=der)

    def test_pkcs12(self) -> None:
        """Both are in it; what makes a file of PEM of it is said, for either."""
        key = load_pem_private_key(self.key.read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        for encryption in (NoEncryption(), BestAvailableEncryption(b"x")):
            both = serialize_key_and_certificates(None, key, load(self.chain), None, encryption)
            text = "expected PEM, not PKCS#12; `openssl pkcs12 -noenc -in FILE -out NEW`"
            self.check_refused("chain", text, chain=both)
            self.check_refused("key", text, key=both)

    def test_byte_order_mark(self) -> None:
        """As editors of Windows put it before text: the first certificate counts all the same."""
        mark = b"\xef\xbb\xbf"
        shown = self.read(mark + self.chain.read_bytes(), mark + self.key.read_bytes())
        self.assertEqual(list(shown.chain), [load(self.chain), self.middle.certificate])
        wide = self.chain.read_text().encode("utf-16")
        self.check_refused("chain", "it is text in UTF-16, expected ASCII", chain=wide)

    def test_every_cut(self) -> None:
        """A file that is still being written is never taken for a whole one."""
        whole = self.chain.read_bytes()
        first = whole.index(b"-----END CERTIFICATE-----") + len("-----END CERTIFICATE-----")
        begins = whole.index(b"-----BEGIN", first) + len("-----BEGIN CERTIFICATE-----")
        for end in (*range(0, first, 37), *range(begins, len(whole.rstrip()), 37)):
            self.assertEqual(self.refused(chain=whole[:end])[0], "chain", end)

    def test_cut_in_the_middle(self) -> None:
        """The end of the next one is not that of the one before."""
        own = load(self.chain).public_bytes(Encoding.PEM)
        chain = own[:-30] + b"\n" + self.middle.file.read_bytes()
        self.check_refused("chain", "cut off: no end of CERTIFICATE 1", chain=chain)

    def test_damaged(self) -> None:
        lines = self.chain.read_bytes().splitlines(keepends=True)
        lines[3] = lines[3][::-1].strip() + b"\n"
        part, text = self.refused(chain=b"".join(lines))
        self.assertEqual(part, "chain")
        self.assertNotIn("Traceback", text)

    def test_order(self) -> None:
        own, middle = self.chain.read_bytes(), self.middle.file.read_bytes()
        self.check_refused("key", "belongs to certificate 2 of the chain", chain=middle + own)
        wrong = load(self.chain).public_bytes(Encoding.PEM) + self.root.file.read_bytes()
        self.check_refused(
            "chain",
            "certificate 2 of the chain (CN=root) has not signed certificate 1",
            chain=wrong,
        )
        chain, key = self_signed(self.folder, "alone.example.org")
        self.check_refused(
            "chain", "certificate 1 of the chain has signed itself",
            chain=chain.read_bytes() + middle, key=key.read_bytes(),
        )  # fmt: skip

    def test_namesake(self) -> None:
        """An authority with the right name and another key."""
        folder = self.folder / "other"
        folder.mkdir()
        namesake = Authority(folder, "middle").file.read_bytes()
        chain = load(self.chain).public_bytes(Encoding.PEM) + namesake
        self.check_refused("chain", "has not signed certificate 1", chain=chain)

    def test_weak_authority(self) -> None:
        """OpenSSL takes it, and then every handshake fails."""
        keys: list[PrivateKey] = [
            rsa.generate_private_key(65537, 1024),
            ec.generate_private_key(ec.SECP192R1()),
        ]
        for number, weak in enumerate(keys):
            weakling = Authority(self.folder, f"weak{number}", signed_by=self.root, key=weak)
            chain, key = weakling.issue("mx.example.org", chain=[weakling])
            self.check_refused(
                "chain", "certificate 2 of the chain has a key that peers refuse",
                chain=chain.read_bytes(), key=key.read_bytes(),
            )  # fmt: skip

    def test_bounds(self) -> None:
        chain = self.chain.read_bytes() + self.middle.file.read_bytes() * MAX_CHAIN
        self.check_refused("chain", f"expected at most {MAX_CHAIN}", chain=chain)
        large = self.chain.read_bytes() + b"#" * MAX_FILE
        self.check_refused("chain", "more than 1MiB", chain=large)

    def test_many_beginnings(self) -> None:
        """Refused at once, however many there are."""
        self.check_refused("chain", "cut off", chain=b"-----BEGIN CERTIFICATE-----\n" * 30_000)


class AnswerTests(PairCase):
    def test_good(self) -> None:
        answer = self.middle.vouch(self.chain).read_bytes()
        shown = self.read(ocsp=answer)
        self.assertEqual(shown.ocsp, answer)
        assert shown.ocsp_expires is not None
        self.assertLess(abs(shown.ocsp_expires - time.time() - 7 * DAY), 3600)

    def test_out_of_date(self) -> None:
        """It is known when it holds; one from a clock that is ahead of ours soon does."""
        now = time.time()
        for days, holds_at in (((-9, -1), now - 2 * DAY), ((1, 8), now + 2 * DAY)):
            shown = self.read(ocsp=self.middle.vouch(self.chain, days=days).read_bytes())
            self.assertFalse(shown.has_answer(now))
            self.assertTrue(shown.has_answer(holds_at))

    def test_forged(self) -> None:
        """One bit in the signature; without the authority in the chain nobody can tell."""
        answer = bytearray(self.middle.vouch(self.chain).read_bytes())
        answer[-1] ^= 1
        self.check_refused("ocsp", "its authority has not signed it", ocsp=bytes(answer))
        alone = self.chain.read_bytes().split(b"-----END CERTIFICATE-----")[0]
        alone += b"-----END CERTIFICATE-----\n"
        self.assertEqual(self.read(alone, ocsp=bytes(answer)).ocsp, bytes(answer))

    def test_revoked(self) -> None:
        answer = self.middle.vouch(self.chain, is_good=False).read_bytes()
        self.check_refused("ocsp", "says that the certificate is revoked", ocsp=answer)

    def test_about_another_one(self) -> None:
        other, _ = self.middle.issue("other.example.org")
        answer = self.middle.vouch(other).read_bytes()
        self.check_refused("ocsp", "about another certificate", ocsp=answer)
        answer = self.root.vouch(self.chain).read_bytes()
        self.check_refused("ocsp", "about another certificate", ocsp=answer)

    def test_no_answer(self) -> None:
        self.check_refused("ocsp", "not an answer of OCSP in DER", ocsp=b"\x30\x03junk")
        pem_answer = b"-----BEGIN OCSP RESPONSE-----\n"
        self.check_refused("ocsp", "in PEM, expected DER", ocsp=pem_answer)
        unsuccessful = x509.ocsp.OCSPResponseBuilder.build_unsuccessful(
            x509.ocsp.OCSPResponseStatus.TRY_LATER
        )
        data = unsuccessful.public_bytes(Encoding.DER)
        self.check_refused("ocsp", "has not answered: try_later", ocsp=data)
        self.check_refused("ocsp", "more than 1MiB", ocsp=b"\x30" * (MAX_FILE + 1))


def pem(key: object, form: PrivateFormat = PrivateFormat.PKCS8) -> bytes:
    """A key as a file has it."""
    data: bytes = key.private_bytes(Encoding.PEM, form, NoEncryption())  # type: ignore[attr-defined]
    return data
