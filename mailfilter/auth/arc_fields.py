"""The field ARC-Seal (RFC 8617 4.1.3)."""

from typing import Literal, NamedTuple, cast

from ..mail.canon import Field
from .arc_set import ArcError, instance_of, value_of
from .signature_tags import (
    SignatureAlgorithm,
    SignatureError,
    needed,
    read_algorithm,
    read_signature_octets,
    read_signer,
    read_time,
)
from .tags import TagError, parse_tags, shown

Validation = Literal["none", "pass", "fail"]
"""What a sealer found of the chain that it got (`cv=`)."""

_VALIDATIONS = frozenset({b"none", b"pass", b"fail"})
_NOT_OF_SEALS = ("h", "bh")


class Seal(NamedTuple):
    """What a seal says. Nothing of it is verified."""

    instance: int
    validation: Validation
    domain: str
    """In lower case, ASCII."""
    selector: str
    algorithm: SignatureAlgorithm
    signature: bytes

    @property
    def key_name(self) -> str:
        """The name of DNS at which the public key is (RFC 6376 3.6.2.1)."""
        return f"{self.selector}._domainkey.{self.domain}"


def read_seal(field: Field) -> Seal:
    """Read an ARC-Seal. Raises ArcError."""
    instance = instance_of(field)
    try:
        tags = parse_tags(value_of(field))
        domain, selector = read_signer(tags)
        algorithm = read_algorithm(tags)
        validation = needed(tags, "cv")
        signature = read_signature_octets(tags, algorithm)
        read_time(tags, "t")
    except (TagError, SignatureError) as error:
        raise _bad(instance, str(error)) from None
    if algorithm == "rsa-sha1":
        raise _bad(instance, "rsa-sha1 is too weak")
    if validation not in _VALIDATIONS:
        raise _bad(instance, f"cv={shown(validation)} is not known")
    for name in _NOT_OF_SEALS:
        # What is sealed is not for the sealer to choose.
        if name in tags:
            raise _bad(instance, f"it has {name}=")
    return Seal(
        instance,
        cast("Validation", validation.decode("ascii")),
        domain,
        selector,
        algorithm,
        signature,
    )


def _bad(instance: int, problem: str) -> ArcError:
    return ArcError(f"AS of i={instance}: {problem}")
