"""Requests of protocol v3: what is known of a message, and the message, as a form.

Sources: http-scan.md 1.9, RFC 7578.
"""

import os
from collections.abc import Mapping
from typing import Any

import msgspec

from ...codec.http_client import HttpRequest
from .exchange import Item, Misused
from .options import Options
from .request import flags

PATH = "/checkv3"


def make_request_v3(options: Options, item: Item) -> HttpRequest:
    """What to ask for one message. Raises Misused for settings that are no JSON object."""
    boundary = os.urandom(16).hex()
    headers = [
        ("User-Agent", options.user_agent),
        ("Filename", item.name),
        ("Content-Type", f"multipart/form-data; boundary={boundary}"),
        ("Accept", "multipart/form-data"),
    ]
    if options.is_compressed:
        headers.append(("Accept-Encoding", "zstd"))
    if options.password is not None:
        headers.append(("Password", options.password))
    headers += options.headers
    return HttpRequest("POST", PATH, headers, _form(boundary.encode(), options, item))


def _form(boundary: bytes, options: Options, item: Item) -> bytes:
    octets, encoding = item.octets, b""
    if options.is_compressed:
        from .packing import pack

        octets, encoding = pack(octets, "").octets, b"Content-Encoding: zstd\r\n"
    known = _as_text(_metadata(options))
    if options.is_msgpack:
        metadata, kind = msgspec.msgpack.encode(known), b"application/msgpack"
    else:
        metadata, kind = msgspec.json.encode(known), b"application/json"
    return b"".join(
        (
            b'--%b\r\nContent-Disposition: form-data; name="metadata"\r\n' % boundary,
            b"Content-Type: %b\r\n\r\n" % kind,
            metadata,
            b'\r\n--%b\r\nContent-Disposition: form-data; name="message"\r\n' % boundary,
            b"Content-Type: application/octet-stream\r\n%b\r\n" % encoding,
            octets,
            b"\r\n--%b--\r\n" % boundary,
        )
    )


def _metadata(options: Options) -> Mapping[str, Any]:
    found: dict[str, Any] = {
        "ip": options.ip,
        "user": options.user,
        "deliver_to": options.deliver,
        "helo": options.helo,
        "hostname": options.hostname,
        "queue_id": options.queue_id,
        "log_tag": options.log_tag,
        "rcpt": options.recipients,
        "raw": options.is_raw_input,
        "headers": _headers(options),
        "settings": _settings(options),
    }
    found = {name: value for name, value in found.items() if value}
    if options.sender is not None:
        found["from"] = options.sender
    urls = ["ext_urls"] if options.extended_urls else []
    return {**found, "flags": [*urls, *flags(options)]}


def _headers(options: Options) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in options.metadata_headers:
        found.setdefault(name, []).append(value)
    return found


def _settings(options: Options) -> Any:
    if not options.settings:
        return None
    try:
        settings = msgspec.json.decode(options.settings)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        settings = None
    if not isinstance(settings, dict):
        raise Misused("--settings: protocol v3 takes a JSON object")
    return settings


def _as_text(value: Any) -> Any:
    """Octets of the command line that are no UTF-8 cannot be put into JSON."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    if isinstance(value, list | tuple):
        return [_as_text(item) for item in value]
    if isinstance(value, dict):
        return {_as_text(name): _as_text(item) for name, item in value.items()}
    return value
