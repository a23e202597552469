"""Keys by which mail is signed: found, read and checked; and what is said of them."""

from collections.abc import Iterable, Iterator, Mapping, Set
from contextlib import suppress
from dataclasses import dataclass, field, replace

from cryptography.exceptions import InternalError, InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

from ..auth.private_key import PrivateKey, PrivateKeyError, public_record, read_private_key
from ..auth.signing_keys import SigningKey
from ..codec.control import SigningFile
from ..config import Loaded, Problem
from ..config.model import Config
from ..config.toml_text import KeyPath
from .credential_files import Desk, Refused, Setting, with_sequel
from .credential_sets import Kept, since
from .signing_sources import (
    MAX_KEYS,
    Listing,
    Named,
    key_settings,
    list_source,
    named_in_table,
    source_settings,
)

KeptSigning = Kept[SigningFile, SigningKey]

KEYS, SOURCES = "signing_keys", "signing"
"""Tables that troubles are told of: those of one key, and those of a folder or map, or of what is
in there and can be no key."""

_GOES_ON = "what was used before goes on"


@dataclass(slots=True)
class Signing:
    """All of a configuration that can be used."""

    keys: dict[str, KeptSigning] = field(default_factory=dict)
    """Name of the record in DNS -> its key, in the order in which they sign."""
    troubles: dict[tuple[str, str], Problem] = field(default_factory=dict)
    """Why folders and maps are not used as they are now, by their paths."""
    refused: dict[tuple[str, str], Problem] = field(default_factory=dict)
    """Why others cannot be used that have none before them."""


def take_signing(
    desk: Desk, before: Mapping[str, KeptSigning], now: float, known: Set[KeyPath]
) -> Signing:
    """Read all keys at this Unix time, but for those of tables that are `known` to be wrong.

    Blocks.
    """
    taking = _Taking(desk, before, now)
    config = desk.loaded.config
    for setting in key_settings(config):
        if setting.key[:2] not in known:
            taking.take(named_in_table(config, setting))
    for setting in source_settings(config):
        if setting.key[:2] not in known:
            taking.take_source(setting)
    return taking.taken


class _Taking:
    """One look at all of them."""

    def __init__(self, desk: Desk, before: Mapping[str, KeptSigning], now: float) -> None:
        self.taken = Signing()
        self._desk = desk
        self._before = before
        self._now = now

    def take_source(self, setting: Setting) -> None:
        """Those of a folder or map; if it cannot be read, or not yet, those that it had before."""
        try:
            listing = list_source(self._desk, setting)
            if (count := len(self.taken.keys) + len(listing.found)) > MAX_KEYS:
                expected = f"{count} keys with those before it, expected at most {MAX_KEYS}"
                raise self._desk.refused(setting, expected)
        except Refused as error:
            self._keep_source(setting, error)
            return
        if not self._desk.is_settled(setting):
            self._desk.look_again(setting)
            self._keep(setting)
            return
        self._refuse(listing)
        for named in listing.found:
            self.take(named)

    def take(self, named: Named) -> None:
        """One key; if it cannot be used, the one before from the same place."""
        keys = self.taken.keys
        old = self._before.get(named.name)
        old = old if old is not None and old.paths == named.paths else None
        try:
            kept = self._read(named, old)
        except Refused as error:
            problem = named.refused(error).problem
            if old is None or named.name in keys:
                self.taken.refused[KEYS, named.name] = problem
            else:
                keys[named.name] = replace(old, trouble=with_sequel(problem, _GOES_ON))
            return
        if named.name not in keys:
            keys[named.name] = kept
        elif public_of(keys[named.name]) != public_of(kept):
            expected = f"another key has the same name, {named.name}, and only one can be published"
            refused = named.refused(self._desk.refused(named.setting, expected))
            place = f"{named.paths[-1]}:{named.line}" if named.line else named.paths[-1]
            self.taken.refused[SOURCES, place] = refused.problem

    def _read(self, named: Named, old: KeptSigning | None) -> KeptSigning:
        data = named.data
        if data is None:
            data = self._desk.read_secret(named.setting)
        files = SigningFile(domain=named.domain, selector=named.selector, data=data)
        if old is not None and old.files == files:
            return Kept(files, old.parsed, old.since, named.paths)
        try:
            private = read_private_key(data, is_known=True)
            _try_out(private)
        except PrivateKeyError as error:
            raise self._desk.refused(named.setting, str(error)) from None
        parsed = SigningKey(named.domain, named.selector, private)
        return Kept(files, parsed, since(files, old, self._now), named.paths)

    def _keep_source(self, setting: Setting, error: Refused) -> None:
        """Because of an error."""
        if self._keep(setting):
            self.taken.troubles[SOURCES, setting.path] = with_sequel(error.problem, _GOES_ON)
        else:
            self.taken.refused[SOURCES, setting.path] = error.problem

    def _keep(self, setting: Setting) -> bool:
        """Have those that a folder or map had before, if there are any."""
        items = self._before.items()
        kept = {name: old for name, old in items if old.paths[0] == setting.path}
        for name, old in kept.items():
            self.taken.keys.setdefault(name, old)
        return bool(kept)

    def _refuse(self, listing: Listing) -> None:
        for error in listing.wrong:
            self.taken.refused[SOURCES, error.setting.path] = error.problem


def _try_out(private: PrivateKey) -> None:
    """Sign something: that takes a millisecond, and shows if the numbers of a key belong together
    where a proof takes a hundred. Raises PrivateKeyError."""
    if not isinstance(private, RSAPrivateKey):
        return
    try:
        signature = private.sign(b"", PKCS1v15(), SHA256())
        private.public_key().verify(signature, b"", PKCS1v15(), SHA256())
    except (ValueError, InternalError, InvalidSignature):
        raise PrivateKeyError("damaged: what it signs does not verify") from None


def public_of(kept: KeptSigning) -> str:
    """What is published of it."""
    return public_record(kept.parsed.private)


def signing_settings(config: Config) -> Iterator[Setting]:
    """All settings that name something which is read again."""
    yield from key_settings(config)
    yield from source_settings(config)


def nested_settings(loaded: Loaded) -> Iterator[Setting]:
    """Files in folders, and those that maps name; of what cannot be read there are none. Blocks."""
    desk = Desk(loaded)
    for setting in source_settings(loaded.config):
        with suppress(Refused):
            found = list_source(desk, setting).found
            yield from (item.setting for item in found if item.data is None)


def is_source(config: Config, path: str) -> bool:
    """Whether this is one of the folders and maps with keys."""
    return any(setting.path == path for setting in source_settings(config))


def read_signing_keys(
    files: Iterable[SigningFile], known: Mapping[SigningFile, SigningKey]
) -> tuple[dict[SigningFile, SigningKey], list[str]]:
    """The keys that a process is handed, and why some cannot be used; those `known` are not read
    again. Blocks."""
    found: dict[SigningFile, SigningKey] = {}
    refused = []
    for file in files:
        try:
            found[file] = known.get(file) or _key_of(file)
        except PrivateKeyError as error:
            refused.append(f"key {file.selector} of {file.domain}: cannot be used: {error}")
    return found, refused


def _key_of(file: SigningFile) -> SigningKey:
    private = read_private_key(file.data, is_known=True)
    return SigningKey(file.domain, file.selector, private)
