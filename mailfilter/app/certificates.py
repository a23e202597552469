"""What TLS is served with: certificates of ours, and what those of others are verified by; the
keypairs of HTTPCrypt; and the keys by which mail is signed.

Files are read by the master alone. Each certificate and each listener's trust is a set of its own:
of one that cannot be used the files before it stay in use, and only of that.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import inf
from typing import Any, TypeVar

from cryptography import x509

from ..codec.control import Credentials
from ..config import Loaded, Problem
from ..config.model import Config
from ..config.names import listed
from ..config.toml_text import KeyPath
from ..syntax import moment
from ..tls.reading import Stamp, stamp
from .credential_files import SETTLE_SECONDS, Desk, Refused, Setting, used, with_sequel
from .credential_keypairs import (
    KeptKeypair,
    given_up,
    keypair_setting,
    public_text,
    take_keypair,
    warn_of_same,
)
from .credential_redis import redis_settings, take_redis
from .credential_sets import (
    Kept,
    KeptPair,
    KeptTrust,
    pair_paths,
    pair_settings,
    take_pair,
    take_trust,
    trust_paths,
    trust_settings,
)
from .credential_signing import KEYS, KeptSigning, signing_settings, take_signing
from .signing_changes import given_up_keys, renewed_keys

K = TypeVar("K", bound=Kept[Any, Any])


@dataclass(frozen=True, slots=True)
class Held:
    """All sets of a configuration."""

    pairs: Mapping[str, KeptPair] = field(default_factory=dict)
    """Name in [certificates] -> what is shown; those that an enabled listener has."""
    trusts: Mapping[str, KeptTrust] = field(default_factory=dict)
    """Listener -> what it verifies by; those that ask for certificates."""
    keypairs: Mapping[str, KeptKeypair] = field(default_factory=dict)
    """Name in [keypairs] -> what opens requests; those that an enabled listener has."""
    signing: Mapping[str, KeptSigning] = field(default_factory=dict)
    """Name of the record in DNS -> the key by which mail is signed."""
    sources: Mapping[tuple[str, str], Problem] = field(default_factory=dict)
    """Why folders and maps with such keys are not used as they are, by table and path."""
    to_redis: x509.Certificate | None = None
    """What the store shows."""
    stamps: Mapping[str, Stamp | None] = field(default_factory=dict)
    """The files, as they were before they were read."""

    def credentials(self) -> Credentials:
        """For workers."""
        return Credentials(
            pairs=tuple(kept.files for kept in self.pairs.values()),
            trusts=tuple(kept.files for kept in self.trusts.values()),
            keypairs=tuple(kept.files for kept in self.keypairs.values()),
            signing=tuple(kept.files for kept in self.signing.values()),
        )

    def troubles(self) -> Mapping[tuple[str, str], Problem]:
        """Why some are older than their files, by table and name in the configuration."""
        sets = self.sets().items()
        found = {at: kept.trouble for at, kept in sets if kept.trouble is not None}
        return {**found, **self.sources}

    def renewed(self, before: "Held") -> Iterator[tuple[str, str]]:
        """What has come in place of something else: what it is counted as, and in words."""
        earlier = before.sets()
        for (table, name), kept in self.sets().items():
            old = earlier.get((table, name))
            if table == KEYS or old is None or old.files == kept.files:
                continue
            if table == "listeners":
                text = f"listener {name}: authorities and lists of revoked certificates renewed"
                yield "certificates_renewed", text
            elif table == "keypairs":
                text = f"keypair {name} renewed: its public key is {public_text(kept.parsed)}"
                yield "keypairs_renewed", text
            elif (old.files.chain, old.files.key) == (kept.files.chain, kept.files.key):
                yield _answer_renewed(name, kept.parsed.ocsp)
            else:
                known = kept.parsed.facts
                yield (
                    "certificates_renewed",
                    f"certificate {name} renewed: {known.fingerprint}, expires at"
                    f" {moment(known.expires)}",
                )
        yield from renewed_keys(self.signing, before.signing)

    def lost(self, before: "Held") -> Iterator[str]:
        """What others know us by, and is no more since something was renewed, in words."""
        for name, kept in self.pairs.items():
            old = before.pairs.get(name)
            if old is None or old.paths != kept.paths:
                continue
            if names := kept.parsed.facts.lacks(old.parsed.facts):
                yield (
                    f"certificate {name} is no more for {listed(names)}: those who connect by that"
                    " name will refuse it"
                )
        yield from given_up(self.keypairs, before.keypairs)
        yield from given_up_keys(self.signing, before.signing)

    def sets(self) -> dict[tuple[str, str], Kept[Any, Any]]:
        """All of them, by table and name in the configuration."""
        tables: Mapping[str, Mapping[str, Kept[Any, Any]]] = {
            "certificates": self.pairs,
            "listeners": self.trusts,
            "keypairs": self.keypairs,
            KEYS: self.signing,
        }
        return {
            (table, name): kept for table, named in tables.items() for name, kept in named.items()
        }

    def has_changed(self) -> bool:
        """Whether any file is another one now; asks the file system."""
        return any(stamp(file) != before for file, before in self.stamps.items())


NOTHING = Held()


def _answer_renewed(name: str, answer: bytes) -> tuple[str, str]:
    if not answer:
        return "staples_dropped", f"certificate {name}: no answer of OCSP is shown any more"
    return "staples_renewed", f"certificate {name}: answer of OCSP renewed"


@dataclass(frozen=True, slots=True)
class Taken:
    """What comes of reading the files."""

    held: Held
    refused: Mapping[tuple[str, str], Problem]
    """Why sets cannot be used that have none before them, by table and name; and of the
    files of the store."""
    warnings: tuple[Problem, ...]

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All that was refused."""
        return tuple(self.refused.values())


