"""How a verdict becomes the reply to a scan over HTTP (http-scan.md 1.5 to 1.10).

The form follows from the request; it is worked out before the scan, since a client that can read
no form at all is refused. Nothing is compressed, and no message put behind the JSON, unless the
client asks for it: most could not read that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from secrets import token_hex
from typing import Literal

from backports.zstd import ZstdCompressor

from ..codec.http_body import Refused
from ..config.model import Listener
from ..report.edits import without_body
from ..report.marks import marks
from ..report.reply_edits import Style, newline_of, tell_edits
from ..report.reply_json import render_json, render_msgpack
from ..report.reply_layout import FLAT, Layout, lay_out
from ..report.rewrite import rewrite
from ..scan.verdict import Action, ReplaceBody, Verdict
from .http_accept import best_type, is_listed, qualities
from .http_body import FORM_PATH

JSON = "application/json"
MSGPACK = "application/msgpack"
FORM_DATA = "multipart/form-data"
MESSAGE = "message/rfc822"

V3_TYPES = (FORM_DATA, MESSAGE, JSON, MSGPACK)
"""What the reply to `/checkv3` may be, the usual one first."""

ZSTD_LEVEL = 1
"""A reply of 1500 octets becomes 230 with each of the levels 1 to 3; this one is the fastest."""

_LEGACY = frozenset((b"check", b"symbols", b"scan", b"process", b"report", b"report_ifspam"))

VARY = ("Vary", "Accept, Accept-Encoding")
_ZSTD = (("Compression", "zstd"), ("Content-Encoding", "zstd"))

_compressor = ZstdCompressor(ZSTD_LEVEL)
"""One for all replies: to make one takes longer than to compress a reply."""


NOT_ACCEPTABLE = 406
"""Status for a client that can read no form that there is."""


@dataclass(frozen=True, slots=True)
class ReplyForm:
    """The form of a reply."""

    layout: Layout = FLAT
    parts: Literal["", "form-data", "mixed"] = ""
    """The kind of multipart that it is, if it is one."""
    is_msgpack: bool = False
    """The verdict is MessagePack and not JSON."""
    is_zstd: bool = False
    """The whole reply is compressed, or each of its parts."""
    is_chosen: bool = False
    """Other headers of the request would have led to another form."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A reply, and what could not be told in it, for the log."""

    body: bytes
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()
    """Those that come beside the usual ones."""
    dropped: tuple[str, ...] = ()


def reply_form(
    path: bytes,
    headers: Mapping[bytes, bytes],
    flags: frozenset[str],
    listener: Listener,
    *,
    was_zstd: bool = False,
    metadata_was_msgpack: bool = False,
) -> ReplyForm:
    """Choose the form of the reply to a scan. Raises `Refused`.

    `path` is as sent, `headers` are those of the request and its query by lower case name, `flags`
    those of the envelope. `was_zstd` is true if the request's body as a whole was compressed,
    `metadata_was_msgpack` for such a part of `/checkv3`.
    """
    command = path.removeprefix(b"/").lower()
    layout = Layout(flags, command in _LEGACY, _style(headers, listener), listener.classic_actions)
    accept = headers.get(b"accept", b"")
    is_zstd = was_zstd or "zstd" in flags or _reads_zstd(headers.get(b"accept-encoding", b""))
    if command != FORM_PATH:
        return ReplyForm(layout, is_msgpack=_prefers_msgpack(accept), is_zstd=is_zstd)
    chosen = best_type(accept or b"*/*", V3_TYPES)
    if chosen is None:
        raise Refused(NOT_ACCEPTABLE, f"Not Acceptable: supported are {', '.join(V3_TYPES)}")
    if chosen in (FORM_DATA, MESSAGE):
        parts: Literal["form-data", "mixed"] = "form-data" if chosen == FORM_DATA else "mixed"
        return ReplyForm(layout, parts, metadata_was_msgpack, is_zstd, is_chosen=True)
    return ReplyForm(layout, is_msgpack=chosen == MSGPACK, is_zstd=is_zstd, is_chosen=True)


