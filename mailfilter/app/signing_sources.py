"""Where keys that sign mail are: what the configuration, folders and maps name."""

import base64
import binascii
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from ..auth.private_key import MAX_FILE
from ..config.model import Config
from ..config.problem import Unfit
from ..config.signing_rules import check_domain, check_selector, record_name
from .credential_files import Desk, Refused, Setting

SUFFIX = ".key"
"""How files in a folder end that hold keys; others are left alone."""
MAX_KEYS = 10_000
"""In all folders and maps together."""
MAX_MAP = 2**24
"""Octets of a map, with a key in each line."""

_ED25519 = (32, 64)
"""Octets of a key that is no DER."""
_SEQUENCE = 0x30
"""How DER of a key begins."""

_BASE64 = re.compile(r"[A-Za-z0-9+/]++={0,2}")


@dataclass(frozen=True, slots=True)
class Named:
    """A key that is there to be read."""

    domain: str
    """In lower case."""
    selector: str
    setting: Setting
    """What names the file, which the key is in unless there is `data`."""
    paths: tuple[str, ...]
    """What was read to find it, and its file."""
    data: bytes | None = field(default=None, repr=False)
    line: int = 0
    """Of the map; 0 where there is none."""

    @property
    def name(self) -> str:
        """Where its public half is in DNS; of keys for the same only one can be used."""
        return record_name(self.domain, self.selector.lower())

    def refused(self, refused: Refused) -> Refused:
        """The same at the line of the map: what stands there may be a key, and is not shown."""
        if not self.line:
            return refused
        return _at_line(refused, self.paths[0], self.line)


def source_settings(config: Config) -> Iterator[Setting]:
    """Folders, then maps."""
    for path in config.signing.folders:
        yield Setting(("signing", "folders"), path)
    for path in config.signing.maps:
        yield Setting(("signing", "maps"), path, MAX_MAP)


def key_settings(config: Config) -> Iterator[Setting]:
    """Keys with a table of their own."""
    for name, key in config.signing_keys.items():
        yield Setting(("signing_keys", name, "file"), key.file, MAX_FILE)


def named_in_table(config: Config, setting: Setting) -> Named:
    """The key of such a setting."""
    key = config.signing_keys[str(setting.key[1])]
    return Named(key.domain.lower(), key.selector, setting, (setting.path,))


@dataclass(frozen=True, slots=True)
class Listing:
    """What is in a folder, or a map."""

    found: list[Named]
    wrong: list[Refused]
    """Files whose names say of no key."""


def list_source(desk: Desk, setting: Setting) -> Listing:
    """What a folder or a map names. Raises Refused if that cannot be told. Blocks.

    Of a map with a line that is wrong nothing can be told: that line may have been any key's.
    """
    if setting.key[1] == "folders":
        return _in_folder(desk, setting)
    return Listing(_in_map(desk, setting), [])


def _in_folder(desk: Desk, setting: Setting) -> Listing:
    listing = Listing([], [])
    for file in desk.list_folder(setting):
        name = os.path.basename(file)
        if name.startswith(".") or not name.endswith(SUFFIX):
            continue
        path = Setting(setting.key, file, MAX_FILE)
        domain, _, selector = name.removesuffix(SUFFIX).rpartition(".")
        domain = domain.lower()
        if (reason := _unfit(domain, selector)) is not None:
            expected = f"expected a name such as DOMAIN.SELECTOR{SUFFIX}: {reason}"
            listing.wrong.append(desk.refused(path, expected))
        else:
            listing.found.append(Named(domain, selector, path, (setting.path, file)))
    return listing


def _in_map(desk: Desk, setting: Setting) -> list[Named]:
    data = desk.read(setting)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        at = data.count(b"\n", 0, error.start) + 1
        raise _wrong(desk, setting, at, "expected UTF-8") from None
    found = []
    for at, line in enumerate(text.split("\n"), 1):
        if not (fields := line.split()) or fields[0].startswith("#"):
            continue
        found.append(_of_line(desk, setting, at, fields))
    if any(item.data is not None for item in found):
        desk.check_secret(setting)
    return found


def _of_line(desk: Desk, setting: Setting, at: int, fields: list[str]) -> Named:
    if len(fields) != 3:
        expected = "expected a domain, a selector, and a file or a key in base64"
        raise _wrong(desk, setting, at, expected)
    domain, selector, where = fields[0].lower(), fields[1], fields[2]
    if (reason := _unfit(domain, selector)) is not None:
        raise _wrong(desk, setting, at, reason)
    if _is_key(where):
        return Named(domain, selector, setting, (setting.path,), where.encode(), at)
    file = os.path.join(os.path.dirname(setting.path), where)
    place = Setting(setting.key, file, MAX_FILE)
    return Named(domain, selector, place, (setting.path, file), None, at)


def _is_key(text: str) -> bool:
    """Whether this is a key in base64; no path that anybody has is one."""
    if not _BASE64.fullmatch(text):
        return False
    try:
        octets = base64.b64decode(text, validate=True)
    except binascii.Error:
        return False
    return len(octets) in _ED25519 or (len(octets) > max(_ED25519) and octets[0] == _SEQUENCE)


def _unfit(domain: str, selector: str) -> str | None:
    try:
        check_domain(domain)
        check_selector(selector, domain)
    except Unfit as unfit:
        return unfit.expected
    return None


def _wrong(desk: Desk, setting: Setting, line: int, expected: str) -> Refused:
    return _at_line(desk.refused(setting, expected), setting.path, line)


def _at_line(refused: Refused, file: str, line: int) -> Refused:
    problem = replace(refused.problem, file=file, line=line, value=None)
    return Refused(refused.setting, problem)
