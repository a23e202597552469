"""The sets of ARC fields in a message (RFC 8617 4.2): collected, numbered, none amiss."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from ..mail.canon import Canonical, Field

MAX_SETS = 50
"""RFC 8617 4.2.1: instances are numbered from 1 to 50."""

RESULTS = b"arc-authentication-results"
SIGNATURE = b"arc-message-signature"
SEAL = b"arc-seal"

SHORT_NAMES = {RESULTS: "AAR", SIGNATURE: "AMS", SEAL: "AS"}
"""What people call the fields."""

_INSTANCE = re.compile(rb"[1-9][0-9]?")
_TAG = re.compile(rb";[ \t\r\n]*+i[ \t\r\n]*+=[ \t\r\n]*+([^;]*+)")
_BEFORE_RESULTS = re.compile(rb"[ \t\r\n]*+i[ \t\r\n]*+=[ \t\r\n]*+([1-9][0-9]?)[ \t\r\n]*+;")


class ArcError(ValueError):
    """The fields of a message, or one of them, are not as they must be; the text says why."""


class ArcSet(NamedTuple):
    """What one hop has added."""

    instance: int
    results: Field
    signature: Field
    seal: Field

    def sealed_fields(self) -> tuple[Field, Field, Field]:
        """Its fields in the order in which a seal covers them (RFC 8617 5.1.1)."""
        return self.results, self.signature, self.seal


def arc_sets(message: Canonical) -> tuple[ArcSet, ...]:
    """The sets of a message, that of instance 1 first; empty if it has no field of ARC.

    Raises ArcError.
    """
    found = {name: _by_instance(name, message.named(name)) for name in SHORT_NAMES}
    newest = max(max(fields, default=0) for fields in found.values())
    for name, fields in found.items():
        if missing := next((n for n in range(1, newest + 1) if n not in fields), None):
            raise ArcError(f"{SHORT_NAMES[name]} of instance {missing} is missing")
    return tuple(
        [
            ArcSet(n, found[RESULTS][n], found[SIGNATURE][n], found[SEAL][n])
            for n in range(1, newest + 1)
        ]
    )


def highest_instance(message: Canonical) -> int:
    """The highest instance of any field that has a readable one, 0 if there is none.

    If a name has more fields than there may be sets, it is that of the last set there may be.
    """
    highest = 0
    for name in SHORT_NAMES:
        fields = message.named(name)
        if len(fields) > MAX_SETS:
            return MAX_SETS
        for field in fields:
            try:
                highest = max(highest, instance_of(field))
            except ArcError:
                continue
    return highest


def instance_of(field: Field) -> int:
    """The number of the set to which a field belongs; it has one. Raises ArcError."""
    value = value_of(field)
    if field.name == RESULTS:
        start = _BEFORE_RESULTS.match(value)
        text = start[1] if start else b""
    else:
        found = _TAG.findall(b";" + value)
        text = found[0].rstrip(b" \t\r\n") if len(found) == 1 else b""
    if not _INSTANCE.fullmatch(text) or int(text) > MAX_SETS:
        raise ArcError(f"{SHORT_NAMES[field.name]} has no instance (i=) from 1 to {MAX_SETS}")
    return int(text)


def results_of(field: Field) -> bytes:
    """What ARC-Authentication-Results says, after the instance."""
    value = value_of(field)
    found = _BEFORE_RESULTS.match(value)
    return value[found.end() :] if found else b""


def value_of(field: Field) -> bytes:
    """What is behind the colon."""
    return field.raw.partition(b":")[2]


def _by_instance(name: bytes, fields: Sequence[Field]) -> dict[int, Field]:
    if len(fields) > MAX_SETS:
        raise ArcError(f"more than {MAX_SETS} fields {SHORT_NAMES[name]}")
    found: dict[int, Field] = {}
    for field in fields:
        instance = instance_of(field)
        if instance in found:
            raise ArcError(f"two fields {SHORT_NAMES[name]} of instance {instance}")
        found[instance] = field
    return found
