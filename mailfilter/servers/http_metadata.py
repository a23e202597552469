"""The metadata of a /checkv3 request: an object in place of headers (http-scan.md 1.9).

It is turned into the headers that mean the same, so that there is one reading of both.
"""

from collections.abc import Iterator, Mapping
from itertools import islice
from json import loads

from msgspec import DecodeError, json, msgpack

from ..codec.http_body import Part, Refused
from ..codec.http_head import MAX_LISTED
from ..syntax import CONTROL
from .request_envelope import Told

MAX_LIST = 4096
"""Entries of a list or an object; of recipients, whose number is a stranger's choice, those behind
`MAX_LISTED` are left out instead, as if they were headers."""

MAX_FIELDS = 8192
"""Headers that all is turned into."""

_TEXTS = {
    "from": b"from",
    "ip": b"ip",
    "helo": b"helo",
    "hostname": b"hostname",
    "queue_id": b"queue-id",
    "user": b"user",
    "deliver_to": b"deliver-to",
    "settings_id": b"settings-id",
    "tls.cipher": b"tls-cipher",
    "mta.tag": b"mta-tag",
    "mta.name": b"mta-name",
    "log_tag": b"log-tag",
    "file": b"file",
    "shm": b"shm",
    "shm_offset": b"shm-offset",
    "shm_length": b"shm-length",
}
"""Key, dots lead into an object -> the header of the same meaning."""

_RULE_HEADERS = frozenset(
    (b"tls-version", b"tls-cert-issuer", b"filename", b"subject", b"pass", b"log", b"profile")
)
"""Of `headers` what this filter looks at; who the client is, the keys above say alone."""


def is_msgpack(part: Part) -> bool:
    """Whether a part says that it is MessagePack."""
    return b"msgpack" in part.content_type.lower()


def read_metadata(part: Part) -> tuple[Told, bool]:
    """Read the part; the second value is whether it was MessagePack. Raises `Refused`."""
    was_msgpack = is_msgpack(part)
    try:
        data = msgpack.decode(part.data) if was_msgpack else _decode_json(part.data)
    except (DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise Refused(400, f"cannot parse metadata: {error}") from None
    if not isinstance(data, Mapping):
        raise Refused(400, "cannot parse metadata: expected an object")
    if not data:
        raise Refused(400, "empty metadata object")
    settings = data.get("settings")
    fields = [*islice(_fields(data), MAX_FIELDS + 1)]
    if len(fields) > MAX_FIELDS:
        raise Refused(400, f"cannot parse metadata: more than {MAX_FIELDS} values")
    return Told(fields, settings), was_msgpack


def _decode_json(data: bytes) -> object:
    """Decode JSON, in which texts may hold a stranger's octets that are no UTF-8, or half of a
    character: they are replaced, as in headers."""
    try:
        return json.decode(data)
    except (DecodeError, UnicodeDecodeError):
        return loads(data.decode("utf-8", "replace"))


def _fields(data: Mapping[object, object]) -> Iterator[tuple[bytes, bytes]]:
    for key, name in _TEXTS.items():
        value = _at(data, key)
        if value is not None:
            yield name, _text(key, value)
    for value in _entries(data.get("rcpt"))[:MAX_LISTED]:
        yield b"rcpt", _text("rcpt", value)
    flags = [_text("flags", flag) for flag in _list("flags", data.get("flags"))]
    if flags:
        yield b"flags", b",".join(flags)
    if data.get("raw") is True:
        yield b"raw", b"yes"
    for argument in _arguments("mail_esmtp_args", data.get("mail_esmtp_args")):
        yield b"x-rspamd-mail-esmtp-args", argument
    for argument in islice(_recipient_arguments(data.get("rcpt_esmtp_args")), MAX_LISTED):
        yield b"x-rspamd-rcpt-esmtp-args", argument
    for given, values in _object("headers", data.get("headers")).items():
        name = _text("headers", given).lower()
        if name in _RULE_HEADERS:
            # Of several the first counts.
            for value in _list("headers", values)[:1]:
                yield name, _text("headers", value)


def _at(data: Mapping[object, object], path: str) -> object:
    first, _, rest = path.partition(".")
    value = data.get(first)
    return _object(first, value).get(rest) if rest else value


def _entries(value: object) -> list[object]:
    """A list as it is, and anything else as the one entry of it."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _list(key: str, value: object) -> list[object]:
    found = _entries(value)
    if len(found) > MAX_LIST:
        raise Refused(400, f"cannot parse metadata: {key} has more than {MAX_LIST} entries")
    return found


def _object(key: str, value: object) -> Mapping[object, object]:
    if value is None:
        return {}
    if not isinstance(value, Mapping) or len(value) > MAX_LIST:
        raise Refused(400, f"cannot parse metadata: {key} is no object")
    return value


def _arguments(key: str, value: object) -> Iterator[bytes]:
    for name, text in _object(key, value).items():
        yield _text(key, name) + (b"=" + _text(key, text) if text not in (None, "") else b"")


def _recipient_arguments(value: object) -> Iterator[bytes]:
    for index, args in enumerate(_entries(value)[:MAX_LISTED]):
        for argument in _arguments("rcpt_esmtp_args", args):
            yield b"%d:%s" % (index, argument)


def _text(key: str, value: object) -> bytes:
    """A text as a header has it, in which nothing can end a line; numbers are texts, too."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise Refused(400, f"cannot parse metadata: {key} is no text")
    return CONTROL.sub(b"?", str(value).encode("utf-8", "replace").strip(b" \t"))
