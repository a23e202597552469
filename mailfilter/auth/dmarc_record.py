"""Records of DMARC: the policy that a domain publishes.

RFC 7489 6.3, with `np` (RFC 9091 3.2), `t` and `psd` (RFC 9989 4.7).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal, cast

Policy = Literal["none", "quarantine", "reject"]
POLICIES: Final = ("none", "quarantine", "reject")

Alignment = Literal["r", "s"]

MAX_RECORD = 8192
"""Octets of a record; those of the largest domains have some 200."""
MAX_TAGS = 64

_VERSION = re.compile(r"[ \t]*+v[ \t]*+=[ \t]*+DMARC1[ \t]*+(?:;|\Z)")
_TAG = re.compile(r"[ \t]*+([A-Za-z][A-Za-z0-9_]*+)[ \t]*+=(.*)\Z", re.DOTALL)
_MAILTO = re.compile(r"(?i:mailto):[^ \t,;!@]++@[^ \t,;!@]++(?:![0-9]++[kmgtKMGT]?)?\Z")


class RecordError(ValueError):
    """Nothing can be done by this record."""


@dataclass(frozen=True, slots=True)
class Record:
    """What a domain wants done with mail that fails."""

    policy: Policy = "none"
    subdomains: Policy | None = None
    """For names below the record's domain (`sp`)."""
    missing: Policy | None = None
    """For names below it that are not there (`np`)."""
    dkim: Alignment = "r"
    """How near the domain of a signature must be: relaxed or strict."""
    spf: Alignment = "r"
    percent: int = 100
    """For how much of the mail that fails (`pct`)."""
    is_testing: bool = False
    """The domain tries its policy out (`t=y`)."""
    is_suffix: bool | None = None
    """Whether domains below it belong to others (`psd`); `None` says nothing."""
    reports_to: str = ""
    """The list of URIs for aggregate reports (`rua`), as it stands there."""
    failures: str = ""
    """Of which failures it wants reports one by one (`fo`), as it stands there; for reports."""
    problems: tuple[str, ...] = ()
    """What is wrong in it and was passed over."""

    def policy_below(self, exists: bool) -> Policy:
        """The policy for a name below the record's domain, which is there or not."""
        if not exists and self.missing is not None:
            return self.missing
        return self.subdomains or self.policy


def is_record(text: bytes) -> bool:
    """Whether a TXT record is one of DMARC; all others are somebody else's."""
    return _VERSION.match(text[:MAX_RECORD].decode("latin_1")) is not None


@lru_cache(maxsize=1024)
def read_record(text: bytes) -> Record:
    """Read a record for which `is_record` holds.

    What is wrong in a tag leaves its default, but for the policies: with a wrong one the record
    counts as `p=none` if it names an address for reports, and for nothing without one.

    Raises:
        RecordError: a wrong policy and no address, two tags of a name, too long, not ASCII.
    """
    if len(text) > MAX_RECORD:
        raise RecordError(f"more than {MAX_RECORD} octets")
    if not text.isascii():
        raise RecordError("octets that are no ASCII")
    problems: list[str] = []
    tags = _tags(text.decode("ascii"), problems)
    reports_to = tags.get("rua", "")
    policies = {name: _policy(tags, name, problems) for name in ("p", "sp", "np")}
    if any(policies[name] is None and name in tags for name in policies):
        if not any(map(_MAILTO.match, map(str.strip, reports_to.split(",")))):
            raise RecordError(problems[-1])
        policies = dict.fromkeys(policies)
    return Record(
        policy=policies["p"] or "none",
        subdomains=policies["sp"],
        missing=policies["np"],
        dkim=cast(Alignment, _choice(tags, "adkim", "rs", problems)),
        spf=cast(Alignment, _choice(tags, "aspf", "rs", problems)),
        percent=_percent(tags, problems),
        is_testing=_choice(tags, "t", "ny", problems) == "y",
        is_suffix={"y": True, "n": False}.get(_choice(tags, "psd", "uyn", problems)),
        reports_to=reports_to,
        failures=tags.get("fo", ""),
        problems=tuple(problems),
    )


def _tags(text: str, problems: list[str]) -> Mapping[str, str]:
    """Names in lower case, and values; of the tags behind the version."""
    tags: dict[str, str] = {}
    pieces = text.split(";")[1:]
    if len(pieces) > MAX_TAGS:
        raise RecordError(f"more than {MAX_TAGS} tags")
    for piece in pieces:
        if not piece.strip():
            continue
        found = _TAG.match(piece)
        if found is None:
            problems.append(f"no tag: {piece.strip()[:40]}")
            continue
        name = found[1].lower()
        if name in tags or name == "v":
            raise RecordError(f"two tags {name}")
        tags[name] = found[2].strip()
    return tags


def _policy(tags: Mapping[str, str], name: str, problems: list[str]) -> Policy | None:
    value = tags.get(name, "").lower()
    if value in POLICIES:
        return cast(Policy, value)
    if name in tags:
        problems.append(f"{name}: expected {', '.join(POLICIES)}, got {value[:40]!r}")
    return None


def _choice(tags: Mapping[str, str], name: str, letters: str, problems: list[str]) -> str:
    """One of some letters; the first is the default."""
    value = tags.get(name, letters[0]).lower()
    if len(value) == 1 and value in letters:
        return value
    problems.append(f"{name}: expected {' or '.join(letters)}, got {value[:40]!r}")
    return letters[0]


def _percent(tags: Mapping[str, str], problems: list[str]) -> int:
    value = tags.get("pct", "100")
    if value.isdigit() and len(value) <= 3 and int(value) <= 100:
        return int(value)
    problems.append(f"pct: expected a number from 0 to 100, got {value[:40]!r}")
    return 100
