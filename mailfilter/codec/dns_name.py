r"""Names of DNS, as texts and as octets.

A name is a `str` without the final dot, in ASCII and lower case; the root is the empty text. Inside
a label, a dot is `\.`, a backslash `\\`, and an octet that is not printable ASCII (a space counts
as such) `\DDD`, its value in decimal. Source: RFC 1035 3.1, 4.1.4, 5.1; RFC 4343; RFC 5891 and
UTS #46 for names in other scripts.
"""

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address

import idna

MAX_LABEL = 63
MAX_NAME = 255
"""Octets of a name, with the lengths of its labels and the root."""

MAX_TEXT = 4 * MAX_NAME
"""Characters of the longest text that can be a name."""

MAX_POINTERS = 127
"""Pointers of one name: one for each label that a name can have."""

_HEAD_SIZE = 12
_POINTER = 0xC0

_LENGTHS = [bytes((size,)) for size in range(MAX_LABEL + 1)]

_SPECIAL = re.compile(rb"[^!-~]|\\")
_ESCAPE = re.compile(rb"\\([0-9]{1,3}|[^0-9])", re.DOTALL)
_DOT = re.compile(rb"((?:[^.\\]|\\.)*)(?:\.|\Z)", re.DOTALL)


class BadName(ValueError):
    """This can be no name of DNS."""


def _label_text(label: bytes) -> str:
    """One label as it is written in a name: lower case, escaped."""
    return "".join([_OCTET_TEXTS[octet] for octet in label.lower()])


def _name_text(labels: list[bytes]) -> str:
    if not labels:
        return ""
    joined = b".".join(labels).lower()
    if _SPECIAL.search(joined) or joined.count(b".") >= len(labels):
        return ".".join(map(_label_text, labels))
    return joined.decode("ascii")


def _octet_text(octet: int) -> str:
    if octet in b".\\":
        return "\\" + chr(octet)
    return chr(octet) if 0x21 <= octet <= 0x7E else f"\\{octet:03d}"


_OCTET_TEXTS = [_octet_text(octet) for octet in range(256)]


def normal_name(text: str) -> str:
    r"""A name as others wrote it, in the form that all names here have.

    Takes upper case, other scripts, one final dot and characters that should be escaped. A
    backslash is an escape: text of mail wants it doubled first.

    Raises:
        BadName: an empty or too long label, too long altogether, not allowed by IDNA.
    """
    # Other scripts have full stops of their own.
    name = text if text.isascii() else _to_ascii(text)
    return _name_text(_labels(_without_final_dot(name)))


def _without_final_dot(text: str) -> str:
    shorter = text.removesuffix(".")
    backslashes = len(shorter) - len(shorter.rstrip("\\"))
    return text if backslashes % 2 else shorter


@lru_cache(maxsize=4096)
def name_to_wire(name: str) -> bytes:
    """The octets of a name, uncompressed, in lower case.

    Raises:
        BadName: an empty label, a label of more than 63 octets, more than 255 octets altogether,
            an escape that is none, not allowed by IDNA.
    """
    return b"".join([_LENGTHS[len(label)] + label for label in _labels(name)]) + b"\0"


def _labels(name: str) -> list[bytes]:
    if not name:
        return []
    if len(name) > MAX_TEXT:
        raise BadName("name too long")
    if not name.isascii():
        name = _to_ascii(name)
    text = name.encode("ascii").lower()
    labels = text.split(b".") if b"\\" not in text else _unescape(text)
    sizes = [len(label) for label in labels]
    if not all(sizes):
        raise BadName("empty label")
    if max(sizes) > MAX_LABEL:
        raise BadName("label too long")
    if sum(sizes) + len(sizes) + 1 > MAX_NAME:
        raise BadName("name too long")
    return labels


def _unescape(text: bytes) -> list[bytes]:
    labels = []
    at = 0
    while True:
        found = _DOT.match(text, at)
        if not found:
            raise BadName("backslash at the end")
        labels.append(_ESCAPE.sub(_octet_of, found[1]))
        at = found.end()
        if found.end(1) == at:
            return labels


def _octet_of(escape: re.Match[bytes]) -> bytes:
    value = escape[1]
    if not value.isdigit():
        return value
    if len(value) < 3 or int(value) > 255:
        raise BadName("escape of no octet")
    return bytes((int(value),)).lower()


def _to_ascii(name: str) -> str:
    if len(name) > MAX_NAME:
        raise BadName("name too long")
    try:
        mapped = idna.uts46_remap(name, std3_rules=False, transitional=False)
        if "\\" in mapped:
            raise BadName("an escape beside another script")
        return ".".join([_ascii_label(label) for label in mapped.split(".")])
    except UnicodeError as error:
        raise BadName("not allowed by IDNA") from error


def _ascii_label(label: str) -> str:
    return label if label.isascii() else idna.alabel(label).decode("ascii")


def name_from_wire(packet: bytes, offset: int) -> tuple[str, int]:
    """The name that begins at an offset of a packet, and the offset behind it.

    Compressed names may only point back, before where they are themselves, not into the head of
    the packet; so every name ends.

    Raises:
        BadName: cut off, too long, a pointer elsewhere, a kind of label that does not exist.
    """
    labels = []
    limit = start = offset
    behind = pointers = 0
    size = 1
    try:
        while octet := packet[offset]:
            if octet >= _POINTER:
                behind = behind or offset + 2
                offset = (octet & ~_POINTER) << 8 | packet[offset + 1]
                if not _HEAD_SIZE <= offset < limit:
                    raise BadName("pointer not to before")
                limit = offset
                pointers += 1
                if pointers > MAX_POINTERS:
                    raise BadName("too many pointers")
                continue
            size += octet + 1
            if octet > MAX_LABEL or size > MAX_NAME:
                raise BadName("label or name too long")
            offset += octet + 1
            labels.append(packet[offset - octet : offset])
    except IndexError:
        raise BadName(f"name cut off at {start}") from None
    return _name_text(labels), behind or offset + 1


def skip_name(packet: bytes, offset: int) -> int:
    """The offset behind the name that begins at one, whatever a pointer leads to.

    Raises:
        BadName: cut off, a kind of label that does not exist.
    """
    try:
        while octet := packet[offset]:
            if octet >= _POINTER:
                return offset + 2
            if octet > MAX_LABEL:
                raise BadName("label too long")
            offset += octet + 1
    except IndexError:
        raise BadName("name cut off") from None
    return offset + 1


def reverse_name(address: IPv4Address | IPv6Address) -> str:
    """The name whose PTR names the host of an address (RFC 1035 3.5, RFC 3596 2.5)."""
    return address.reverse_pointer
