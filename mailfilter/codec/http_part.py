"""What heads say: the boundary of a form, and the headers of its parts.

Sources: RFC 7578 4, RFC 2046 5.1.1, RFC 2183 2.
"""

import re
from dataclasses import dataclass

from .http_body import Refused

MAX_PART_FIELDS = 32
"""Header fields of a part: there are three that mean something."""

_BOUNDARY = re.compile(rb"[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]")
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):([\t -~\x80-\xff]*)")
_PARAMETER = re.compile(
    rb"""[ \t]*;[ \t]*(?:([!#$%&'*+.^_`|~0-9A-Za-z-]+)="""
    rb"""(?:"((?:[^"\\\r\n]|\\[^\r\n])*)"|([^\s";]+)))?"""
)
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)

_OWN_FIELDS = frozenset(
    (
        b"content-disposition",
        b"content-encoding",
        b"content-transfer-encoding",
        b"content-type",
    )
)
_UNENCODED = frozenset((b"", b"7bit", b"8bit", b"binary"))


@dataclass(frozen=True, slots=True)
class PartHead:
    """What the headers of a part say."""

    name: str
    content_type: bytes
    """In lower case; empty if there is none."""
    encoding: bytes
    """`Content-Encoding` in lower case; empty if there is none."""


class MalformedForm(Refused):
    """The body is no form of RFC 7578."""

    def __init__(self, reason: str) -> None:
        super().__init__(400, f"cannot parse multipart/form-data body: {reason}")


def boundary_of(content_type: bytes) -> bytes | None:
    """Return the boundary that the `Content-Type` of a form tells, `None` if it tells none."""
    kind, mark, parameters = content_type.partition(b";")
    if kind.strip(b" \t").lower() != b"multipart/form-data":
        return None
    found = _parameters(mark + parameters)
    boundary = found.get(b"boundary", b"") if found is not None else b""
    return boundary if _BOUNDARY.fullmatch(boundary) else None


def part_head(head: bytes) -> PartHead:
    """Read the headers of a part, without the blank line. Raises `MalformedForm`."""
    lines = head.split(b"\r\n") if head else []
    if len(lines) > MAX_PART_FIELDS:
        raise MalformedForm("too many part headers")
    own: dict[bytes, bytes] = {}
    for line in lines:
        field = _FIELD.fullmatch(line)
        if field is None:
            raise MalformedForm("invalid part header")
        name = field[1].lower()
        if name in own:
            raise MalformedForm("duplicate part header")
        if name in _OWN_FIELDS:
            own[name] = field[2].strip(b" \t")
    if own.get(b"content-transfer-encoding", b"").lower() not in _UNENCODED:
        # RFC 7578 4.7: no client of a form should use it.
        raise MalformedForm("Content-Transfer-Encoding is not supported")
    return PartHead(
        name=_name(own.get(b"content-disposition", b"")),
        content_type=own.get(b"content-type", b"").lower(),
        encoding=own.get(b"content-encoding", b"").lower(),
    )


def _name(disposition: bytes) -> str:
    kind, mark, parameters = disposition.partition(b";")
    found = _parameters(mark + parameters)
    if kind.strip(b" \t").lower() != b"form-data" or found is None or b"name" not in found:
        raise MalformedForm("part without a name")
    return found[b"name"].decode("utf-8", "replace")


def _parameters(data: bytes) -> dict[bytes, bytes] | None:
    """Read `; NAME=VALUE` or `; NAME="VALUE"`, repeated; `None` if there is something else."""
    data = data.rstrip(b" \t")
    found: dict[bytes, bytes] = {}
    at = 0
    while at < len(data):
        parameter = _PARAMETER.match(data, at)
        if parameter is None:
            return None
        at = parameter.end()
        name, quoted, token = parameter.groups()
        if name is None:
            continue
        name = name.lower()
        if name in found:
            return None
        found[name] = token if quoted is None else _ESCAPED.sub(rb"\1", quoted)
    return found
