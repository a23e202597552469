"""What has become of keys that sign mail, in words."""

from collections.abc import Iterator, Mapping

from ..auth.signing_keys import SigningKey
from .credential_signing import KeptSigning, public_of

MAX_NAMED = 10
"""Domains, or keys, that are named in one text."""
MAX_TOLD = 100
"""Changes at one time that are told one by one."""

_CHANGED = {
    "signing_keys_added": "mail is signed by a new key",
    "signing_keys_renewed": "signing key renewed",
    "signing_keys_gone": "mail is signed no more by a key that is gone",
}


def words(key: SigningKey) -> str:
    """A key in words."""
    return f"{key.algorithm}, selector {key.selector} of {key.domain}"


def renewed_keys(
    kept: Mapping[str, KeptSigning], before: Mapping[str, KeptSigning]
) -> Iterator[tuple[str, str]]:
    """What signs now and did not before, or does no more: what it is counted as, and in words.

    Of so many that nobody reads it there are no words.
    """
    for number, (event, key) in enumerate(_changes(kept, before)):
        text = f"{_CHANGED[event]}: {words(key)}" if number < MAX_TOLD else ""
        yield event, text


def _changes(
    kept: Mapping[str, KeptSigning], before: Mapping[str, KeptSigning]
) -> Iterator[tuple[str, SigningKey]]:
    for name, item in kept.items():
        if name not in before:
            yield "signing_keys_added", item.parsed
        elif before[name].files != item.files:
            yield "signing_keys_renewed", item.parsed
    for name, item in before.items():
        if name not in kept:
            yield "signing_keys_gone", item.parsed


def given_up_keys(
    kept: Mapping[str, KeptSigning], before: Mapping[str, KeptSigning]
) -> Iterator[str]:
    """What those who verify mail will notice, in words."""
    both = [(name, before[name], item) for name, item in kept.items() if name in before]
    others = [
        name
        for name, old, item in both
        if old.files != item.files and public_of(old) != public_of(item)
    ]
    if others:
        yield (
            f"another key has the same name, {_several(others)}: mail that it signs is verified"
            " once it is published there, and mail signed before no more"
        )
    domains = {item.parsed.domain for item in kept.values()}
    before_it = dict.fromkeys(item.parsed.domain for item in before.values())
    if gone := [domain for domain in before_it if domain not in domains]:
        yield f"mail of {_several(gone)} is signed no more: there is no key for it"


def _several(names: list[str]) -> str:
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return ", ".join(names[:MAX_NAMED]) + more
