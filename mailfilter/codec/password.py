"""Passwords as a configuration keeps them: hashes of several kinds, or the password itself.

As a program it checks one password: the first line of standard input is the hash, the rest is the
password; it writes `RIGHT` or `WRONG`. Deriving a key takes a good part of a second on purpose; a
server does it in such a process.

Sources: http-controller.md 2.3, httpcrypt.md 11 (`$1$`, `$2$`); RFC 7914 (scrypt).
"""

import os
import re
import resource
import sys
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass
from hashlib import blake2b, scrypt
from hmac import compare_digest
from typing import NoReturn

from . import catena, pbkdf2
from .base32 import decode_base32, encode_base32

RIGHT = b"right\n"
WRONG = b"wrong\n"

MAX_PASSWORD = 1024
"""Octets of a password that is tried."""

SHIPPED = (b"q1", b"q2")
"""Passwords that examples of Rspamd have: everybody knows them."""

MAX_SECONDS = 10
"""Of CPU that one derivation may take."""

MAX_MEMORY = 2**29
"""Octets of address space for it."""

_SALT_SIZE = 20
_KEY_SIZE = 32
_SCRYPT_SALT_SIZE = 16
_MAX_SCRYPT_MEMORY = 2**28
_MAX_SCRYPT_WORK = 2**23
"""Of N * r * p: some seconds."""

_FORM = re.compile(r"\$([a-z0-9][a-z0-9-]*)\$|\$([0-9])")
"""How a hash of whatever kind begins."""
_SCRYPT = re.compile(r"\$scrypt\$ln=([0-9]{1,2}),r=([0-9]{1,3}),p=([0-9]{1,3})\$([^$]+)\$([^$]+)")


class DamagedHash(ValueError):
    """What looks like a hash is none that a password could ever be right for; the text says why."""


@dataclass(frozen=True, slots=True)
class Plain:
    """A password itself."""

    password: bytes

    def is_right(self, password: bytes) -> bool:
        """Whether a password is this one; takes as long whatever it is."""
        # Of one size, so that the time does not tell how long ours is.
        return compare_digest(blake2b(password).digest(), blake2b(self.password).digest())


@dataclass(frozen=True, slots=True)
class Pbkdf2:
    """`$1$` of Rspamd: PBKDF2 with BLAKE2b."""

    salt: bytes
    key: bytes

    def is_right(self, password: bytes) -> bool:
        """Whether the key is that of a password."""
        return compare_digest(pbkdf2.derive(password, self.salt), self.key)


@dataclass(frozen=True, slots=True)
class Catena:
    """`$2$` of Rspamd."""

    salt: bytes
    key: bytes

    def is_right(self, password: bytes) -> bool:
        """Whether the key is that of a password."""
        return compare_digest(catena.derive(password, self.salt), self.key)


@dataclass(frozen=True, slots=True)
class Scrypt:
    """Our own kind: `$scrypt$ln=15,r=8,p=1$SALT$KEY`, in base64 without padding."""

    salt: bytes
    key: bytes
    log_n: int = 15
    r: int = 8
    p: int = 1

    def is_right(self, password: bytes) -> bool:
        """Whether the key is that of a password."""
        return compare_digest(self.derive(password), self.key)

    def derive(self, password: bytes) -> bytes:
        """The key of a password, as long as ours."""
        return scrypt(
            password,
            salt=self.salt,
            n=2**self.log_n,
            r=self.r,
            p=self.p,
            dklen=len(self.key),
            maxmem=_MAX_SCRYPT_MEMORY + 2**20,
        )


Stored = Plain | Pbkdf2 | Catena | Scrypt


