"""HTTPCrypt: keys, and messages sealed under the key that two of them share.

X25519 makes a secret of one's own key and the other's, HChaCha20 a key of that, XChaCha20 the
stream, and Poly1305 the tag: not quite the constructions that libraries have, hence put together
of `cryptography`'s ChaCha20 and Poly1305.

Sources: httpcrypt.md 1 to 5; RFC 7748 (X25519); RFC 8439 (ChaCha20, Poly1305).
"""

from dataclasses import dataclass, field
from hashlib import blake2b
from os import urandom
from struct import Struct

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20
from cryptography.hazmat.primitives.poly1305 import Poly1305

from .base32 import decode_loosely, encode_base32
from .curve25519 import KEY_SIZE

SHORT_ID_SIZE = 5
"""Octets of an id by which a request says which key it is for."""
NONCE_SIZE = 24
TAG_SIZE = 16
OVERHEAD = NONCE_SIZE + TAG_SIZE
"""Octets that a sealed message is longer than what is in it."""

SEALED_TYPE = "application/octet-stream"
"""That of a body that is sealed."""

MAX_KEY_HEADER = 512
"""Octets of a `Key` header; with a whole id it has 156."""

_ENDS = Struct("<4I32x4I")
_EIGHT = Struct("<8I")
_FOUR = Struct("<4I")
_CONSTANTS = _FOUR.unpack(b"expand 32-byte k")
_WORD = 0xFFFFFFFF
_ZEROS = bytes(64)


class HttpCryptError(Exception):
    """Keys or a sealed message that cannot be used; the text says why, for the log alone."""


@dataclass(frozen=True, slots=True)
class Keypair:
    """Both halves of a key; two are the same if their public halves are."""

    public: bytes
    private: X25519PrivateKey = field(repr=False, compare=False)
    """The other half, made ready once: that takes as long as to use it."""

    @classmethod
    def of(cls, secret: bytes) -> "Keypair":
        """That of a secret key of 32 octets. Raises ValueError for another length."""
        private = X25519PrivateKey.from_private_bytes(secret)
        return cls(private.public_key().public_bytes_raw(), private)

    @classmethod
    def new(cls) -> "Keypair":
        """A random one."""
        return cls.of(_clamped(urandom(KEY_SIZE)))

    @property
    def secret(self) -> bytes:
        """The 32 octets of the other half, as they were given."""
        return self.private.private_bytes_raw()

    @property
    def short_id(self) -> bytes:
        """See `key_id`; the first 5 octets."""
        return key_id(self.public)[:SHORT_ID_SIZE]


def key_id(public: bytes) -> bytes:
    """The 64 octets by which a public key is called."""
    return blake2b(public).digest()


def _clamped(secret: bytes) -> bytes:
    """As RFC 7748 5 wants it; Rspamd keeps its secret keys so."""
    first, last = secret[0] & 248, secret[31] & 127 | 64
    return bytes((first, *secret[1:31], last))


class SharedKey:
    """What seals requests and replies of two keys; the same for both sides.

    For one thread at a time.
    """

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        """`key` are the 32 octets that are called nm."""
        self._key = Cipher(ChaCha20(key, bytes(16)), mode=None).encryptor()
        """Made ready once, and begun anew for each message: that takes longer than to use it."""

    def seal(self, plain: bytes, nonce: bytes | None = None) -> bytes:
        """A message as it is sent. Nobody but tests gives a nonce."""
        nonce = urandom(NONCE_SIZE) if nonce is None else nonce
        stream, tag_key = self._stream(nonce)
        sealed = stream.update(plain)
        return b"".join((nonce, Poly1305.generate_tag(tag_key, sealed), sealed))

    def unseal(self, blob: bytes) -> bytes:
        """What is in a message. Raises HttpCryptError if it was not sealed so, or was changed."""
        if len(blob) < OVERHEAD:
            raise HttpCryptError(f"{len(blob)} octets are no sealed message")
        view = memoryview(blob)
        stream, tag_key = self._stream(blob[:NONCE_SIZE])
        try:
            # It compares in constant time, and before anything is opened.
            Poly1305.verify_tag(tag_key, view[OVERHEAD:], blob[NONCE_SIZE:OVERHEAD])
        except InvalidSignature:
            raise HttpCryptError("it was sealed with another key, or changed") from None
        return stream.update(view[OVERHEAD:])

    def _stream(self, nonce: bytes) -> tuple[CipherContext, bytes]:
        """What a message is mixed with, and the key of its tag, for a nonce of 24 octets."""
        start = nonce[:16]
        self._key.reset_nonce(start)
        algorithm = ChaCha20(_without_addition(self._key, start), bytes(8) + nonce[16:])
        stream = Cipher(algorithm, mode=None).encryptor()
        # The rest of the first block is not used.
        return stream, stream.update(_ZEROS)[:KEY_SIZE]


def hchacha20(key: bytes, start: bytes) -> bytes:
    """32 octets of a key and 16 octets: a block of ChaCha20 without its last addition."""
    return _without_addition(Cipher(ChaCha20(key, start), mode=None).encryptor(), start)


def _without_addition(stream: CipherContext, start: bytes) -> bytes:
    """HChaCha20 of the block with which a stream of ChaCha20 begins."""
    # Each request takes two of these: written out it needs half the time of a loop.
    a, b, c, d, e, f, g, h = _ENDS.unpack(stream.update(_ZEROS))
    p, q, r, s = _CONSTANTS
    t, u, v, w = _FOUR.unpack(start)
    return _EIGHT.pack(
        *(a - p & _WORD, b - q & _WORD, c - r & _WORD, d - s & _WORD),
        *(e - t & _WORD, f - u & _WORD, g - v & _WORD, h - w & _WORD),
    )


def shared_key(pair: Keypair, public: bytes) -> SharedKey:
    """What is shared with the owner of a public key of 32 octets.

    Raises HttpCryptError for a public key that would make it known to everybody.
    """
    try:
        secret = pair.private.exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError:
        raise HttpCryptError("a public key of low order, or none") from None
    return SharedKey(hchacha20(secret, bytes(16)))


def read_public_key(text: str) -> bytes:
    """The 32 octets of a public key as text. Raises ValueError, which says what is wrong."""
    octets = decode_loosely(text)
    if len(octets) != KEY_SIZE:
        raise ValueError(f"has {len(octets)} octets, not {KEY_SIZE}")
    return octets


def read_key_header(value: bytes) -> tuple[bytes, bytes]:
    """The short id of the key that a request is sealed for, and the public key of its client.

    Raises HttpCryptError.
    """
    if len(value) > MAX_KEY_HEADER:
        raise HttpCryptError("a Key header that is too long")
    name, equals, key = value.decode("latin-1").partition("=")
    if not equals:
        raise HttpCryptError("a Key header without =")
    try:
        found = decode_loosely(name)
        if len(found) < SHORT_ID_SIZE:
            raise ValueError(f"has {len(found)} octets, not {SHORT_ID_SIZE}")
    except ValueError as error:
        raise HttpCryptError(f"a Key header whose id {error}") from None
    try:
        return found[:SHORT_ID_SIZE], read_public_key(key)
    except ValueError as error:
        raise HttpCryptError(f"a Key header whose key {error}") from None


def key_header(server: bytes, client: bytes) -> str:
    """The value of `Key`, of the public keys of server and client."""
    short = encode_base32(key_id(server)[:SHORT_ID_SIZE])
    return f"{short}={encode_base32(client)}"
