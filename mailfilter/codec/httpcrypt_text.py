"""Keypairs of HTTPCrypt as text: our form, and those of `rspamadm keypair`.

One reader takes all of them, since they differ in punctuation alone: words and texts in quotes,
`=` or `:` behind a key, `;` or `,` or nothing behind a value, and one table around all or none.

Sources: httpcrypt.md 2, 10.
"""

import json
import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Callable, Iterator, Mapping

from .base32 import decode_loosely, encode_base32
from .curve25519 import KEY_SIZE
from .httpcrypt import Keypair, key_id

MAX_TEXT = 16 * 1024
"""Octets of a file with one keypair: a comment, and a few lines."""

_TOKEN = re.compile(
    r'\s+|\#[^\n]*|//[^\n]*|"(?P<text>[^"\\\n]*)"|(?P<mark>[{}=:;,])|(?P<word>[\w+/.-]+)'
)
_PUBLIC = ("public", "pubkey", "public_key")
_SECRET = ("secret", "privkey", "private", "private_key", "secret_key")
_NAMES = frozenset((*_PUBLIC, *_SECRET, "algorithm", "encoding", "id", "type"))
_TABLE = "keypair"


class KeypairError(Exception):
    """It is no keypair that can be used; the text says why, and nothing of what is secret."""


def read_keypair(octets: bytes) -> Keypair:
    """The keypair in a file. Raises KeypairError."""
    if len(octets) > MAX_TEXT:
        raise KeypairError(f"expected at most {MAX_TEXT // 1024}KiB")
    try:
        text = octets.decode("ascii")
    except UnicodeDecodeError:
        raise KeypairError("expected text in ASCII") from None
    found = _Reader(text).read()
    _check_kind(found)
    decode = _decoder(found.get("encoding", "base32"))
    public = _key(found, _PUBLIC, decode)
    pair = Keypair.of(_key(found, _SECRET, decode))
    if pair.public != public:
        raise KeypairError("its two halves do not belong together")
    return pair


def _check_kind(found: Mapping[str, str]) -> None:
    algorithm = found.get("algorithm", "curve25519").lower()
    if algorithm == "nistp256":
        raise KeypairError("nistp256 is not known any more: expected a keypair of curve25519")
    if algorithm != "curve25519":
        raise KeypairError("expected algorithm curve25519")
    kind = found.get("type", "kex").lower()
    if kind == "sign":
        raise KeypairError("it is a pair for signatures: expected one of type kex")
    if kind != "kex":
        raise KeypairError("expected type kex")


def _key(found: Mapping[str, str], names: tuple[str, ...], decode: Callable[[str], bytes]) -> bytes:
    """One half, of which there must be one text."""
    texts = [(name, found[name]) for name in names if name in found]
    if not texts:
        raise KeypairError(f"expected {names[0]}, or {names[1]} as rspamadm writes it")
    if len(texts) > 1:
        raise KeypairError(f"expected one of {texts[0][0]} and {texts[1][0]}")
    name, text = texts[0]
    try:
        octets = decode(text)
    except ValueError as error:
        raise KeypairError(f"{name} {error}") from None
    if len(octets) != KEY_SIZE:
        raise KeypairError(f"{name} has {len(octets)} octets, not {KEY_SIZE}")
    return octets


def _decoder(encoding: str) -> Callable[[str], bytes]:
    known = {"base32": decode_loosely, "hex": _hex, "base64": _base64}
    if encoding.lower() not in known:
        raise KeypairError("expected encoding base32, hex or base64")
    return known[encoding.lower()]


def _hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise ValueError("is not hexadecimal") from None


def _base64(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except Base64Error:
        raise ValueError("is not base64") from None


class _Reader:
    """Reads keys and values, of the table or without one."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._at = 0

    def read(self) -> Mapping[str, str]:
        """Raises KeypairError."""
        has_braces = self._skip("{")
        if self._peek(_TABLE) and self._peek_table():
            self._at += 1
            self._skip_any("=:")
            self._at += 1
            found = self._entries()
            self._expect("}")
            self._skip_any(";,")
        else:
            found = self._entries()
        if has_braces:
            self._expect("}")
        if self._at < len(self._tokens):
            raise KeypairError("expected one keypair, and nothing behind it")
        return found

    def _entries(self) -> Mapping[str, str]:
        found: dict[str, str] = {}
        while self._at < len(self._tokens) and not self._peek("}", is_mark=True):
            name = self._value("the name of a key").lower()
            self._skip_any("=:")
            if name in found:
                # Only what is none of the values may be named.
                raise KeypairError(f"has {name} twice" if name in _NAMES else "has a key twice")
            found[name] = self._value("a value behind each key")
            self._skip_any(";,")
        return found

    def _value(self, what: str) -> str:
        if self._at < len(self._tokens):
            is_mark, text = self._tokens[self._at]
            if not is_mark:
                self._at += 1
                return text
        raise KeypairError(f"expected {what}")

    def _peek(self, text: str, *, is_mark: bool = False) -> bool:
        return self._at < len(self._tokens) and self._tokens[self._at] == (is_mark, text)

    def _peek_table(self) -> bool:
        """Whether a table begins behind the next word."""
        behind = [token for token in self._tokens[self._at + 1 : self._at + 3] if token[0]]
        return (True, "{") in behind

    def _skip(self, mark: str) -> bool:
        found = self._peek(mark, is_mark=True)
        self._at += found
        return found

    def _skip_any(self, marks: str) -> None:
        if any(self._peek(mark, is_mark=True) for mark in marks):
            self._at += 1

    def _expect(self, mark: str) -> None:
        if not self._skip(mark):
            raise KeypairError(f"expected {mark} at the end of the table")


def _tokens(text: str) -> Iterator[tuple[bool, str]]:
    """Words and texts, and marks, which are `True`."""
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            line = text.count("\n", 0, at) + 1
            raise KeypairError(f"line {line} is none of a keypair")
        at = match.end()
        if match.lastgroup is not None:
            yield match.lastgroup == "mark", match[match.lastgroup]


def render_toml(pair: Keypair) -> str:
    """Our form."""
    return (
        "# Keys of HTTPCrypt. Whoever can read this file can open what is sealed for them.\n"
        f'public = "{encode_base32(pair.public)}"\n'
        f'secret = "{encode_base32(pair.secret)}"\n'
    )


def render_ucl(pair: Keypair) -> str:
    """As `rspamadm keypair` writes it, for its configuration."""
    lines = (f'    {name} = "{value}";\n' for name, value in _rspamd(pair).items())
    return f"{_TABLE} {{\n{''.join(lines)}}}\n"


def render_json(pair: Keypair) -> str:
    """As `rspamadm keypair -j` writes it, indented."""
    return json.dumps({_TABLE: _rspamd(pair)}, indent=4) + "\n"


def _rspamd(pair: Keypair) -> Mapping[str, str]:
    return {
        "privkey": encode_base32(pair.secret),
        "id": encode_base32(key_id(pair.public)),
        "pubkey": encode_base32(pair.public),
        "algorithm": "curve25519",
        "encoding": "base32",
        "type": "kex",
    }
