"""Keys of HTTPCrypt, and what is sealed under them: byte by byte what Rspamd makes of it."""

from dataclasses import replace

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec.base32 import ALPHABET, decode_base32, decode_loosely, encode_base32
from mailfilter.codec.httpcrypt import (
    MAX_KEY_HEADER,
    OVERHEAD,
    HttpCryptError,
    Keypair,
    SharedKey,
    key_header,
    key_id,
    read_key_header,
    read_public_key,
    shared_key,
)
from tests.codec.httpcrypt_vectors import VECTORS

LOW_ORDER = (
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
)
"""Points that make a secret of zeros with any key: those of orders 1, 2, 4 and 8."""


class Base32Tests(SynchronousTestCase):
    """The alphabet of Rspamd."""

    def test_encode(self) -> None:
        for vector in VECTORS["base32"]["encode"]:
            self.assertEqual(encode_base32(bytes.fromhex(vector["hex"])), vector["text"])

    def test_decode(self) -> None:
        for vector in VECTORS["base32"]["decode"]:
            if vector["hex"] is None:
                self.assertRaises(ValueError, decode_loosely, vector["text"])
            else:
                self.assertEqual(decode_loosely(vector["text"]).hex(), vector["hex"])

    def test_round_trip(self) -> None:
        for size in range(1, 80):
            octets = bytes((size * 7 + at * 31) & 255 for at in range(size))
            text = encode_base32(octets)
            self.assertEqual(decode_loosely(text), octets)
            self.assertEqual(decode_base32(text, size), octets)

    def test_empty(self) -> None:
        self.assertRaises(ValueError, decode_loosely, "")

    def test_surplus(self) -> None:
        """Bits behind the last octet do not count; the strict reader refuses them."""
        text = encode_base32(b"\x01" * 32)
        for last in ALPHABET[1::2]:
            self.assertEqual(decode_loosely(text[:-1] + last)[:31], b"\x01" * 31)
        self.assertRaises(ValueError, decode_base32, text[:-1] + "9", 32)


class KeypairTests(SynchronousTestCase):
    """Keys and their ids."""

    def test_vectors(self) -> None:
        for vector in VECTORS["keypairs"]:
            pair = Keypair.of(bytes.fromhex(vector["privkey"]))
            self.assertEqual(pair.public.hex(), vector["pubkey"])
            self.assertEqual(pair.secret.hex(), vector["privkey"])
            self.assertEqual(key_id(pair.public).hex(), vector["id"])
            self.assertEqual(pair.short_id.hex(), vector["short_id"])
            self.assertEqual(encode_base32(pair.short_id), vector["short_id_b32"])
            self.assertEqual(read_public_key(vector["pubkey_b32"]), pair.public)

    def test_new(self) -> None:
        """Random, and clamped as RFC 7748 wants it."""
        pairs = [Keypair.new() for _ in range(20)]
        self.assertEqual(len({pair.public for pair in pairs}), 20)
        for pair in pairs:
            self.assertEqual(pair.secret[0] & 7, 0)
            self.assertEqual(pair.secret[31] >> 6, 1)
            self.assertEqual(Keypair.of(pair.secret), pair)

    def test_not_shown(self) -> None:
        pair = Keypair.new()
        self.assertNotIn("private", repr(pair))
        self.assertNotIn(repr(pair.secret), repr(pair))

    def test_wrong_length(self) -> None:
        for size in (0, 31, 33):
            self.assertRaises(ValueError, Keypair.of, bytes(size))


class SharedKeyTests(SynchronousTestCase):
    """What two keys have in common."""

    def test_vectors(self) -> None:
        """A key is the same if it seals the same, to the last octet."""
        for vector in VECTORS["shared"]:
            pair = Keypair.of(bytes.fromhex(vector["secret"]))
            found = shared_key(pair, bytes.fromhex(vector["peer_public"]))
            known = SharedKey(bytes.fromhex(vector["nm"]))
            self.assertEqual(found.seal(b"x", bytes(24)), known.seal(b"x", bytes(24)))

    def test_symmetric(self) -> None:
        one, other = Keypair.new(), Keypair.new()
        blob = shared_key(one, other.public).seal(b"to the other")
        self.assertEqual(shared_key(other, one.public).unseal(blob), b"to the other")

    def test_top_bit(self) -> None:
        """That of a public key does not count (RFC 7748 5)."""
        one, other = Keypair.new(), Keypair.new()
        public = other.public[:31] + bytes((other.public[31] | 128,))
        blob = shared_key(one, public).seal(b"x")
        self.assertEqual(shared_key(one, other.public).unseal(blob), b"x")

    def test_low_order(self) -> None:
        pair = Keypair.new()
        for point in LOW_ORDER:
            for top in (0, 128):
                octets = bytearray.fromhex(point)
                octets[31] |= top
                self.assertRaises(HttpCryptError, shared_key, pair, bytes(octets))

    def test_wrong_length(self) -> None:
        for size in (0, 31, 33):
            self.assertRaises(HttpCryptError, shared_key, Keypair.new(), bytes(size))


