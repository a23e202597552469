"""Scans for our own pages: /api/scan."""

from msgspec import to_builtins

from ..codec.http_body import Refused
from ..config.model import HistorySettings
from ..report.history_detail import USUAL_TRACE, detail_dict
from ..report.history_row import USUAL_ROW, row_dict
from ..report.privacy import Hasher, Masks
from ..report.reply_edits import newline_of, tell_edits
from ..report.reply_layout import Layout, lay_out
from .controller_call import Call, Endpoint, Endpoints, json_reply
from .http_reply import Reply
from .request_envelope import Told, build_envelope, fields_of

_MASKS = Masks(HistorySettings(subject="plain", addresses="plain"), Hasher(b""))
"""None: whoever has asked has the message."""

_FLAGS = frozenset({"groups"})


async def scan(asked: Call) -> Reply:
    """Scan a message, with the envelope that headers tell, and say all that is known then."""
    if not asked.body:
        raise Refused(400, "Empty body is not permitted")
    envelope = build_envelope(
        asked.listener_name,
        Told(fields_of(asked.head)),
        is_trusted=_is_trusted(asked),
        identity=asked.peer.identity,
        by_key=asked.peer.by_key,
        passed_on=asked.peer.passed_on,
    )
    raw = asked.body
    verdict = await asked.scanner.scan(envelope, raw)
    told = tell_edits(verdict.edits, "rspamd", newline_of(raw, _FLAGS, "rspamd"), raw)
    detail = detail_dict(envelope, verdict, asked.now, _MASKS, USUAL_TRACE)
    return json_reply(
        {
            "trace_id": verdict.trace_id,
            "result": lay_out(verdict, Layout(_FLAGS), told),
            "row": row_dict(envelope, verdict, asked.now, _MASKS, USUAL_ROW),
            "detail": to_builtins(detail),
        }
    )


def _is_trusted(asked: Call) -> bool:
    """As for other scans at a controller."""
    if asked.allowed.how == "identity":
        return asked.peer.is_trusted
    return asked.listener.trusted


ENDPOINTS: Endpoints = {"/api/scan": Endpoint(scan, takes="message")}
