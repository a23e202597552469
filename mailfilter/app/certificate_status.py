"""What TLS is served with, as plain values: of keys nothing but their kind."""

from typing import Any

from ..config.model import Config
from ..tls.trust import list_expires
from .certificates import Held, used_certificates
from .credential_sets import KeptPair, KeptTrust
from .expiry import DAY


def tls_page(config: Config, held: Held, now: float) -> dict[str, Any]:
    """For the live status at this Unix time."""
    listeners = used_certificates(config)
    return {
        "certificates": {
            name: _certificate(config.certificates[name].chain, kept, listeners[name], now)
            for name, kept in held.pairs.items()
        },
        "client_trust": {
            name: _trust(config.listeners[name].client_ca, kept)
            for name, kept in held.trusts.items()
        },
    }


def _certificate(
    file: str, kept: KeptPair, listeners: tuple[str, ...], now: float
) -> dict[str, Any]:
    known = kept.parsed.facts
    return {
        "chain": file,
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
        "trouble": _trouble(kept),
        "listeners": list(listeners),
    }


def _trust(file: str, kept: KeptTrust) -> dict[str, Any]:
    return {
        "file": file,
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
        "trouble": _trouble(kept),
    }


def _trouble(kept: KeptPair | KeptTrust) -> str:
    return "" if kept.trouble is None else str(kept.trouble)
