"""rspamdclient-rs: attohttpc or reqwest writes its requests, serde reads the replies.

Requests are as recorded from version 0.7.0 (specs: clients.md 6.1 to 6.3, http-scan.md 1.10).
"""

from dataclasses import dataclass
from typing import Any

from backports.zstd import ZstdCompressor, ZstdDecompressor, ZstdError

from . import typed
from .outcome import Fate, Outcome
from .wire import HOST, Broken, Headers, HttpReply, Mail, counted, read_reply

_FATES: dict[str, Fate] = {
    "no action": "accepted",
    "greylist": "accepted",
    "add header": "marked",
    "rewrite subject": "marked",
    "soft reject": "deferred",
    "reject": "refused",
    "discard": "refused",
    "quarantine": "quarantined",
}
"""What a program would do; the library itself only tells what it read."""

_PACKED = (("content-encoding", "zstd"), ("compression", "zstd"))


@dataclass(frozen=True, slots=True)
class Rust:
    """A client with its settings."""

    is_async: bool = False
    zstd: bool = True
    last_recipient_alone: bool = False
    """As in older versions."""
    file: str = ""
    extra: Headers = ()

    def requests(self, mail: Mail) -> list[bytes]:
        """One for the message, with a body unless a file is named."""
        body = b"" if self.file else pack(mail.raw) if self.zstd else mail.raw
        method = "GET" if self.file else "POST"
        headers = self._async_headers if self.is_async else self._sync_headers
        return [counted(f"{method} /checkv2 HTTP/1.1", headers(mail, len(body)), body)]

    def _packed(self) -> Headers:
        return _PACKED if self.zstd and not self.file else ()

    def _envelope(self, mail: Mail) -> Headers:
        recipients = mail.recipients[-1:] if self.last_recipient_alone else mail.recipients
        return (
            *(("file", self.file) for _ in self.file[:1]),
            ("from", mail.sender),
            ("ip", mail.ip),
            ("helo", mail.helo),
            *(("rcpt", rcpt) for rcpt in recipients),
            *self.extra,
        )

    def _sync_headers(self, mail: Mail, size: int) -> Headers:
        return (
            ("content-type", "application/octet-stream"),
            *self._envelope(mail),
            *self._packed(),
            ("accept-encoding", "gzip, deflate"),
            ("connection", "close"),
            ("content-length", str(size)),
            ("accept", "*/*"),
            ("user-agent", "attohttpc/0.31.0"),
            ("host", HOST),
        )

    def _async_headers(self, mail: Mail, size: int) -> Headers:
        return (
            *self._packed(),
            *self._envelope(mail),
            ("accept", "*/*"),
            ("accept-encoding", "zstd"),
            ("host", HOST),
            *([("content-length", str(size))] if size else []),
        )

    def outcome(self, data: bytes) -> Outcome:
        """What the library tells of that reply."""
        reply = read_reply(data)
        if not reply.is_success:
            return Outcome("error", f"Status: {reply.status}")
        body, _ = split(reply, self.unpacked(reply))
        scan = _read(body)
        milter = scan["milter"]
        added = tuple((name, value) for name, (value, _) in milter["add_headers"].items())
        fate = _FATES[scan["action"]]
        removed = tuple(milter["remove_headers"])
        return Outcome(fate, "", added, removed, score=scan["score"])

    def unpacked(self, reply: HttpReply) -> bytes:
        """The body: reqwest looks at one header, the library itself at the other."""
        name = "content-encoding" if self.is_async else "compression"
        return unpack(reply.body) if reply.header(name) == "zstd" else reply.body


def split(reply: HttpReply, body: bytes) -> tuple[bytes, bytes | None]:
    """The JSON, and the message that follows it if there is one."""
    offset = reply.header("message-offset")
    if offset is None:
        return body, None
    if not offset.isdigit():
        raise Broken(f"Message-Offset: {offset!r}")
    return (body[: int(offset)], body[int(offset) :]) if int(offset) < len(body) else (body, None)


def pack(raw: bytes) -> bytes:
    """A frame that does not tell its size, as that of a stream."""
    compressor = ZstdCompressor(3)
    half = len(raw) // 2
    return compressor.compress(raw[:half]) + compressor.compress(raw[half:]) + compressor.flush()


def unpack(body: bytes) -> bytes:
    """One whole frame. Raises `Broken`."""
    decompressor = ZstdDecompressor()
    try:
        data = decompressor.decompress(body)
    except ZstdError as error:
        raise Broken(str(error)) from None
    if not decompressor.eof or decompressor.unused_data:
        raise Broken("not one whole frame")
    return data


def _read(body: bytes) -> dict[str, Any]:
    """A reply: keys may be absent and others are ignored, but no type may differ."""
    tree = typed.parse(body)
    found: dict[str, Any] = {
        name: read(tree[name]) if name in tree else default
        for name, (read, default) in _FIELDS.items()
    }
    milter = tree.get("milter")
    found["milter"] = _milter({} if milter is None else milter)
    if found["action"] not in _FATES:
        raise Broken(f"no action: {found['action']!r}")
    return found


def _symbol(value: object) -> dict[str, Any]:
    fields = typed.mapping(typed.anything)(value)
    for name, read in _SYMBOL.items():
        given = fields.get(name)
        # `null` is none of the two that are optional, and an error for the others.
        if name in fields and not (given is None and name in ("description", "options")):
            read(given)
    return fields


def _header(value: object) -> tuple[str, int]:
    fields = typed.mapping(typed.anything)(value)
    return typed.string(fields.get("value", "")), typed.integer(32)(fields.get("order", 0))


def _milter(value: object) -> dict[str, Any]:
    fields = typed.mapping(typed.anything)(value)
    return {
        "add_headers": typed.mapping(_header)(fields.get("add_headers", {})),
        "remove_headers": typed.mapping(typed.integer(32))(fields.get("remove_headers", {})),
    }


_STRINGS = typed.sequence(typed.string)
_SYMBOL = {
    "name": typed.string,
    "score": typed.number,
    "metric_score": typed.number,
    "description": typed.string,
    "options": _STRINGS,
}
_FIELDS: dict[str, tuple[Any, Any]] = {
    "is_skipped": (typed.boolean, False),
    "score": (typed.number, 0.0),
    "required_score": (typed.number, 0.0),
    "action": (typed.string, ""),
    "thresholds": (typed.mapping(typed.number), {}),
    "symbols": (typed.mapping(_symbol), {}),
    "messages": (typed.mapping(typed.string), {}),
    "urls": (_STRINGS, []),
    "emails": (_STRINGS, []),
    "message-id": (typed.string, ""),
    "time_real": (typed.number, 0.0),
    "filename": (typed.string, ""),
    "scan_time": (typed.number, 0.0),
}
