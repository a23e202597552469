"""Keypairs of HTTPCrypt: their files, read and checked, and what is said of them."""

from collections.abc import Iterator, Mapping, Sequence

from ..codec.base32 import encode_base32
from ..codec.control import Credentials, KeypairFile
from ..codec.httpcrypt import Keypair
from ..codec.httpcrypt_text import MAX_TEXT, KeypairError, read_keypair
from ..config.model import Keypair as Settings
from ..config.toml_text import key_text
from .credential_files import Desk, Setting
from .credential_sets import Kept, since

KeptKeypair = Kept[KeypairFile, Keypair]


def keypair_setting(name: str, settings: Settings) -> Setting:
    """The setting of a keypair that names its file."""
    return Setting(("keypairs", name, "file"), settings.file, MAX_TEXT)


def take_keypair(desk: Desk, name: str, old: KeptKeypair | None, now: float) -> KeptKeypair:
    """Read a keypair at this Unix time. Raises Refused."""
    setting = keypair_setting(name, desk.loaded.config.keypairs[name])
    files = KeypairFile(name=name, data=desk.read_secret(setting))
    try:
        pair = read_keypair(files.data)
    except KeypairError as error:
        raise desk.refused(setting, str(error)) from None
    return Kept(files, pair, since(files, old, now), (setting.path,))


def warn_of_same(desk: Desk, kept: Mapping[str, KeptKeypair]) -> None:
    """Two names for one keypair: to change one alone changes nothing."""
    first: dict[bytes, str] = {}
    for name, item in kept.items():
        other = first.setdefault(item.parsed.public, name)
        settings = desk.loaded.config.keypairs
        if other != name and settings[other].file != settings[name].file:
            setting = keypair_setting(name, settings[name])
            same = key_text(("keypairs", other))
            desk.warnings.append(desk.problem(setting, f"the same keypair as {same}"))


def public_text(pair: Keypair) -> str:
    """The public key, as clients are given it."""
    return encode_base32(pair.public)


def given_up(kept: Mapping[str, KeptKeypair], before: Mapping[str, KeptKeypair]) -> Iterator[str]:
    """Keys by which requests were opened, and are no more, in words."""
    used = {item.parsed.public for item in kept.values()}
    for name, old in before.items():
        if name in kept and kept[name].paths == old.paths and old.parsed.public not in used:
            yield (
                f"keypair {name} is another one: who seals requests for the one before,"
                f" {public_text(old.parsed)}, is refused"
            )


def read_keypairs(names: Sequence[str], credentials: Credentials) -> list[Keypair]:
    """Those of a listener. Raises KeypairError, which says of which."""
    files = {item.name: item.data for item in credentials.keypairs}
    found = []
    for name in dict.fromkeys(names):
        where = key_text(("keypairs", name))
        if name not in files:
            raise KeypairError(f"{where}: its file was not read")
        try:
            found.append(read_keypair(files[name]))
        except KeypairError as error:
            raise KeypairError(f"{where}: {error}") from None
    return found
