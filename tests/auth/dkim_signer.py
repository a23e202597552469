"""Signs mail for tests, also as nobody should; its canonical forms are those of dkimpy."""

import re
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha1, sha256
from types import MappingProxyType

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from dkim.canonicalization import (  # type: ignore[import-untyped]
    CanonicalizationPolicy,
)

PrivateKey = RSAPrivateKey | Ed25519PrivateKey
Tags = Mapping[str, str | None]

RSA = generate_private_key(65537, 1024)
OTHER_RSA = generate_private_key(65537, 1024)
ED25519 = Ed25519PrivateKey.generate()

_BETWEEN = re.compile(rb"\r\n(?![ \t])")
NO_TAGS: Tags = MappingProxyType({})


def record(key: PrivateKey, tags: str = "v=DKIM1; ") -> str:
    """What is published of a key."""
    public = key.public_key()
    if isinstance(key, Ed25519PrivateKey):
        octets = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
        return f"{tags}k=ed25519; p={_base64(octets)}"
    octets = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"{tags}k=rsa; p={_base64(octets)}"


def private_text(key: PrivateKey) -> bytes:
    """A key as dkimpy reads it."""
    if isinstance(key, Ed25519PrivateKey):
        return b64encode(key.private_bytes_raw())
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())


def sign(
    raw: bytes,
    key: PrivateKey = RSA,
    *,
    domain: str = "signed.test",
    selector: str = "rsa",
    names: str = "from:to:subject",
    c: str = "relaxed/relaxed",
    tags: Tags = NO_TAGS,
) -> bytes:
    """The message with a signature on top; `tags` replaces tags, or leaves them out (None)."""
    header, _, body = raw.partition(b"\r\n\r\n")
    policy = CanonicalizationPolicy.from_c_value(c.encode())
    is_sha1 = tags.get("a") == "rsa-sha1"
    hashed = policy.canonicalize_body(body)
    if length := tags.get("l"):
        hashed = hashed[: int(length)]
    all_tags = {
        "v": "1",
        "a": "ed25519-sha256" if isinstance(key, Ed25519PrivateKey) else "rsa-sha256",
        "c": c,
        "d": domain,
        "s": selector,
        "h": names,
        "bh": _base64((sha1 if is_sha1 else sha256)(hashed).digest()),
        **{name: text for name, text in tags.items() if name != "b"},
        "b": "",
    }
    value = "; ".join(f"{name}={text}" for name, text in all_tags.items() if text is not None)
    fields = [_split(field) for field in _BETWEEN.split(header)]
    chosen = []
    left = list(fields)
    for name in all_tags["h"].split(":") if all_tags["h"] else []:
        wanted = name.strip().lower().encode()
        at = max((n for n, field in enumerate(left) if field[0].lower() == wanted), default=None)
        if at is not None:
            chosen.append(left.pop(at))
    chosen.append((b"DKIM-Signature", b" " + value.encode()))
    octets = b"".join(
        name + b":" + text + (b"" if text.endswith(b"\r\n") else b"\r\n")
        for name, text in policy.canonicalize_headers(
            [(name, text + b"\r\n") for name, text in chosen]
        )
    ).removesuffix(b"\r\n")
    signature = tags.get("b") or _base64(_sign(key, octets, is_sha1))
    return b"DKIM-Signature: " + (value + signature).encode() + b"\r\n" + raw


def _split(field: bytes) -> tuple[bytes, bytes]:
    name, _, text = field.partition(b":")
    return name, text


def _sign(key: PrivateKey, octets: bytes, is_sha1: bool) -> bytes:
    if isinstance(key, Ed25519PrivateKey):
        return key.sign(sha256(octets).digest())
    return key.sign(octets, PKCS1v15(), SHA1() if is_sha1 else SHA256())


def _base64(octets: bytes) -> str:
    return b64encode(octets).decode("ascii")
