"""A request for a scan: what is to be scanned, for whom, and how the reply is to look."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ..codec.http1 import RequestComplete, RequestHead
from ..codec.http_body import Refused
from ..config.model import Listener
from ..scan.envelope import Envelope
from ..scan.networks import is_ignored
from .http_body import ENCODINGS, FORM_PATH, MESSAGE, METADATA
from .http_metadata import is_msgpack, read_metadata
from .local_files import Source, find_source, names_source
from .peer import Peer
from .reply_form import ReplyForm, reply_form
from .request_envelope import Fields, Told, build_envelope, fields_of

SKIP = b"skip"


@dataclass(frozen=True, slots=True)
class ScanRequest:
    """One request, read."""

    envelope: Envelope
    raw: bytes
    source: Source | None
    """Where the message is, if it is not `raw`."""
    form: ReplyForm
    ignored: bool
    """Something was told that is not believed of this peer."""


def read_request(
    listener_name: str, listener: Listener, request: RequestComplete, peer: Peer
) -> ScanRequest:
    """Read a request. Raises `Refused`."""
    outer = fields_of(request.head)
    told, raw, was_msgpack = Told(outer), request.body, False
    if path_of(request.head) == FORM_PATH:
        told, raw, was_msgpack = _read_parts(request)
    source = find_source(told.fields, listener, peer)
    envelope = _envelope(listener_name, request, told, peer)
    form = _form(request, outer, envelope, listener, was_msgpack)
    return ScanRequest(envelope, raw, source, form, is_ignored(envelope))


def read_head(
    listener_name: str, listener: Listener, request: RequestComplete, peer: Peer
) -> ScanRequest:
    """What the head of a request tells whose body is not there, or cannot be read."""
    outer = fields_of(request.head)
    envelope = _envelope(listener_name, request, Told(outer), peer)
    was_msgpack = any(is_msgpack(part) for part in request.parts if part.name == METADATA)
    try:
        form = _form(request, outer, envelope, listener, was_msgpack)
    except Refused:
        form = ReplyForm()
    return ScanRequest(envelope, request.body, None, form, is_ignored(envelope))


def path_of(head: RequestHead) -> bytes:
    """The path of a request in lower case, without the slash."""
    return head.path[1:].lower()


def _envelope(listener_name: str, request: RequestComplete, told: Told, peer: Peer) -> Envelope:
    envelope = build_envelope(
        listener_name,
        told,
        is_trusted=peer.is_trusted,
        identity=peer.identity,
        by_key=peer.by_key,
        passed_on=peer.passed_on,
    )
    if path_of(request.head) != SKIP:
        return envelope
    return replace(envelope, flags=envelope.flags | {SKIP.decode()})


def _form(
    request: RequestComplete,
    outer: Fields,
    envelope: Envelope,
    listener: Listener,
    was_msgpack: bool,
) -> ReplyForm:
    """The form of the reply, for which only the request's own headers count, and the flags."""
    single: dict[bytes, bytes] = {}
    for name, value in outer:
        single.setdefault(name, value)
    return reply_form(
        path_of(request.head),
        single,
        envelope.flags,
        listener,
        was_zstd=_is_packed(single),
        metadata_was_msgpack=was_msgpack,
    )


def _is_packed(fields: Mapping[bytes, bytes]) -> bool:
    return b"zstd" in (fields.get(name, b"").lower() for name in ENCODINGS)


def _read_parts(request: RequestComplete) -> tuple[Told, bytes, bool]:
    """What the parts of a /checkv3 request tell, its message, and whether it spoke MessagePack."""
    parts = {part.name: part for part in request.parts}
    told, was_msgpack = read_metadata(parts[METADATA])
    message = parts.get(MESSAGE)
    if message is None and not names_source(told.fields):
        raise Refused(400, "missing 'message' part in v3 request")
    return told, b"" if message is None else message.data, was_msgpack