def _style(headers: Mapping[bytes, bytes], listener: Listener) -> Style:
    """How header fields are told; clients that read but one style are known by their requests."""
    if listener.header_style != "auto":
        return listener.header_style
    agent = headers.get(b"user-agent", b"")
    if agent.startswith(b"Go-http-client/") and headers.get(b"pass") == b"All":
        # opensmtpd-filter-rspamd; other clients in Go spell the value in small letters.
        return "strings"
    if agent.startswith((b"attohttpc/", b"reqwest/")):
        return "single"
    if not agent and headers.get(b"accept") == b"*/*":
        # rspamdclient-rs again: reqwest names itself only if it is told to.
        return "single"
    return "rspamd"


def _reads_zstd(accept_encoding: bytes) -> bool:
    return b"zstd" in accept_encoding.lower() and is_listed(accept_encoding, "zstd")


def _prefers_msgpack(accept: bytes) -> bool:
    if b"msgpack" not in accept.lower():
        return False
    found = qualities(accept)
    quality = found.get(MSGPACK, 0.0)
    return quality > 0.0 and quality >= found.get(JSON, 0.0)


def render_scan(verdict: Verdict, form: ReplyForm, raw: bytes) -> Rendered:
    """Render the verdict on a message, whose octets are `raw`."""
    layout = form.layout
    flags = layout.flags
    edits = verdict.edits
    if layout.style == "strings" and verdict.action is Action.REWRITE_SUBJECT:
        # By itself filter-rspamd replaces the first line of a subject, and adds none.
        edits = (*edits, *marks(verdict, verdict.action, ""))
    takes_body = form.parts or "body_block" in flags
    told_edits = edits if takes_body else without_body(edits)
    told = tell_edits(told_edits, layout.style, newline_of(raw, flags, layout.style), raw)
    result = lay_out(verdict, layout, told)
    octets = render_msgpack(result) if form.is_msgpack else render_json(result)
    message: bytes | None = None
    dropped = told.dropped
    if told.body is not None:
        message = told.body if "milter" in flags else _with_body(raw, told.body)
    elif len(told_edits) < len(edits):
        dropped = (*dropped, "replace body: the client has not set the flag body_block")
    reply = _in_parts if form.parts else _in_one
    return reply(octets, message, form, dropped)


def _with_body(raw: bytes, body: bytes) -> bytes:
    """The message with another body, in its own line ends."""
    rewritten = rewrite(raw, (ReplaceBody(body),))
    return b"".join((rewritten.head, rewritten.body))


def _in_one(
    octets: bytes, message: bytes | None, form: ReplyForm, dropped: tuple[str, ...]
) -> Rendered:
    """The verdict, and the new message right behind it."""
    headers: tuple[tuple[str, str], ...] = (VARY,) if form.is_chosen else ()
    if message is not None:
        headers = (*headers, ("Message-Offset", str(len(octets))))
        octets += message
    if form.is_zstd:
        headers = (*headers, *_ZSTD)
        octets = _compressed(octets)
    return Rendered(octets, MSGPACK if form.is_msgpack else JSON, headers, dropped)


def _in_parts(
    octets: bytes, message: bytes | None, form: ReplyForm, dropped: tuple[str, ...]
) -> Rendered:
    """The verdict and the new message as parts of a multipart (http-scan.md 1.9)."""
    parts = [("result", MSGPACK if form.is_msgpack else JSON, octets)]
    if message is not None:
        parts.append(("body", "application/octet-stream", message))
    if form.is_zstd:
        parts = [(name, kind, _compressed(data)) for name, kind, data in parts]
    boundary = _boundary([data for _, _, data in parts])
    encoding = "Content-Encoding: zstd\r\n" if form.is_zstd else ""
    pieces: list[bytes] = []
    for name, kind, data in parts:
        head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n'
            f"Content-Type: {kind}\r\n{encoding}\r\n"
        )
        pieces += (head.encode("ascii"), data, b"\r\n")
    pieces.append(f"--{boundary}--\r\n".encode("ascii"))
    kind = f'multipart/{form.parts}; boundary="{boundary}"'
    return Rendered(b"".join(pieces), kind, (VARY,), dropped)


def _boundary(parts: Sequence[bytes]) -> str:
    """A boundary that no part holds, and nobody can guess."""
    while True:
        boundary = f"mailfilter-{token_hex(16)}"
        if not any(boundary.encode("ascii") in part for part in parts):
            return boundary


def _compressed(octets: bytes) -> bytes:
    """One frame, which tells its size."""
    _compressor.set_pledged_input_size(len(octets))
    return _compressor.compress(octets, ZstdCompressor.FLUSH_FRAME)
