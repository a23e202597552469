r"""Writes fields that sign a message: DKIM-Signature and those of ARC.

Values are folded by `\n\t`, as header fields of verdicts are, and begin behind `NAME: `, with one
space. Who writes the value without that space, as Sendmail may for a milter, or folds it in
another way, changes what `simple` signs but not what `relaxed` does: fields are best signed as
`relaxed`.
"""

import base64
import re
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256

from ..mail.canon import Canonical, Field, Form, canonical_field
from .signing_keys import SigningKey

WIDTH = 76
"""Octets of a line, wherever it can be folded; a tab is one."""
FOLD = "\n\t"

MAX_IDENTITY = 255
"""Octets of `i=` as it is written."""

_PADDING = PKCS1v15()
_HASH = Prehashed(SHA256())
_TO_QUOTE = re.compile(rb"[^!-:<>-~]")
"""What has to be quoted in `i=` (RFC 6376 2.11)."""


def dkim_field(
    key: SigningKey,
    message: Canonical,
    names: Sequence[bytes],
    *,
    header_form: Form,
    body_form: Form,
    digest: bytes,
    time: int,
    expires: int | None = None,
    identity: str | None = None,
) -> str:
    """The value of a DKIM-Signature (RFC 6376 3.5).

    Args:
        names: for `h=`, in lower case: once for each field that is signed, and once more where
            none may be added.
        digest: SHA-256 of the body in its form, all of it.
        time: Unix time of the signature.
        expires: Unix time.
        identity: who signs, of the domain of the key or one below; None says nothing.

    Raises ValueError if the identity is longer than `MAX_IDENTITY`.
    """
    tags = [("v", "1"), *_signer(key, header_form, body_form, time, expires)]
    if identity is not None:
        tags.append(("i", _quoted(identity)))
    tags += _signed(names, digest)
    return signed_value(
        key, b"DKIM-Signature", tags, message.signed(names, header_form), header_form
    )


def arc_message_field(
    key: SigningKey,
    message: Canonical,
    names: Sequence[bytes],
    *,
    instance: int,
    header_form: Form,
    body_form: Form,
    digest: bytes,
    time: int,
    expires: int | None = None,
) -> str:
    """The value of an ARC-Message-Signature (RFC 8617 4.1.2), as `dkim_field`."""
    tags = [("i", str(instance)), *_signer(key, header_form, body_form, time, expires)]
    tags += _signed(names, digest)
    return signed_value(
        key, b"ARC-Message-Signature", tags, message.signed(names, header_form), header_form
    )


def signed_value(
    key: SigningKey,
    name: bytes,
    tags: Iterable[tuple[str, str]],
    lines: Iterable[bytes],
    form: Form = "relaxed",
) -> str:
    """The value of a field that signs canonical fields and itself, in that form.

    Its `b=` is put behind the tags, all of which are given, as `a=`. Long values, but that of
    `h=`, are not folded.
    """
    start = len(name) + len(": ")
    value = _folded(start, _pieces(tags))
    own = Field(name.lower(), name + b": " + value.encode("ascii"))
    octets = sign_lines(key, (*lines, canonical_field(own, form).removesuffix(b"\r\n")))
    return value + _in_lines(base64.b64encode(octets).decode("ascii"), _column(start, value))


def sign_lines(key: SigningKey, lines: Iterable[bytes]) -> bytes:
    """The signature over canonical fields (RFC 6376 3.7, RFC 8463 3)."""
    digest = sha256(b"".join(lines)).digest()
    private = key.private
    if isinstance(private, RSAPrivateKey):
        return private.sign(digest, _PADDING, _HASH)
    return private.sign(digest)


def _signer(
    key: SigningKey, header_form: Form, body_form: Form, time: int, expires: int | None
) -> list[tuple[str, str]]:
    """Tags of who signs, how and when."""
    tags = [
        ("a", key.algorithm),
        ("c", f"{header_form}/{body_form}"),
        ("d", key.domain),
        ("s", key.selector),
        ("t", str(time)),
    ]
    if expires is not None:
        tags.append(("x", str(expires)))
    return tags


def _signed(names: Sequence[bytes], digest: bytes) -> list[tuple[str, str]]:
    """Tags of what is signed."""
    hashed = base64.b64encode(digest).decode("ascii")
    return [("h", b":".join(names).decode("ascii")), ("bh", hashed)]


def _pieces(tags: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Where a list of tags can be folded."""
    for tag, value in tags:
        text = f" {tag}={value};"
        if tag == "h":
            yield from text.replace(":", ":\n").split("\n")
        else:
            yield text
    yield " b="


def _folded(start: int, pieces: Iterable[str]) -> str:
    """Pieces in lines, the first of which is behind `start` octets and the space there."""
    found: list[str] = []
    column = start - 1
    for piece in pieces:
        if column + len(piece) > WIDTH:
            line = FOLD + piece.lstrip(" ")
            column = len(line) - 1
            found.append(line)
        else:
            found.append(piece)
            column += len(piece)
    return "".join(found).removeprefix(" ")


def _column(start: int, value: str) -> int:
    """Octets of the last line of a value."""
    last = value.rfind("\n")
    return start + len(value) if last < 0 else len(value) - last - 1


def _in_lines(text: str, column: int) -> str:
    """A text that can be folded anywhere, behind so many octets."""
    at = max(WIDTH - column, 0)
    lines = [text[:at]]
    while at < len(text):
        lines.append(text[at : at + WIDTH - 1])
        at += WIDTH - 1
    return FOLD.join(lines)


def _quoted(identity: str) -> str:
    """An identity as it stands in `i=`."""
    text = _TO_QUOTE.sub(lambda found: b"=%02X" % ord(found[0]), identity.encode("utf-8"))
    if len(text) > MAX_IDENTITY:
        raise ValueError(f"an identity of {len(text)} octets, expected at most {MAX_IDENTITY}")
    return text.decode("ascii")
