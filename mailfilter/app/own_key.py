"""A key of ours that signs mail, for commands: as the master would read it at its start."""

from time import time

from ..client.own_key import OwnKey
from ..config import load
from ..config.signing_rules import record_name
from .credential_files import Desk
from .credential_signing import KEYS, SOURCES, take_signing


def own_key(path: str | None, domain: str, selector: str) -> OwnKey:
    """What a configuration has for a domain and selector; `None` is the built-in defaults.

    Blocks; raises ConfigError if the configuration itself is wrong.
    """
    taken = take_signing(Desk(load(path)), {}, time(), frozenset())
    name = record_name(domain, selector.lower())
    kept = taken.keys.get(name)
    troubles = [
        str(problem)
        for (table, at), problem in taken.refused.items()
        if table == SOURCES or (table, at) == (KEYS, name)
    ]
    if kept is None:
        return OwnKey(trouble="; ".join(troubles))
    return OwnKey(kept.parsed.private, kept.paths[-1], "; ".join(troubles))
