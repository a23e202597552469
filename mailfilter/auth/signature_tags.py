"""Tags that all signatures have, of DKIM and ARC (RFC 6376 3.5, RFC 8617 4.1)."""

import base64
import binascii
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Literal, cast

from ..codec.dns_name import BadName, normal_name
from .tags import shown

SignatureAlgorithm = Literal["rsa-sha256", "ed25519-sha256", "rsa-sha1"]

MAX_SIGNATURE = 1024
"""Octets: of RSA with 8192 bits."""
ED25519_SIGNATURE = 64
"""Octets (RFC 8032 5.1.6)."""

MAX_DOMAIN = 253
"""Characters of the name that is asked for the key."""

_ALGORITHMS = frozenset({b"rsa-sha256", b"ed25519-sha256", b"rsa-sha1"})
_LABEL = r"(?!-)[a-z0-9_-]{1,63}(?<!-)"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_SPACE = b" \t"
_TIME = re.compile(rb"[0-9]{1,12}")

Tags = Mapping[str, bytes]


class SignatureError(ValueError):
    """No signature can be read; the message says why, printable and bounded."""


def needed(tags: Tags, name: str) -> bytes:
    """The value of a tag that has to be there and cannot be empty. Raises SignatureError."""
    if not (value := tags.get(name)):
        raise SignatureError(f"no {name}=" if value is None else f"{name}= is empty")
    return value


def read_algorithm(tags: Tags) -> SignatureAlgorithm:
    """What `a=` names. Raises SignatureError."""
    value = needed(tags, "a")
    if value not in _ALGORITHMS:
        raise SignatureError(f"a={shown(value)}, which is not known")
    return cast("SignatureAlgorithm", value.decode("ascii"))


def read_signer(tags: Tags) -> tuple[str, str]:
    """The domain and the selector of `d=` and `s=`, in lower case, ASCII. Raises SignatureError."""
    domain = read_domain(needed(tags, "d"), "d")
    selector = _name(needed(tags, "s"), "s")
    if len(selector) + len("._domainkey.") + len(domain) > MAX_DOMAIN:
        raise SignatureError("s= and d= are too long for a name of DNS")
    return domain, selector


def read_domain(value: bytes, tag: str) -> str:
    """A domain of at least two labels, in lower case, ASCII. Raises SignatureError."""
    domain = _name(value, tag)
    if "." not in domain:
        raise SignatureError(f"{tag}={shown(value)} is not a whole domain")
    return domain


def read_base64(tags: Tags, name: str) -> bytes:
    """The octets of a tag in base64, with white space anywhere. Raises SignatureError."""
    text = needed(tags, name).translate(None, _SPACE)
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise SignatureError(f"{name}= is not base64") from None


def read_signature_octets(tags: Tags, algorithm: SignatureAlgorithm) -> bytes:
    """What `b=` says, of a length that can be right. Raises SignatureError."""
    octets = read_base64(tags, "b")
    if algorithm == "ed25519-sha256" and len(octets) != ED25519_SIGNATURE:
        raise SignatureError(f"b= has {len(octets)} octets, expected {ED25519_SIGNATURE}")
    if len(octets) > MAX_SIGNATURE:
        raise SignatureError(f"b= has {len(octets)} octets, expected at most {MAX_SIGNATURE}")
    return octets


def read_time(tags: Tags, name: str) -> int | None:
    """Unix time; None if it is not there. Raises SignatureError."""
    if (value := tags.get(name)) is None:
        return None
    if not _TIME.fullmatch(value):
        raise SignatureError(f"{name}={shown(value)} is no time")
    return int(value)


# The domains that sign most mail are few.
@lru_cache(maxsize=1024)
def _name(value: bytes, tag: str) -> str:
    try:
        text = value.decode("utf-8")
        # U-labels may stand in internationalized mail (RFC 8616 4).
        name = text.lower() if text.isascii() else normal_name(text)
    except (UnicodeDecodeError, BadName):
        name = ""
    if len(name) > MAX_DOMAIN or not _NAME.fullmatch(name):
        raise SignatureError(f"{tag}={shown(value)} is no name of DNS")
    return name
