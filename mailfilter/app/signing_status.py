"""Keys by which mail is signed, and where they come from, as plain values: nothing secret."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from ..auth.signing_keys import SigningKey
from ..config import Problem
from ..config.model import Config
from .certificates import Held
from .credential_signing import KEYS, SOURCES, KeptSigning
from .signing_sources import source_settings

RefusedKeys = Mapping[tuple[str, str], Problem]


def key_page(kept: Mapping[str, KeptSigning], refused: RefusedKeys) -> dict[str, Any]:
    """By the name of the record in DNS; of keys that are refused there is the reason alone."""
    page: dict[str, Any] = {
        name: {
            "domain": item.parsed.domain,
            "selector": item.parsed.selector,
            "key": _kind(item.parsed),
            "file": item.paths[-1],
            "loaded": item.since,
            "trouble": "" if item.trouble is None else str(item.trouble),
        }
        for name, item in kept.items()
    }
    for (table, name), problem in refused.items():
        if table == KEYS and name not in page:
            page[name] = {"trouble": str(problem)}
        elif table == KEYS:
            page[name]["trouble"] = page[name]["trouble"] or str(problem)
    return page


def source_page(config: Config, held: Held, refused: RefusedKeys) -> dict[str, Any]:
    """Folders and maps by path, with their numbers of keys; and what in them can be no key."""
    counts = Counter(item.paths[0] for item in held.signing.values())
    page = {
        setting.path: {"keys": counts[setting.path], "trouble": ""}
        for setting in source_settings(config)
    }
    for (table, path), problem in (*held.sources.items(), *refused.items()):
        if table == SOURCES:
            page.setdefault(path, {"keys": 0})["trouble"] = str(problem)
    return page


def _kind(key: SigningKey) -> str:
    private = key.private
    return f"RSA, {private.key_size} bits" if isinstance(private, RSAPrivateKey) else "Ed25519"