def take(
    loaded: Loaded,
    before: Held,
    now: float,
    doubtful: frozenset[KeyPath] = frozenset(),
    *,
    waits: bool = False,
) -> Taken:
    """Read all sets of a configuration at this Unix time.

    Sets with keys that are `doubtful` were reported, and are left out. If it `waits`, folders and
    maps that have changed a moment ago are for the next time.
    """
    desk = Desk(loaded, now - SETTLE_SECONDS if waits else inf)
    known = {key[:2] for key in doubtful}
    refused: dict[tuple[str, str], Problem] = {}

    def pair(name: str) -> KeptPair:
        return take_pair(desk, name, before.pairs.get(name), now)

    def trust(name: str) -> KeptTrust:
        return take_trust(desk, name, trusted.get(name), pairs, now)

    def keypair(name: str) -> KeptKeypair:
        return take_keypair(desk, name, before.keypairs.get(name), now)

    trusted = {name: kept for name, kept in before.trusts.items() if _is_meant(kept, loaded.config)}
    renewable = {name: kept for name, kept in before.pairs.items() if _is_same(kept, loaded.config)}
    shown = [
        name for name in used(loaded.config, "certificates") if ("certificates", name) not in known
    ]
    asking = [name for name in verifying(loaded.config) if ("listeners", name) not in known]
    pairs = _settle("certificates", shown, renewable, pair, refused)
    trusts = _settle("listeners", asking, trusted, trust, refused)
    opening = [name for name in used(loaded.config, "keypairs") if ("keypairs", name) not in known]
    keypairs = _settle("keypairs", opening, _same_keypairs(before, loaded.config), keypair, refused)
    warn_of_same(desk, keypairs)
    signing = take_signing(desk, before.signing, now, known)
    refused |= signing.refused
    to_redis = None
    try:
        to_redis = take_redis(desk)
    except Refused as error:
        refused["store", "redis"] = error.problem
    held = Held(pairs, trusts, keypairs, signing.keys, signing.troubles, to_redis, desk.stamps)
    return Taken(held, refused, tuple(desk.warnings))


def _settle(
    table: str,
    names: Sequence[str],
    before: Mapping[str, K],
    take_one: Callable[[str], K],
    refused: dict[tuple[str, str], Problem],
) -> dict[str, K]:
    """Each set as it is now, else as it was before; else it is refused."""
    kept: dict[str, K] = {}
    for name in names:
        try:
            kept[name] = take_one(name)
        except Refused as error:
            if name in before:
                trouble = with_sequel(error.problem, "what was used before goes on")
                kept[name] = replace(before[name], trouble=trouble)
            else:
                refused[table, name] = error.problem
    return kept


def _is_meant(kept: KeptTrust, config: Config) -> bool:
    """Whether the files of a trust are still those of the configuration.

    Who names others does not want the old authorities to be believed any longer.
    """
    listener = config.listeners.get(kept.files.listener)
    return listener is not None and kept.paths == trust_paths(kept.files.listener, listener)


def _is_same(kept: KeptPair, config: Config) -> bool:
    """The same of a certificate: other files are no renewal."""
    certificate = config.certificates.get(kept.files.name)
    return certificate is not None and kept.paths == pair_paths(kept.files.name, certificate)


def _same_keypairs(before: Held, config: Config) -> Mapping[str, KeptKeypair]:
    """The same of keypairs."""
    files = {name: (item.file,) for name, item in config.keypairs.items()}
    return {name: kept for name, kept in before.keypairs.items() if files.get(name) == kept.paths}


def verifying(config: Config) -> Sequence[str]:
    """The listeners that ask for certificates."""
    return [
        name
        for name, listener in config.listeners.items()
        if listener.enabled and listener.certificates and listener.client_auth != "off"
    ]


def settings_of(config: Config) -> list[Setting]:
    """All settings that name files which are read again."""
    found: list[Setting] = []
    for name in used(config, "certificates"):
        found += pair_settings(name, config.certificates[name]).values()
    for name in verifying(config):
        found += trust_settings(name, config.listeners[name])
    found += [keypair_setting(name, config.keypairs[name]) for name in used(config, "keypairs")]
    return [*found, *signing_settings(config), *redis_settings(config)]
