"""The one log line of a message."""

from dataclasses import dataclass

from twisted.logger import Logger

from ..scan.envelope import Envelope
from ..scan.verdict import SymbolResult, Verdict
from .escape import quote

MAX_RECIPIENTS = 20
"""Recipients named in a line; the number of those left out follows."""

MAX_SYMBOLS = 200
"""Symbols named in a line."""

MAX_OPTIONS = 10
"""Options named of each symbol in a line."""

log = Logger()


@dataclass(frozen=True, slots=True)
class ScanLine:
    """A scan as a line of text, or as fields for JSON."""

    envelope: Envelope
    verdict: Verdict

    def __str__(self) -> str:
        envelope, verdict = self.envelope, self.verdict
        symbols = ",".join(_symbol(item) for item in verdict.symbols[:MAX_SYMBOLS])
        pairs = [
            ("tag", envelope.log_tag),
            ("qid", envelope.queue_id),
            ("mid", verdict.message_id),
            ("from", envelope.sender),
            ("rcpt", _recipients(envelope)),
            ("ip", None if envelope.client_ip is None else str(envelope.client_ip)),
            ("user", envelope.user),
            ("helo", envelope.helo),
            ("identity", envelope.identity),
            ("action", verdict.action.value),
            ("forced", verdict.forced_by),
            ("profile", verdict.profile),
            ("unscanned", verdict.unscanned),
            ("file", envelope.filename),
        ]
        texts = [f"{key}={quote(value)}" for key, value in pairs if value is not None]
        texts.append(f"score={verdict.score:.2f}/{verdict.required_score:.2f}")
        texts.append(f"symbols=[{symbols}]")
        texts.append(f"time={verdict.elapsed * 1000:.1f}ms")
        texts.append(f"size={verdict.size}")
        texts.append(f"listener={quote(envelope.listener)}")
        texts.append(f"trace={verdict.trace_id}")
        return "scan " + " ".join(texts)

    def fields(self) -> dict[str, object]:
        """Values for a JSON line; text as received, to be escaped by the JSON encoder."""
        envelope, verdict = self.envelope, self.verdict
        return {
            "tag": _cut(envelope.log_tag),
            "queue_id": _cut(envelope.queue_id),
            "message_id": _cut(verdict.message_id),
            "sender": _cut(envelope.sender),
            "recipients": [_cut(item.address) for item in envelope.recipients[:MAX_RECIPIENTS]],
            "recipient_count": len(envelope.recipients),
            "ip": None if envelope.client_ip is None else str(envelope.client_ip),
            "helo": _cut(envelope.helo),
            "user": _cut(envelope.user),
            "identity": envelope.identity,
            "action": verdict.action.value,
            "forced_by": verdict.forced_by,
            "profile": verdict.profile,
            "unscanned": verdict.unscanned,
            "file": _cut(envelope.filename),
            "score": verdict.score,
            "required_score": verdict.required_score,
            "symbols": [
                {
                    "name": item.name,
                    "score": item.score,
                    "options": [_cut(text) for text in item.options[:MAX_OPTIONS]],
                }
                for item in verdict.symbols[:MAX_SYMBOLS]
            ],
            "time": round(verdict.elapsed, 6),
            "size": verdict.size,
            "listener": envelope.listener,
            "trace": verdict.trace_id,
        }


def log_scan(envelope: Envelope, verdict: Verdict) -> None:
    """Write the line of a message, unless its client asked for none."""
    if "no_log" not in envelope.flags:
        log.info("{scan}", scan=ScanLine(envelope, verdict))


def _symbol(item: SymbolResult) -> str:
    text = f"{item.name}({item.score:.2f})"
    if not item.options:
        return text
    options = ",".join(quote(option, 80) for option in item.options[:MAX_OPTIONS])
    return f"{text}{{{options}}}"


def _recipients(envelope: Envelope) -> str | None:
    if not envelope.recipients:
        return None
    addresses = [item.address for item in envelope.recipients[:MAX_RECIPIENTS]]
    rest = len(envelope.recipients) - len(addresses)
    return ",".join(addresses) + (f",+{rest}" if rest else "")


def _cut(text: str | None) -> str | None:
    return None if text is None else text[:512]
