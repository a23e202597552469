"""Answers of a server, read: JSON, msgpack or a form, packed or not, with or without a message.

Sources: http-scan.md 1.5, 1.8, 1.9 and 1.10.
"""

import re
from typing import Any

import msgspec

from ...codec.http_client import Answer
from ...syntax import NOT_PRINTABLE
from .exchange import Item, Reply, Unanswered
from .limits import Limits

_SHOWN = 40
"""Octets of an answer that cannot be read, in the error."""
_NO_CONTENT = "No Content"
"""The reason of 204 as HTTP has it (RFC 9110 15.3.5)."""
_OFFSET = re.compile(r"[0-9]{1,12}")


def read_reply(
    answer: Answer, item: Item, seconds: float, limits: Limits, dictionary: str = ""
) -> Reply:
    """Read what was answered after so many seconds; `dictionary` is a file, empty for none.

    Raises Unanswered.
    """
    if answer.status == 204 and answer.reason not in ("", _NO_CONTENT):
        # Rspamd says there why it did not learn, and in a body that HTTP forbids.
        said = msgspec.json.encode({"error": _clean(answer.reason)})
        return Reply(item, seconds, answer.headers, said, msgspec.json.decode(said), status=204)
    if answer.status // 100 != 2 or not answer.body:
        raise Unanswered(f"HTTP error: {answer.status}, {_clean(answer.reason)}", answer.body)
    kind = (answer.header("content-type") or "").lower()
    is_form, offset = kind.startswith("multipart/"), answer.header("message-offset")
    limit = limits.whole if is_form or offset else limits.document
    octets = _unpacked(answer, limit, dictionary)
    body: bytes | None = None
    if is_form:
        from .reply_v3 import read_form

        octets, kind, body = read_form(octets, answer.header("content-type") or "", limits)
    elif offset:
        octets, body = _split(octets, offset)
    if len(octets) > limits.document:
        raise Unanswered(f"the document of its answer is over {limits.document} octets")
    if body is not None and len(body) > limits.message:
        raise Unanswered(f"the message in its answer is over {limits.message} octets")
    document = _document(octets, kind)
    if not isinstance(document, dict | list):
        raise Unanswered("its answer is broken: neither an object nor an array")
    return Reply(item, seconds, answer.headers, octets, document, body, answer.status)


def _unpacked(answer: Answer, limit: int, dictionary: str) -> bytes:
    # Which one a client goes by differs; servers send both.
    coding = answer.header("compression") or answer.header("content-encoding") or "identity"
    if coding.strip().lower() == "identity":
        return answer.body
    if coding.strip().lower() != "zstd":
        raise Unanswered(f"its answer is packed by {_clean(coding[:_SHOWN])!r}")
    from .unpacking import unpack

    return unpack(answer.body, limit, dictionary if answer.header("dictionary") else "")


def _split(octets: bytes, offset: str) -> tuple[bytes, bytes]:
    """The document and the message behind it."""
    if not _OFFSET.fullmatch(offset) or not 0 < int(offset) <= len(octets):
        raise Unanswered("its answer is broken: a Message-Offset that is outside")
    return octets[: int(offset)], octets[int(offset) :]


def _document(octets: bytes, kind: str) -> Any:
    try:
        if "msgpack" not in kind:
            # Servers do not look what is in the octets of mail that they repeat.
            return msgspec.json.decode(octets.decode("utf-8", "replace"))
        # So that it holds nothing but what JSON has: no octets, no moments, names that are texts.
        return msgspec.json.decode(msgspec.json.encode(msgspec.msgpack.decode(octets)))
    except (msgspec.MsgspecError, RecursionError, TypeError, ValueError, OverflowError) as error:
        shown = repr(octets[:_SHOWN])[1:]
        reason = _clean(str(error))
        raise Unanswered(f"its answer cannot be read: {reason}; it begins with {shown}") from None


def _clean(text: str) -> str:
    return NOT_PRINTABLE.sub("?", text)
