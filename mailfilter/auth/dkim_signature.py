"""Fields that sign a message: DKIM-Signature and ARC-Message-Signature."""

import re
from collections.abc import Mapping
from typing import NamedTuple, cast

from ..mail.canon import Field, Form, HashName, canonical_field
from .signature_tags import (
    SignatureAlgorithm,
    SignatureError,
    needed,
    read_algorithm,
    read_base64,
    read_domain,
    read_signature_octets,
    read_signer,
    read_time,
)
from .tags import TagError, parse_tags, shown

__all__ = ["Signature", "SignatureError", "read_message_signature", "read_signature"]

MAX_NAMES = 500
"""Names in `h=`."""
MAX_INSTANCE = 50
"""Of ARC (RFC 8617 4.2.1)."""

_HASH_SIZES: Mapping[HashName, int] = {"sha256": 32, "sha1": 20}
_FORMS = frozenset({b"simple", b"relaxed"})
_SPACE = b" \t"
_FIELD_NAME = bytes(range(0x21, 0x7F)).replace(b":", b"").replace(b";", b"")
"""What may be in the name of a field of which a list of tags tells."""
_LENGTH = re.compile(rb"[0-9]{1,76}")
_INSTANCE = re.compile(rb"[1-9][0-9]?")
_HEX = re.compile(rb"=([0-9A-F]{2})")
_SIGNATURE_TAG = re.compile(rb"(;[ \t\r\n]*+b[ \t\r\n]*+=)[^;]*+")


class Signature(NamedTuple):
    """What a field says of how a message is signed. Nothing of it is verified."""

    domain: str
    """In lower case, ASCII."""
    selector: str
    algorithm: SignatureAlgorithm
    hash: HashName
    header_form: Form
    body_form: Form
    names: tuple[bytes, ...]
    """Of the fields that are signed, in lower case, in the order of `h=`."""
    body_hash: bytes
    signature: bytes
    length: int | None
    """Octets of the canonical body that are signed (`l=`); None: all."""
    identity: str
    """Of DKIM: who signs, the domain or one below it behind an `@`."""
    time: int | None
    expires: int | None
    field: Field
    instance: int = 0
    """Of ARC: the number of the set."""

    @property
    def key_name(self) -> str:
        """The name of DNS at which the public key is (RFC 6376 3.6.2.1)."""
        return f"{self.selector}._domainkey.{self.domain}"


def read_signature(field: Field) -> Signature:
    """Read a DKIM-Signature (RFC 6376 3.5, 6.1.1). Raises SignatureError."""
    tags = _tags(field)
    if (version := needed(tags, "v")) != b"1":
        raise SignatureError(f"v={shown(version)}, expected 1")
    names = _names(tags)
    if b"" in names:
        raise SignatureError("h= has an empty name")
    if b"from" not in names:
        raise SignatureError("h= is without From")
    domain, selector = read_signer(tags)
    identity = _identity(tags.get("i"), domain)
    return _signature(field, tags, domain, selector, names, identity, 0)


def read_message_signature(field: Field) -> Signature:
    """Read an ARC-Message-Signature (RFC 8617 4.1.2). Raises SignatureError.

    It has no version, its `i=` is a number, and it may sign no field at all, but no seal.
    """
    tags = _tags(field)
    instance = needed(tags, "i")
    if not _INSTANCE.fullmatch(instance) or int(instance) > MAX_INSTANCE:
        raise SignatureError(f"i={shown(instance)}, expected 1 to {MAX_INSTANCE}")
    names = tuple(filter(None, _names(tags)))
    if b"arc-seal" in names:
        raise SignatureError("h= has ARC-Seal")
    domain, selector = read_signer(tags)
    return _signature(field, tags, domain, selector, names, "", int(instance))


def unsigned_form(field: Field, form: Form) -> bytes:
    """The field as it is itself signed: its `b=` empty, no line end behind (RFC 6376 3.7)."""
    return unsigned_line(canonical_field(field, form))


def unsigned_line(line: bytes) -> bytes:
    """`unsigned_form` of a field that has its canonical form."""
    name, _, value = line.removesuffix(b"\r\n").partition(b":")
    # A semicolon in front makes all tags look the same, and the search for one quick.
    value = b";" + value
    if found := _SIGNATURE_TAG.search(value):
        value = value[: found.end(1)] + value[found.end() :]
    return name + b":" + value[1:]


