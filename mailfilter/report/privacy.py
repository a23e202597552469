"""What the history keeps of mail: as it is, as a hash, or not at all.

Hashes are keyed with a secret that lies in the store, so that they say nothing to those who get
hold of a row alone; whoever has the whole store has the key, and can try out what he suspects.
Texts that differ in case alone have the same hash.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from hashlib import blake2b
from typing import Literal

from ..config.model import HistorySettings, Privacy
from ..store.base import Key, key

SECRET: Key = key("history_secret")
"""Where the secret lies: the first filter that needs one puts it there."""

SECRET_OCTETS = 32

HASHED = "h:"
"""How a text begins that stands for another."""

DIGEST_OCTETS = 8
"""Of a hash: enough that no two of the rows kept are mistaken for each other."""

CACHED = 4096
"""Hashes kept of values that come again: symbols, actions, domains, those who write a lot."""

CACHED_CHARS = 128
"""Of a value at most: longer ones seldom come again, and strangers could fill memory with them."""

Kind = Literal[
    "action",
    "symbol",
    "from",
    "to",
    "address",
    "ip",
    "user",
    "identity",
    "message-id",
    "queue-id",
]
"""What rows can be found by."""

_STRICTNESS: Mapping[Privacy, int] = {"plain": 0, "hashed": 1, "dropped": 2}


class Hasher:
    """Hashes with one secret."""

    def __init__(self, secret: bytes) -> None:
        # Whoever else has put one there may have chosen another length.
        is_usual = len(secret) == SECRET_OCTETS
        self._secret = secret if is_usual else blake2b(secret, digest_size=SECRET_OCTETS).digest()
        self._cached_term = lru_cache(CACHED)(self._term)
        self._cached_masked = lru_cache(CACHED)(self._masked)

    def term(self, kind: Kind, value: str) -> bytes:
        """The term (see `store.base.Row.terms`) for a value of a kind."""
        make = self._cached_term if len(value) <= CACHED_CHARS else self._term
        return make(kind, value)

    def masked(self, text: str) -> str:
        """What stands for a text."""
        return self._cached_masked(text) if len(text) <= CACHED_CHARS else self._masked(text)

    def _term(self, kind: Kind, value: str) -> bytes:
        return self._digest(kind, value).encode()

    def _masked(self, text: str) -> str:
        return HASHED + self._digest("text", text)

    def _digest(self, kind: str, value: str) -> str:
        octets = f"{kind}\0{value.lower()}".encode("utf-8", "surrogatepass")
        return blake2b(octets, digest_size=DIGEST_OCTETS, key=self._secret).hexdigest()


class Masks:
    """How texts of each sort are kept. What is dropped becomes an empty text."""

    def __init__(self, settings: HistorySettings, hasher: Hasher) -> None:
        self.hasher = hasher
        quotes = stricter(settings.subject, settings.addresses)
        self.has_addresses = settings.addresses != "dropped"
        self.subject = _mask(settings.subject, hasher)
        self.address = _mask(settings.addresses, hasher)
        """Also for names of users and clients, and for message ids."""
        self.quote = _mask(quotes, hasher)
        """For what a check may have taken from anywhere in a message."""


def stricter(one: Privacy, other: Privacy) -> Privacy:
    """The one that keeps less."""
    return max(one, other, key=_STRICTNESS.__getitem__)


def _mask(privacy: Privacy, hasher: Hasher) -> Callable[[str], str]:
    if privacy == "plain":
        return str
    if privacy == "dropped":
        return lambda _text: ""
    return lambda text: hasher.masked(text) if text else ""
