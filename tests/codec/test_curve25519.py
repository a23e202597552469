"""Public keys of low order, as `cryptography` finds them."""

from random import Random
from unittest import TestCase

from mailfilter.codec.curve25519 import is_canonical, is_low_order
from mailfilter.codec.httpcrypt import HttpCryptError, Keypair, shared_key

PRIME = 2**255 - 19
ORDER_8 = (
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
)
LOW = (0, 1, PRIME - 1, PRIME, PRIME + 1)


def refused(public: bytes) -> bool:
    """Whether `cryptography` shares nothing with it."""
    try:
        shared_key(Keypair.of(bytes(range(32))), public)
    except HttpCryptError:
        return True
    return False


class LowOrderTests(TestCase):
    def test_low(self) -> None:
        eight = map(bytes.fromhex, ORDER_8)
        for public in (*(value.to_bytes(32, "little") for value in LOW), *eight):
            for each in (public, public[:31] + bytes((public[31] | 0x80,))):
                self.assertTrue(refused(each), each.hex())
                self.assertTrue(is_low_order(each), each.hex())

    def test_others(self) -> None:
        random = Random(8)
        near = (2, 3, 9, PRIME - 2, PRIME + 2)
        keys = [value.to_bytes(32, "little") for value in near]
        keys += [random.randbytes(32) for _ in range(200)] + [Keypair.new().public]
        for public in keys:
            self.assertFalse(refused(public), public.hex())
            self.assertFalse(is_low_order(public), public.hex())


class CanonicalTests(TestCase):
    def test_least_that_is_not(self) -> None:
        for value, expected in ((0, True), (PRIME - 1, True), (PRIME, False), (2**256 - 1, False)):
            self.assertEqual(is_canonical(value.to_bytes(32, "little")), expected, value)

    def test_computed(self) -> None:
        for _ in range(50):
            public = Keypair.new().public
            self.assertTrue(is_canonical(public), public.hex())
            self.assertFalse(is_canonical(public[:31] + bytes((public[31] | 0x80,))))
