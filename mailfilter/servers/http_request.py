"""A request for a scan: what is to be scanned, for whom, and how the reply is to look."""

from collections.abc import Mapping
from dataclasses import dataclass

from ..codec.http1 import RequestComplete
from ..config.model import Listener
from ..scan.envelope import Envelope
from ..scan.networks import is_ignored
from .http_body import ENCODINGS, MESSAGE, METADATA
from .http_envelope import Fields, Told, build_envelope, fields_of
from .http_form import Form, NotAcceptable, reply_form
from .http_metadata import read_metadata
from .http_query import BadRequest
from .local_files import Source, find_source, names_source
from .peer import Peer

V3 = b"checkv3"


@dataclass(frozen=True, slots=True)
class ScanRequest:
    """One request, read."""

    path: bytes
    """In lower case, without the slash."""
    envelope: Envelope
    raw: bytes
    source: Source | None
    """Where the message is, if it is not `raw`."""
    form: Form
    peer: Peer
    ignored: bool
    """Something was told that is not believed of this peer."""


def read_request(
    listener_name: str, listener: Listener, request: RequestComplete, peer: Peer
) -> ScanRequest:
    """Read a request. Raises `BadRequest`."""
    path = request.head.path[1:].lower()
    outer = fields_of(request.head)
    told, raw, is_msgpack = Told(outer), request.body, False
    if path == V3:
        told, raw, is_msgpack = _read_parts(request, outer)
    source = find_source(told.fields, listener, peer)
    envelope = build_envelope(listener_name, told, is_trusted=peer.is_trusted)
    single: dict[bytes, bytes] = {}
    for name, value in outer:
        single.setdefault(name, value)
    try:
        form = reply_form(
            path,
            single,
            envelope.flags,
            listener,
            was_zstd=_is_packed(single),
            metadata_was_msgpack=is_msgpack,
        )
    except NotAcceptable as error:
        raise BadRequest(error.status, error.text) from None
    return ScanRequest(path, envelope, raw, source, form, peer, is_ignored(envelope))


def _is_packed(fields: Mapping[bytes, bytes]) -> bool:
    return b"zstd" in (fields.get(name, b"").lower() for name in ENCODINGS)


def _read_parts(request: RequestComplete, outer: Fields) -> tuple[Told, bytes, bool]:
    """What the parts of a /checkv3 request tell, its message, and whether it spoke MessagePack."""
    parts = {part.name: part for part in request.parts}
    told, is_msgpack = read_metadata(parts[METADATA])
    message = parts.get(MESSAGE)
    if message is None and not names_source(told.fields):
        raise BadRequest(400, "missing 'message' part in v3 request")
    return told, b"" if message is None else message.data, is_msgpack
