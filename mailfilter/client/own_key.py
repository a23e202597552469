"""A key of ours by which mail is signed, as commands are told of it."""

from typing import NamedTuple

from ..auth.private_key import PrivateKey


class OwnKey(NamedTuple):
    """What the configuration, or a file, has for a domain and selector."""

    private: PrivateKey | None = None
    """None: there is none, or it cannot be used."""
    file: str = ""
    """Where it is."""
    trouble: str = ""
    """Why it, or something that may name it, cannot be used."""