def parse_stored(text: str) -> Stored:
    """Read what a configuration holds. Raises `DamagedHash`."""
    form = _FORM.match(text)
    if form is None:
        return Plain(text.encode("utf-8", "surrogateescape"))
    kind = form[1] or ""
    if kind == "scrypt":
        return _parse_scrypt(text)
    if kind not in ("1", "2"):
        raise DamagedHash("begins as a hash, but of no kind that is known")
    parts = text.split("$")
    if len(parts) != 4 or not parts[2] or not parts[3]:
        raise DamagedHash("salt or key of the hash is missing")
    salt = _rspamd_octets(parts[2], _SALT_SIZE, "salt")
    key = _rspamd_octets(parts[3], _KEY_SIZE, "key")
    return Pbkdf2(salt, key) if kind == "1" else Catena(salt, key)


def make_hash(password: bytes, kind: str = "scrypt") -> str:
    """A hash of one of `KINDS`, with a salt of its own, for a configuration."""
    return _MAKERS[kind](password)


def _make_pbkdf2(password: bytes) -> str:
    salt = os.urandom(_SALT_SIZE)
    return f"$1${encode_base32(salt)}${encode_base32(pbkdf2.derive(password, salt))}"


def _make_catena(password: bytes) -> str:
    salt = os.urandom(_SALT_SIZE)
    return f"$2${encode_base32(salt)}${encode_base32(catena.derive(password, salt))}"


def _make_scrypt(password: bytes) -> str:
    salt = os.urandom(_SCRYPT_SALT_SIZE)
    usual = Scrypt(salt, b"\0" * _KEY_SIZE)
    form = f"ln={usual.log_n},r={usual.r},p={usual.p}"
    return f"$scrypt${form}${_base64_text(salt)}${_base64_text(usual.derive(password))}"


_MAKERS = {"scrypt": _make_scrypt, "catena": _make_catena, "pbkdf2": _make_pbkdf2}

KINDS = tuple(_MAKERS)
"""Of hashes that we make; the first is what to use but for Rspamd, which knows the others."""


def _parse_scrypt(text: str) -> Scrypt:
    found = _SCRYPT.fullmatch(text)
    if found is None:
        raise DamagedHash("expected $scrypt$ln=15,r=8,p=1$SALT$KEY")
    log_n, r, p = (int(found[at]) for at in (1, 2, 3))
    if not (1 <= log_n <= 24 and r and p):
        raise DamagedHash("ln must be 1 to 24, r and p at least 1")
    if 128 * r * 2**log_n > _MAX_SCRYPT_MEMORY or r * p * 2**log_n > _MAX_SCRYPT_WORK:
        raise DamagedHash("ln, r and p of the hash take too much memory or time")
    salt, key = _base64_octets(found[4], "salt"), _base64_octets(found[5], "key")
    if not 8 <= len(salt) <= 64:
        raise DamagedHash("the salt of the hash must have 8 to 64 octets")
    if not 16 <= len(key) <= 64:
        raise DamagedHash("the key of the hash must have 16 to 64 octets")
    return Scrypt(salt, key, log_n, r, p)


def _rspamd_octets(text: str, size: int, name: str) -> bytes:
    """Salt or key of Rspamd: exactly so many octets, so that nothing was cut off."""
    try:
        return decode_base32(text, size)
    except ValueError as error:
        raise DamagedHash(f"the {name} of the hash {error}") from None


def _base64_octets(text: str, name: str) -> bytes:
    try:
        octets = b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (Base64Error, ValueError):
        octets = b""
    if _base64_text(octets) != text:
        raise DamagedHash(f"the {name} of the hash is no base64 without padding")
    return octets


def _base64_text(octets: bytes) -> str:
    return b64encode(octets).rstrip(b"=").decode()


def main() -> NoReturn:
    """Check one password; see the module."""
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_SECONDS, MAX_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    line, _, password = sys.stdin.buffer.read().partition(b"\n")
    stored = parse_stored(line.decode())
    if isinstance(stored, Plain):
        sys.exit("no hash")
    os.write(1, RIGHT if stored.is_right(password) else WRONG)
    sys.exit(0)


if __name__ == "__main__":
    main()
