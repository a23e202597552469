"""The private keys by which we sign mail, found by domain."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

Algorithm = Literal["rsa-sha256", "ed25519-sha256"]


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One key. Its public half is published at `SELECTOR._domainkey.DOMAIN`."""

    domain: str
    """In lower case, ASCII."""
    selector: str
    private: RSAPrivateKey | Ed25519PrivateKey

    @property
    def algorithm(self) -> Algorithm:
        """The name of what it signs by (RFC 6376 3.3, RFC 8463)."""
        return "rsa-sha256" if isinstance(self.private, RSAPrivateKey) else "ed25519-sha256"


class SigningKeys:
    """All keys of ours. What is found is what there was last."""

    def __init__(self, keys: Iterable[SigningKey] = ()) -> None:
        self._keys: dict[str, tuple[SigningKey, ...]] = {}
        self.use(keys)

    def find(self, domain: str) -> tuple[SigningKey, ...]:
        """The keys of exactly this domain (lower case), in the order in which they were given."""
        return self._keys.get(domain, ())

    def use(self, keys: Iterable[SigningKey]) -> None:
        """Have these in place of those there are."""
        found: dict[str, list[SigningKey]] = {}
        for key in keys:
            found.setdefault(key.domain, []).append(key)
        self._keys = {domain: tuple(of_domain) for domain, of_domain in found.items()}

    def __len__(self) -> int:
        return sum(map(len, self._keys.values()))
