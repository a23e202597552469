"""PROXY headers changed at random: read or refused, in the same way however they are cut."""

from random import Random
from unittest import TestCase

from mailfilter.codec.proxy_protocol import MAX_HEADER, Proxied, ProxyReader
from mailfilter.codec.proxy_tlv import ProxyProtocolError

from .test_proxy_protocol import GOOD, MALFORMED

ROUNDS = 20_000
Read = tuple[Proxied, bytes] | str | None


def read(pieces: list[bytes]) -> Read:
    """What comes of it: the header and the rest, why not, or nothing yet."""
    reader = ProxyReader()
    for at, piece in enumerate(pieces):
        try:
            found = reader.receive(piece)
        except ProxyProtocolError as error:
            return str(error)
        if found is not None:
            return found[0], found[1] + b"".join(pieces[at + 1 :])
    return None


class FuzzTests(TestCase):
    """A generator with a fixed seed."""

    def changed(self, random: Random) -> bytes:
        header, _ = random.choice([*GOOD.values(), *((text, None) for text in MALFORMED.values())])
        octets = bytearray(header[: MAX_HEADER // 8])
        for _ in range(random.randrange(4)):
            at = random.randrange(len(octets))
            match random.randrange(4):
                case 0:
                    octets[at] = random.randrange(256)
                case 1:
                    octets[at] ^= 1 << random.randrange(8)
                case 2:
                    del octets[at]
                case _:
                    octets[at:at] = random.randbytes(random.randrange(4))
        return bytes(octets)

    def test_changed(self) -> None:
        random = Random(10)
        kinds = set()
        for _ in range(ROUNDS):
            octets = self.changed(random)
            whole = read([octets])
            kinds.add(type(whole))
            at = random.randrange(len(octets) + 1)
            cut = read([octets[:at], octets[at:]])
            if isinstance(whole, str):
                # Which fault is found first may depend on what is there.
                self.assertIsInstance(cut, str, octets)
            else:
                self.assertEqual(cut, whole, octets)
        self.assertEqual(kinds, {str, tuple, type(None)})

    def test_noise(self) -> None:
        random = Random(11)
        for _ in range(ROUNDS):
            octets = random.randbytes(random.randrange(1, 64))
            self.assertIsInstance(read([octets]) or "", str)

    def test_bounded(self) -> None:
        """Whatever is not whole yet is short."""
        random = Random(12)
        for _ in range(2_000):
            octets = self.changed(random) + random.randbytes(2 * MAX_HEADER)
            self.assertIsNotNone(read([octets]), octets[:200])
