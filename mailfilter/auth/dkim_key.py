"""Public keys that domains publish for DKIM and ARC (RFC 6376 3.6.1, RFC 8463)."""

import re
from base64 import b64decode
from binascii import Error
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256, Hash
from cryptography.hazmat.primitives.serialization import load_der_public_key

from .tags import TagError, parse_tags

MIN_RSA_BITS = 1024
"""RFC 8301 3.2: smaller ones do not count."""
MAX_RSA_BITS = 8192
"""Larger ones cost too much, and none fits well into DNS."""

MAX_EXPONENT_BITS = 33
"""So that no signature takes as long as a millisecond: a large exponent makes verifying as slow
as signing. All keys of the usual programs have 65537."""

MAX_RECORD = 8192
"""Octets of a record; a key of the largest size needs 1,500."""

MAX_RECORDS = 4
"""Keys of one name that are tried. The RFC leaves open what several mean (3.6.2.2)."""

_KNOWN_RECORDS = 1024
_WHITE = re.compile(rb"[ \t\r\n]+")
_SHA256 = SHA256()
_PADDING = PKCS1v15()

Kind = Literal["rsa", "ed25519"]


class KeyRecordError(Exception):
    """A record gives no key to verify mail by; the text says why."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that a domain publishes, good for mail and for SHA-256."""

    kind: Kind
    key: RSAPublicKey | Ed25519PublicKey
    bits: int
    is_testing: bool = False
    """`t=y`: the domain is still trying it out."""
    is_strict: bool = False
    """`t=s`: `i=` of a signature must have the very domain of `d=`."""

    def verifies(self, signature: bytes, signed: bytes) -> bool:
        """Whether a signature is this key's, of these octets.

        Ed25519 signs their SHA-256 (RFC 8463 3).
        """
        try:
            if isinstance(self.key, RSAPublicKey):
                self.key.verify(signature, signed, _PADDING, _SHA256)
            else:
                digest = Hash(_SHA256)
                digest.update(signed)
                self.key.verify(signature, digest.finalize())
        except (InvalidSignature, ValueError, UnsupportedAlgorithm):
            return False
        return True


def read_public_key(text: bytes) -> PublicKey:
    """The key of a TXT record; those met last are remembered. Raises KeyRecordError."""
    if len(text) > MAX_RECORD:
        raise KeyRecordError(f"the key record has more than {MAX_RECORD} octets")
    found = _read(text)
    if isinstance(found, str):
        raise KeyRecordError(found)
    return found


def read_public_keys(records: Sequence[bytes], kind: Kind) -> tuple[PublicKey, ...]:
    """All keys of a kind among the TXT records of a name, whatever their order.

    Raises KeyRecordError: there is none, with what is the matter with the first record.
    """
    if not records:
        raise KeyRecordError("there is no key")
    if len(records) > MAX_RECORDS:
        raise KeyRecordError(f"there are more than {MAX_RECORDS} records beside each other")
    found: list[PublicKey] = []
    problems: list[str] = []
    for record in records:
        try:
            key = read_public_key(record)
        except KeyRecordError as error:
            problems.append(str(error))
            continue
        if key.kind == kind:
            found.append(key)
        else:
            problems.append(f"the key is one of {key.kind}, the signature of {kind}")
    if not found:
        raise KeyRecordError(problems[0])
    return tuple(found)


@lru_cache(_KNOWN_RECORDS)
def _read(text: bytes) -> PublicKey | str:
    try:
        return _parse(text)
    except KeyRecordError as error:
        return str(error)
    except TagError as error:
        return f"the key record is broken: {error}"


def _parse(text: bytes) -> PublicKey:
    tags = parse_tags(text)
    if "v" in tags and (next(iter(tags)) != "v" or tags["v"] != b"DKIM1"):
        raise KeyRecordError("the key record has another version than v=DKIM1 in front")
    if "p" not in tags:
        raise KeyRecordError("the key record has no p=")
    if not {b"*", b"email"} & _words(tags, "s", b"*"):
        raise KeyRecordError("the key is not for mail (s=)")
    if b"sha256" not in _words(tags, "h", b"sha256"):
        raise KeyRecordError("the key is not for sha256 (h=)")
    flags = _words(tags, "t", b"")
    kind = tags.get("k", b"rsa")
    octets = _decode(tags["p"])
    if kind == b"rsa":
        rsa = _read_rsa(octets)
        return PublicKey("rsa", rsa, rsa.key_size, b"y" in flags, b"s" in flags)
    if kind == b"ed25519":
        return PublicKey("ed25519", _read_ed25519(octets), 256, b"y" in flags, b"s" in flags)
    raise KeyRecordError("the key is neither of rsa nor of ed25519 (k=)")


def _words(tags: Mapping[str, bytes], name: str, default: bytes) -> set[bytes]:
    """What a list of a tag has, which is separated by colons."""
    return {word.strip(b" \t\r\n") for word in tags.get(name, default).split(b":")}


def _decode(value: bytes) -> bytes:
    text = _WHITE.sub(b"", value)
    if not text:
        raise KeyRecordError("the key is revoked")
    try:
        return b64decode(text, validate=True)
    except Error:
        raise KeyRecordError("p= is not base64") from None


def _read_rsa(octets: bytes) -> RSAPublicKey:
    """A key in either of the forms that are in use: with its algorithm in front, and bare."""
    try:
        key = load_der_public_key(octets)
    except (ValueError, UnsupportedAlgorithm):
        raise KeyRecordError("p= is no RSA key") from None
    if not isinstance(key, RSAPublicKey):
        raise KeyRecordError("p= is no RSA key")
    if not MIN_RSA_BITS <= key.key_size <= MAX_RSA_BITS:
        raise KeyRecordError(
            f"the RSA key has {key.key_size} bits, not {MIN_RSA_BITS} to {MAX_RSA_BITS}"
        )
    if key.public_numbers().e.bit_length() > MAX_EXPONENT_BITS:
        raise KeyRecordError("the exponent of the RSA key is too large")
    return key


def _read_ed25519(octets: bytes) -> Ed25519PublicKey:
    if len(octets) != 32:  # RFC 8463 4: the bare key
        raise KeyRecordError(f"the Ed25519 key has {len(octets)} octets, not 32")
    try:
        return Ed25519PublicKey.from_public_bytes(octets)
    except (ValueError, UnsupportedAlgorithm):
        raise KeyRecordError("p= is no Ed25519 key") from None
