"""What the files of a configuration hold that TLS needs, read as the filter would read them.

It comes as the plain values of the live status, with less in them where a file cannot be used.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from ..codec.control import Pair, Trust
from ..config.model import Certificate, Config, Listener
from ..tls.errors import TlsError
from ..tls.outgoing import Outgoing, terms_of
from ..tls.pair import PairError, Shown, read_pair
from ..tls.reading import read_file
from ..tls.trust import TrustError, list_expires, read_trust

T = TypeVar("T")


def held(config: Config, now: float) -> dict[str, Any]:
    """What they hold, with what is wrong with them at this Unix time; blocks."""
    page: dict[str, Any] = {
        "certificates": {
            name: _certificate(name, item, config, now)
            for name, item in config.certificates.items()
        },
        "client_trust": {
            name: _trust(name, item)
            for name, item in config.listeners.items()
            if item.enabled and item.client_auth != "off" and (item.client_ca or item.client_crl)
        },
        "connects": {},
    }
    redis = config.store.redis
    if config.store.kind == "redis" and redis.tls:
        made = Outgoing(terms_of(redis))
        page["connects"]["store.redis"] = {
            "file": redis.tls_ca or "(the authorities of the system)",
            "certificate": redis.tls_certificate or "(none)",
            "trouble": _tried(made.context)[1],
        }
    return page


def _certificate(name: str, item: Certificate, config: Config, now: float) -> dict[str, Any]:
    shown, trouble = _tried(lambda: _read_pair(name, item))
    found: dict[str, Any] = {
        "chain": item.chain,
        "listeners": [
            listener
            for listener, settings in config.listeners.items()
            if settings.enabled and name in settings.certificates
        ],
        "trouble": trouble,
    }
    if shown is None:
        return found
    known = shown.facts
    if now > known.expires:
        found["trouble"] = "it has expired"
    elif now < known.begins:
        found["trouble"] = "it does not hold yet"
    return {
        **found,
        "names": list(known.names),
        "subject": known.subject,
        "issuer": known.issuer,
        "begins": known.begins,
        "expires": known.expires,
        "fingerprint": known.fingerprint,
        "public_key": known.public_key,
        "key": known.key,
        "ocsp_expires": shown.ocsp_expires,
    }


def _read_pair(name: str, item: Certificate) -> Shown:
    files = {"chain": item.chain, "key": item.key or item.chain, "ocsp": item.ocsp}
    chain, key, ocsp = (
        read_file(path) if path else b"" for path in (item.chain, item.key, item.ocsp)
    )
    try:
        return read_pair(Pair(name=name, chain=chain, key=key, ocsp=ocsp))
    except PairError as error:
        raise TlsError(f"{files[error.part]}: {error}") from None


def _trust(name: str, item: Listener) -> dict[str, Any]:
    def read() -> dict[str, Any]:
        authorities = read_file(item.client_ca) if item.client_ca else b""
        lists = tuple(read_file(path) for path in item.client_crl)
        try:
            made = read_trust(Trust(listener=name, authorities=authorities, revoked=lists))
        except TrustError as error:
            is_list = error.part == "revoked"
            path = item.client_crl[error.number] if is_list else item.client_ca
            raise TlsError(f"{path}: {error}") from None
        return {
            "authorities": [
                {
                    "subject": found.subject.rfc4514_string(),
                    "expires": found.not_valid_after_utc.timestamp(),
                }
                for found in made.authorities
            ],
            "lists": [
                {"issuer": found.issuer.rfc4514_string(), "expires": list_expires(found)}
                for found in made.revoked
            ],
        }

    found, trouble = _tried(read)
    return {"file": item.client_ca, "authorities": [], "lists": [], **(found or {})} | {
        "trouble": trouble
    }


def _tried(read: Callable[[], T]) -> tuple[T | None, str]:
    """What came of it, and what is wrong."""
    try:
        return read(), ""
    except TlsError as error:
        return None, str(error)
