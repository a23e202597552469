"""Adds a set of ours to the chain of ARC sets of a message (RFC 8617 5.1)."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ..mail.canon import Canonical, Field, Form, canonical_field
from .arc_fields import Validation, read_seal
from .arc_set import MAX_SETS, SEAL, SIGNATURE, ArcError, ArcSet, arc_sets, highest_instance
from .arc_set import RESULTS as RESULTS_NAME
from .signature_writer import arc_message_field, signed_value
from .signing_keys import SigningKey

FORM: Form = "relaxed"
"""Of fields and body: what hops after us do to white space is not the message."""


class UnsealableError(ValueError):
    """The chain gets no set of ours; says why."""


class NewSet(NamedTuple):
    """The values of the fields of a set, which are folded by LF and TAB."""

    seal: str
    signature: str
    results: str


class Place(NamedTuple):
    """Where a set of ours belongs."""

    instance: int
    validation: Validation
    before: tuple[ArcSet, ...]
    """The sets that its seal covers, too."""


def place_in(message: Canonical, validation: Validation) -> Place:
    """The place of a set of ours, behind a chain of which we have found that.

    A chain that failed is sealed as failed once, without what was there before, for that may be
    anything (RFC 8617 5.1.2). Raises UnsealableError.
    """
    if message.is_cut:
        raise UnsealableError("the header cannot be read whole")
    instance = highest_instance(message) + 1
    if instance > MAX_SETS:
        raise UnsealableError(f"there are {MAX_SETS} sets already")
    if validation == "fail":
        if any(_says_failed(field) for field in message.named(SEAL)):
            raise UnsealableError("the chain is sealed as failed already")
        return Place(instance, "fail", ())
    try:
        sets = arc_sets(message)
    except ArcError as error:
        raise UnsealableError(str(error)) from None
    if (validation == "none") != (not sets):
        raise UnsealableError(f"the chain is not the one that was found to be {validation}")
    return Place(instance, validation, sets)


def new_set(
    key: SigningKey,
    message: Canonical,
    place: Place,
    *,
    results: str,
    names: Sequence[bytes],
    digest: bytes,
    time: int,
) -> NewSet:
    """Seal a message.

    Args:
        results: what Authentication-Results says, folded by LF and TAB.
        names: of the fields that are signed, in lower case, as for DKIM-Signature; none of ARC.
        digest: SHA-256 of the relaxed body.
        time: Unix time.
    """
    signature = arc_message_field(
        key,
        message,
        names,
        instance=place.instance,
        header_form=FORM,
        body_form=FORM,
        digest=digest,
        time=time,
    )
    results = f"i={place.instance}; {results}"
    tags = [
        ("i", str(place.instance)),
        ("a", key.algorithm),
        ("cv", place.validation),
        ("d", key.domain),
        ("s", key.selector),
        ("t", str(time)),
    ]
    lines = sealed_lines(place, _field(RESULTS_NAME, results), _field(SIGNATURE, signature))
    return NewSet(signed_value(key, b"ARC-Seal", tags, lines, FORM), signature, results)


def sealed_lines(place: Place, results: Field, signature: Field) -> Iterator[bytes]:
    """What a new seal signs beside itself, in canonical form (RFC 8617 5.1.1)."""
    for one in place.before:
        for field in one.sealed_fields():
            yield canonical_field(field, FORM)
    yield canonical_field(results, FORM)
    yield canonical_field(signature, FORM)


def _says_failed(field: Field) -> bool:
    try:
        return read_seal(field).validation == "fail"
    except ArcError:
        return False


def _field(name: bytes, value: str) -> Field:
    octets = value.replace("\n", "\r\n").encode("utf-8", "replace")
    return Field(name, name + b": " + octets + b"\r\n")
