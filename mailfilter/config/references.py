"""Names in a configuration that stand for an entry elsewhere in it, and for none."""

from collections.abc import Collection, Iterator, Mapping

from .complaint import Complaint, Doubt, Place
from .model import Config
from .names import listed, nearest
from .problem import Problem
from .toml_text import KeyPath, string_text

Named = Mapping[str, Collection[str]]
"""Table -> the names of all that is in it, also of what could not be built."""

TABLES = {
    "listeners": "a listener",
    "certificates": "a certificate",
    "keypairs": "a keypair",
    "identities": "an identity",
    "profiles": "a profile",
}
"""Tables that are referred to, and what one of their entries is."""


def unknown_names(
    config: Config, named: Named, place: Place, is_doubtful: Doubt
) -> Iterator[Problem]:
    """References to what there is not."""
    for path, table, name in _references(config):
        known = named[table]
        if name in known or is_doubtful((table, name)):
            continue
        near = nearest(name, known)
        hint = f"did you mean {string_text(near)}?" if near else f"known: {listed(known)}"
        if not known:
            hint = f"there are no [{table}]"
        expected = f"expected the name of {TABLES[table]}"
        yield Complaint(path, string_text(name), expected, hint).at(place)


def _references(config: Config) -> Iterator[tuple[KeyPath, str, str]]:
    """Where a name stands, the table that it should be in, and the name."""
    for owner, profile in config.profiles.items():
        yield from _listed(("profiles", owner, "listeners"), "listeners", profile.listeners)
        yield from _listed(("profiles", owner, "identities"), "identities", profile.identities)
    for owner, listener in config.listeners.items():
        table: KeyPath = ("listeners", owner)
        yield from _listed((*table, "certificates"), "certificates", listener.certificates)
        yield from _listed((*table, "keypairs"), "keypairs", listener.keypairs)
        yield from _listed((*table, "identities"), "identities", listener.identities)
    for owner, identity in config.identities.items():
        if identity.profile:
            yield ("identities", owner, "profile"), "profiles", identity.profile


def _listed(
    path: KeyPath, table: str, names: Collection[str]
) -> Iterator[tuple[KeyPath, str, str]]:
    for at, name in enumerate(names):
        yield (*path, at), table, name
