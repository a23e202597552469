"""What TLS is served with, keypairs, and keys that sign mail, as plain values: of keys nothing but
what is public."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ..codec.base32 import encode_base32
from ..config import Problem
from ..config.model import Config
from ..tls.trust import list_expires
from .certificates import Held
from .credential_files import used
from .credential_keypairs import KeptKeypair, public_text
from .credential_sets import KeptPair, KeptTrust
from .credential_signing import KEYS, SOURCES
from .expiry import DAY, lives
from .signing_status import key_page, source_page

_TABLES = {
    "certificates": "certificates",
    "client_trust": "listeners",
    "keypairs": "keypairs",
    KEYS: KEYS,
    "signing_sources": SOURCES,
}
"""Part of the page -> table of the configuration."""


NOTHING_REFUSED: Mapping[tuple[str, str], Problem] = MappingProxyType({})


def tls_page(
    config: Config,
    held: Held,
    now: float,
    refused: Mapping[tuple[str, str], Problem] = NOTHING_REFUSED,
) -> dict[str, Any]:
    """For the live status at this Unix time; of sets that are `refused` there is little to tell."""
    listeners, opening = used(config, "certificates"), used(config, "keypairs")
    expired = expired_sets(held, now)
    page: dict[str, Any] = {
        "certificates": {
            name: _certificate(kept, now)
            | _about_certificate(config, name, listeners[name], kept.trouble)
            for name, kept in held.pairs.items()
        },
        "client_trust": {
            name: _trust(kept) | _about_trust(config, name, kept.trouble)
            for name, kept in held.trusts.items()
        },
        "keypairs": {
            name: _keypair(kept) | _about_keypair(config, name, opening[name], kept.trouble)
            for name, kept in held.keypairs.items()
        },
        KEYS: key_page(held.signing, refused),
        "signing_sources": source_page(config, held, refused),
    }
    for (table, name), problem in refused.items():
        if table == "certificates":
            about = _about_certificate(config, name, listeners[name], problem)
            page["certificates"][name] = about
        elif table == "listeners":
            empty: dict[str, Any] = {"authorities": [], "lists": []}
            page["client_trust"][name] = empty | _about_trust(config, name, problem)
        elif table == "keypairs":
            page["keypairs"][name] = _about_keypair(config, name, opening[name], problem)
    for part, table in _TABLES.items():
        for name, item in page[part].items():
            item["expired"] = expired.get((table, name), [])
    return page


def expired_sets(held: Held, now: float) -> Mapping[tuple[str, str], list[str]]:
    """What has expired, or does not hold yet, in words; by table and name."""
    found: dict[tuple[str, str], list[str]] = {}
    for life in lives(held):
        state, text = life.trouble(now, 0.0)
        if state in ("late", "early"):
            found.setdefault(life.owner, []).append(text)
    return found


def _about_certificate(
    config: Config, name: str, listeners: tuple[str, ...], trouble: Problem | None
) -> dict[str, Any]:
    return {
        "chain": config.certificates[name].chain,
        "listeners": list(listeners),
        "trouble": _text(trouble),
    }


def _about_trust(config: Config, name: str, trouble: Problem | None) -> dict[str, Any]:
    return {"file": config.listeners[name].client_ca, "trouble": _text(trouble)}


def _about_keypair(
    config: Config, name: str, listeners: tuple[str, ...], trouble: Problem | None
) -> dict[str, Any]:
    return {
        "file": config.keypairs[name].file,
        "listeners": list(listeners),
        "trouble": _text(trouble),
    }


def _keypair(kept: KeptKeypair) -> dict[str, Any]:
    return {
        "public_key": public_text(kept.parsed),
        "short_id": encode_base32(kept.parsed.short_id),
        "loaded": kept.since,
    }


def _certificate(kept: KeptPair, now: float) -> dict[str, Any]:
    known = kept.parsed.facts
    return {
        "names": list(known.names),
        "subject": known.subject,
        "issuer": known.issuer,
        "begins": known.begins,
        "expires": known.expires,
        "days": round((known.expires - now) / DAY, 2),
        "fingerprint": known.fingerprint,
        "public_key": known.public_key,
        "key": known.key,
        "ocsp_expires": kept.parsed.ocsp_expires,
        "loaded": kept.since,
    }


def _trust(kept: KeptTrust) -> dict[str, Any]:
    return {
        "authorities": [
            {
                "subject": item.subject.rfc4514_string(),
                "expires": item.not_valid_after_utc.timestamp(),
            }
            for item in kept.parsed.authorities
        ],
        "lists": [
            {"issuer": item.issuer.rfc4514_string(), "expires": list_expires(item)}
            for item in kept.parsed.revoked
        ],
    }


def _text(trouble: Problem | None) -> str:
    return "" if trouble is None else str(trouble)