def _tags(field: Field) -> dict[str, bytes]:
    try:
        return parse_tags(field.raw.partition(b":")[2])
    except TagError as error:
        raise SignatureError(str(error)) from None


def _signature(
    field: Field,
    tags: Mapping[str, bytes],
    domain: str,
    selector: str,
    names: tuple[bytes, ...],
    identity: str,
    instance: int,
) -> Signature:
    """What DKIM-Signature and ARC-Message-Signature have in common."""
    algorithm = read_algorithm(tags)
    hash_name: HashName = "sha1" if algorithm == "rsa-sha1" else "sha256"
    header_form, body_form = _forms(tags.get("c"))
    _check_query(tags.get("q"))
    time = read_time(tags, "t")
    expires = read_time(tags, "x")
    if time is not None and expires is not None and expires <= time:
        raise SignatureError("x= is not after t=")
    return Signature(
        domain,
        selector,
        algorithm,
        hash_name,
        header_form,
        body_form,
        names,
        _body_hash(tags, hash_name),
        read_signature_octets(tags, algorithm),
        _length(tags.get("l")),
        identity,
        time,
        expires,
        field,
        instance,
    )


def _names(tags: Mapping[str, bytes]) -> tuple[bytes, ...]:
    """The names of `h=`; empty ones too. Raises SignatureError."""
    if (value := tags.get("h")) is None:
        raise SignatureError("no h=")
    if value.count(b":") >= MAX_NAMES:
        raise SignatureError(f"h= has more than {MAX_NAMES} names")
    names = tuple([name.strip(_SPACE) for name in value.lower().split(b":")])
    if b"".join(names).translate(None, _FIELD_NAME):
        bad = next(name for name in names if name.translate(None, _FIELD_NAME))
        raise SignatureError(f"h= has {shown(bad)}, which is no name of a field")
    return names


def _forms(value: bytes | None) -> tuple[Form, Form]:
    """What `c=` says (RFC 6376 3.5)."""
    if value is None:
        return "simple", "simple"
    header, slash, body = value.partition(b"/")
    if not slash:
        body = b"simple"
    if header not in _FORMS or body not in _FORMS:
        raise SignatureError(f"c={shown(value)} is not known")
    return cast("Form", header.decode("ascii")), cast("Form", body.decode("ascii"))


def _check_query(value: bytes | None) -> None:
    """Whether the key can be asked for. Other ways than by DNS are skipped."""
    if value is None:
        return
    if b"dns/txt" not in [way.strip(_SPACE) for way in value.split(b":")]:
        raise SignatureError(f"q={shown(value)}, expected dns/txt")


def _body_hash(tags: Mapping[str, bytes], hash_name: HashName) -> bytes:
    octets = read_base64(tags, "bh")
    if len(octets) != _HASH_SIZES[hash_name]:
        expected = _HASH_SIZES[hash_name]
        raise SignatureError(f"bh= has {len(octets)} octets, expected {expected}")
    return octets


def _length(value: bytes | None) -> int | None:
    if value is None:
        return None
    if not _LENGTH.fullmatch(value):
        raise SignatureError(f"l={shown(value)} is no number")
    return int(value)


def _identity(value: bytes | None, domain: str) -> str:
    """Who signs; it is of the domain of `d=` or of one below."""
    if value is None:
        return f"@{domain}"
    octets = _HEX.sub(lambda found: bytes.fromhex(found[1].decode()), value.translate(None, _SPACE))
    local, at, rest = octets.rpartition(b"@")
    if not at:
        raise SignatureError(f"i={shown(octets)} is without an @")
    below = read_domain(rest, "i")
    if below != domain and not below.endswith(f".{domain}"):
        raise SignatureError(f"i={shown(octets)} is not of {shown(domain.encode())}")
    try:
        text = local.decode("utf-8")
    except UnicodeDecodeError:
        text = "\0"
    if not text.isprintable():
        raise SignatureError(f"i={shown(octets)} is no address")
    return f"{text}@{below}"
