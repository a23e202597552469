"""Private keys for signing mail, in the forms in which tools write them."""

import base64
import binascii
import re
import string

from cryptography.exceptions import InternalError, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_private_key,
    load_pem_private_key,
)

PrivateKey = RSAPrivateKey | Ed25519PrivateKey

MAX_FILE = 65536
"""Octets; RSA of 8192 bits takes some 6500."""
MIN_BITS = 1024
MAX_BITS = 8192
"""Of RSA. What is shorter is not believed (RFC 8301 3.2), what is longer takes too long."""

_SEED = 32
_SEED_AND_PUBLIC = 64
"""Octets of Ed25519: the seed (RFC 8032 5.1.5), or as NaCl keeps it with its public key behind."""

_BEGIN = re.compile(rb"-----BEGIN ([A-Z0-9 ]{0,40})-----")
_KEYS = frozenset({b"PRIVATE KEY", b"RSA PRIVATE KEY"})
_ENCRYPTED = re.compile(rb"BEGIN ENCRYPTED PRIVATE KEY|Proc-Type:[ \t]*4[ \t]*,[ \t]*ENCRYPTED")
_WHITE_SPACE = string.whitespace.encode()
_DER = b"\x30"
"""How a key in DER begins, which is a SEQUENCE."""


class PrivateKeyError(ValueError):
    """No key to sign with; the message says why, with nothing of the key in it."""


def read_private_key(data: bytes, *, is_known: bool = False) -> PrivateKey:
    """Read a key of RSA or Ed25519.

    It is PEM (PKCS #8, or PKCS #1 of RSA), the same in base64 without the lines around it, or
    the base64 of 32 or 64 octets of Ed25519. A key of RSA is checked, which takes 30 ms for 2048
    bits, 200 ms for 4096 and seconds for 8192, unless it `is_known` to be right, as one that
    was read before.

    Raises PrivateKeyError.
    """
    if len(data) > MAX_FILE:
        raise PrivateKeyError(f"more than {MAX_FILE} octets")
    if not data.strip():
        raise PrivateKeyError("empty, expected a private key in PEM or base64")
    key = _read_pem(data) if b"-----BEGIN" in data else _read_base64(data)
    return key if is_known else _checked(key)


def public_record(key: PrivateKey) -> str:
    """What to publish as TXT at `SELECTOR._domainkey.DOMAIN` (RFC 6376 3.6.1, RFC 8463 4)."""
    if isinstance(key, RSAPrivateKey):
        info = PublicFormat.SubjectPublicKeyInfo
        octets = key.public_key().public_bytes(Encoding.DER, info)
        return f"v=DKIM1; k=rsa; p={base64.b64encode(octets).decode()}"
    octets = key.public_key().public_bytes_raw()
    return f"v=DKIM1; k=ed25519; p={base64.b64encode(octets).decode()}"


def _read_pem(data: bytes) -> PrivateKey:
    if _ENCRYPTED.search(data):
        raise PrivateKeyError("encrypted by a password, expected a private key without one")
    labels = [label for label in _BEGIN.findall(data) if label.endswith(b"PRIVATE KEY")]
    if not labels:
        raise PrivateKeyError("no private key in its PEM")
    if len(labels) > 1:
        raise PrivateKeyError(f"{len(labels)} private keys, expected one")
    if labels[0] not in _KEYS:
        raise PrivateKeyError(f"{labels[0].decode()}, expected a key of RSA or Ed25519")
    return _loaded(data, is_pem=True)


def _read_base64(data: bytes) -> PrivateKey:
    text = data.translate(None, _WHITE_SPACE)
    try:
        octets = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise PrivateKeyError(
            "neither PEM nor base64: not a private key, or cut off, or DER, which has to be "
            "written as PEM"
        ) from None
    if octets.startswith(_DER) and len(octets) not in (_SEED, _SEED_AND_PUBLIC):
        return _loaded(octets, is_pem=False)
    return _ed25519(octets)


def _ed25519(octets: bytes) -> Ed25519PrivateKey:
    if len(octets) not in (_SEED, _SEED_AND_PUBLIC):
        raise PrivateKeyError(
            f"base64 of {len(octets)} octets, expected a key of RSA in DER, or {_SEED} or "
            f"{_SEED_AND_PUBLIC} octets of Ed25519"
        )
    key = Ed25519PrivateKey.from_private_bytes(octets[:_SEED])
    if len(octets) == _SEED_AND_PUBLIC and key.public_key().public_bytes_raw() != octets[_SEED:]:
        raise PrivateKeyError("64 octets whose last 32 are not the public key of the first 32")
    return key


def _loaded(data: bytes, *, is_pem: bool) -> PrivateKey:
    """What cryptography reads, if it is of a kind and size that signs mail."""
    load = load_pem_private_key if is_pem else load_der_private_key
    try:
        key = load(data, None, unsafe_skip_rsa_key_validation=True)
    except TypeError:
        raise PrivateKeyError("encrypted by a password, expected one without") from None
    except (ValueError, UnsupportedAlgorithm, InternalError):
        raise PrivateKeyError(
            "damaged or cut off, or of another kind than RSA or Ed25519"
        ) from None
    if not isinstance(key, RSAPrivateKey | Ed25519PrivateKey):
        raise PrivateKeyError("of another kind, expected a key of RSA or Ed25519")
    if isinstance(key, RSAPrivateKey) and not MIN_BITS <= key.key_size <= MAX_BITS:
        raise PrivateKeyError(
            f"RSA of {key.key_size} bits, expected {MIN_BITS} to {MAX_BITS} (2048 is usual)"
        )
    return key


def _checked(key: PrivateKey) -> PrivateKey:
    """A key whose numbers belong together."""
    if isinstance(key, Ed25519PrivateKey):
        return key
    try:
        return key.private_numbers().private_key()
    except ValueError:
        raise PrivateKeyError("damaged: not the numbers of a key of RSA") from None
