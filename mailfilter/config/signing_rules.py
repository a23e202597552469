"""Keys of ours by which mail is signed: names that can be none in DNS, and keys set twice."""

import re
from collections.abc import Iterator

from .complaint import Complaint, Doubt, Place, told
from .model import Config
from .problem import Problem, Unfit
from .tls_names import MAX_DNS_NAME, check_dns
from .toml_text import KeyPath, key_text, string_text

KEY_DOMAIN = "_domainkey"
"""The label between selector and domain (RFC 6376 7.5)."""

_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62}+(?<!-))?")


def record_name(domain: str, selector: str) -> str:
    """Where the public half of a key is in DNS."""
    return f"{selector}.{KEY_DOMAIN}.{domain}"


def check_domain(text: str) -> None:
    """Raises Unfit for what can be no domain that signs."""
    if not text.isascii():
        raise Unfit("expected a domain in ASCII: xn-- and so on for others")
    try:
        check_dns(text)
    except Unfit:
        raise Unfit("expected a domain such as example.org") from None
    if not _are_labels(text):
        raise Unfit("expected a domain such as example.org")


def check_selector(text: str, domain: str) -> None:
    """Raises Unfit for what can be no selector of a domain."""
    if not _are_labels(text):
        raise Unfit("expected a selector of letters, digits and hyphens, such as 2026")
    if len(record_name(domain, text)) > MAX_DNS_NAME:
        name = record_name("DOMAIN", "SELECTOR")
        raise Unfit(f"expected {name} to have at most {MAX_DNS_NAME} characters")


def signing_problems(config: Config, place: Place, is_doubtful: Doubt) -> Iterator[Problem]:
    """What cannot be meant."""
    for name, key in config.signing_keys.items():
        path = ("signing_keys", name)
        try:
            check_domain(key.domain)
        except Unfit as unfit:
            yield from told([_unfit((*path, "domain"), key.domain, unfit)], place, is_doubtful)
            continue
        try:
            check_selector(key.selector, key.domain)
        except Unfit as unfit:
            yield from told([_unfit((*path, "selector"), key.selector, unfit)], place, is_doubtful)
    yield from told(_twice(config), place, is_doubtful)
    yield from told(_same_paths(config), place, is_doubtful)


def _unfit(path: KeyPath, value: str, unfit: Unfit) -> Complaint:
    return Complaint(path, string_text(value), unfit.expected, unfit.hint)


def _are_labels(text: str) -> bool:
    return all(_LABEL.fullmatch(label) for label in text.split("."))


def _twice(config: Config) -> Iterator[Complaint]:
    """Two keys of one name in DNS, where only one can be published."""
    first: dict[str, str] = {}
    for name, key in config.signing_keys.items():
        other = first.setdefault(record_name(key.domain, key.selector).lower(), name)
        if other != name:
            path: KeyPath = ("signing_keys", name, "selector")
            expected = f"{key_text(('signing_keys', other))} has the same selector and domain"
            yield Complaint(path, string_text(key.selector), expected)


def _same_paths(config: Config) -> Iterator[Complaint]:
    for part in ("folders", "maps"):
        paths: tuple[str, ...] = getattr(config.signing, part)
        for at, text in enumerate(paths):
            if text in paths[:at]:
                path: KeyPath = ("signing", part, at)
                yield Complaint(path, string_text(text), "stands there before")
