"""Keys that sign mail, found by domain."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.auth.signing_keys import SigningKey, SigningKeys
from tests.app.signing_case import key


def signing(domain: str, selector: str) -> SigningKey:
    return SigningKey(domain, selector, key(1))


A1, B1, A2 = signing("a.example", "1"), signing("b.example", "1"), signing("a.example", "2")


class KeysTests(SynchronousTestCase):
    def test_find(self) -> None:
        """All of a domain in their order, and of no other."""
        keys = SigningKeys([A1, B1, A2])
        self.assertEqual(keys.find("a.example"), (A1, A2))
        self.assertEqual(keys.find("b.example"), (B1,))
        self.assertEqual((keys.find("example"), len(keys)), ((), 3))

    def test_use(self) -> None:
        """Those before are there no more."""
        keys = SigningKeys([A1])
        keys.use([B1])
        self.assertEqual((keys.find("a.example"), keys.find("b.example")), ((), (B1,)))
        self.assertEqual(A1.algorithm, "ed25519-sha256")
