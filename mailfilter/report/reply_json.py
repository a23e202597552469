"""JSON and MessagePack of replies, and what numbers may be in them.

JSON is ASCII, since one client decodes UTF-8 by TCP segment.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import DecodeError
from msgspec.json import Encoder, decode
from msgspec.msgpack import Encoder as PackEncoder

MAX_NUMBER = 1e30
"""Some clients read scores into 32 bits, which end at 3.4e38."""

_encode = Encoder().encode
_pack = PackEncoder().encode


def render_json(value: Mapping[str, Any] | Sequence[Any]) -> bytes:
    """Encode a reply as compact JSON in ASCII. Floats in it must be finite.

    Surrogates that stand alone, which JSON could not carry, become U+FFFD.
    """
    try:
        encoded = _encode(value)
    except UnicodeEncodeError:
        return render_json(_without_surrogates(value))
    if encoded.isascii():
        return encoded
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode("ascii")


def render_msgpack(value: Mapping[str, Any]) -> bytes:
    """Encode a reply as MessagePack; surrogates as in `render_json`."""
    return _encoded(_pack, value)


def encode_json(value: Any) -> bytes:
    """Encode what we keep for ourselves as compact JSON in UTF-8; otherwise as `render_json`."""
    return _encoded(_encode, value)


def _encoded(encode: Callable[[Any], bytes], value: Any) -> bytes:
    try:
        return encode(value)
    except UnicodeEncodeError:
        return encode(_without_surrogates(value))


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, Mapping):
        return {_without_surrogates(key): _without_surrogates(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_without_surrogates(one) for one in value]
    return value


def read_json(octets: bytes) -> dict[str, Any]:
    """The members of an object; empty where nobody can read it."""
    try:
        found = decode(octets)
    except (DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def render_error(text: str) -> bytes:
    """Encode an error: only the key `error`, for the reason in http-scan.md 1.3."""
    return render_json({"error": text})


def finite(value: float) -> float:
    """A number for JSON, which has no NaN and no infinity; and an integer must show as 15.0."""
    if -MAX_NUMBER < value < MAX_NUMBER:
        return float(value)
    return 0.0 if value != value else MAX_NUMBER if value > 0 else -MAX_NUMBER


def seconds(value: float) -> float:
    """A time for a reply, to the microsecond."""
    return round(finite(value), 6)