class BoxTests(SynchronousTestCase):
    """Sealed messages."""

    def test_vectors(self) -> None:
        for vector in VECTORS["boxes"]:
            key = SharedKey(bytes.fromhex(vector["nm"]))
            plain, blob = bytes.fromhex(vector["plain"]), bytes.fromhex(vector["blob"])
            self.assertEqual(key.seal(plain, bytes.fromhex(vector["nonce"])), blob)
            self.assertEqual(key.unseal(blob), plain)

    def test_messages(self) -> None:
        """Those of exchanges and captures: the same key seals request and reply."""
        for vector in VECTORS["exchanges"] + VECTORS["captured"]:
            pair = Keypair.of(bytes.fromhex(vector["server_secret"]))
            key = shared_key(pair, bytes.fromhex(vector["client_public"]))
            for way in ("request", "reply"):
                blob = vector.get(f"{way}_blob")
                if blob is not None:
                    plain = key.unseal(bytes.fromhex(blob))
                    self.assertEqual(plain.hex(), vector[f"{way}_plain"])

    def test_any_change(self) -> None:
        """One bit, wherever it is, and any length that is not the whole."""
        key = SharedKey(bytes(32))
        blob = key.seal(b"some text", bytes(24))
        for at in range(len(blob)):
            changed = bytearray(blob)
            changed[at] ^= 1 << at % 8
            self.assertRaises(HttpCryptError, key.unseal, bytes(changed))
            self.assertRaises(HttpCryptError, key.unseal, blob[:at])
        self.assertRaises(HttpCryptError, key.unseal, blob + b"\0")

    def test_empty(self) -> None:
        key = SharedKey(bytes(32))
        blob = key.seal(b"")
        self.assertEqual(len(blob), OVERHEAD)
        self.assertEqual(key.unseal(blob), b"")

    def test_nonces_differ(self) -> None:
        key = SharedKey(bytes(32))
        self.assertEqual(len({key.seal(b"x")[:24] for _ in range(100)}), 100)


class KeyHeaderTests(SynchronousTestCase):
    """The header `Key`."""

    def setUp(self) -> None:
        self.server, self.client = Keypair.new(), Keypair.new()
        self.value = key_header(self.server.public, self.client.public)

    def test_both_ways(self) -> None:
        found = read_key_header(self.value.encode())
        self.assertEqual(found, (self.server.short_id, self.client.public))

    def test_vectors(self) -> None:
        for vector in VECTORS["exchanges"]:
            server = bytes.fromhex(vector["server_public"])
            client = bytes.fromhex(vector["client_public"])
            self.assertEqual(key_header(server, client), vector["key_header"])

    def test_whole_id(self) -> None:
        text = encode_base32(key_id(self.server.public)) + "=" + encode_base32(self.client.public)
        self.assertEqual(read_key_header(text.encode()), read_key_header(self.value.encode()))

    def test_malformed(self) -> None:
        name, _, key = self.value.partition("=")
        for text in (
            "",
            "=",
            name,
            f"{name}=",
            f"={key}",
            f"{self.value}=",
            f"{self.value} ",
            self.value.upper(),
            f"{name[:6]}={key}",
            f"{name}={key[:50]}",
            f"{name}={key}y",
            f"{name} = {key}",
            f"{name}={self.client.public.hex()}",
            f"{name}\0={key}",
            "y" * MAX_KEY_HEADER + "=" + key,
        ):
            self.assertRaises(HttpCryptError, read_key_header, text.encode())
        self.assertRaises(HttpCryptError, read_key_header, b"\xff=\xff")

    def test_equal_pairs(self) -> None:
        """Secret halves do not make pairs different: nobody compares those octet by octet."""
        self.assertEqual(self.server, replace(self.server, private=self.client.private))
