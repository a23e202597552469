"""opensmtpd-filter-rspamd: Go's net/http writes its requests, encoding/json reads the replies.

The real one is run as well (tests/live); this reads replies to verdicts that a filter with its
own checks never gives (specs: clients.md 6.1 to 6.3, http-scan.md 1.7).
"""

from dataclasses import dataclass
from typing import Any

from . import typed
from .outcome import Fate, Outcome
from .wire import HOST, Broken, Mail, counted, read_reply

_REFUSALS: dict[str, tuple[Fate, str]] = {
    "reject": ("refused", "550"),
    "soft reject": ("deferred", "451"),
}
"""Action -> fate and code."""

_TYPED_ALONE = (
    "ARC-Seal",
    "ARC-Message-Signature",
    "ARC-Authentication-Results",
    "Authentication-Results",
)
"""Fields of which it takes a value in an object; others in that form it drops."""


@dataclass(frozen=True, slots=True)
class FilterRspamd:
    """The filter."""

    def requests(self, mail: Mail) -> list[bytes]:
        """One; lines are parted by LF, and the last has no end."""
        body = b"\n".join(mail.raw.removesuffix(b"\r\n").split(b"\r\n"))
        headers = (
            ("Host", HOST),
            ("User-Agent", "Go-http-client/1.1"),
            ("Content-Length", str(len(body))),
            ("From", mail.sender),
            ("Helo", mail.helo),
            ("Hostname", mail.hostname),
            ("Ip", mail.ip),
            ("Mta-Name", "mx.example.net"),
            ("Pass", "All"),
            ("Queue-Id", mail.queue_id),
            *(("Rcpt", rcpt) for rcpt in mail.recipients),
            *([("User", mail.user)] if mail.user else []),
            ("Accept-Encoding", "gzip"),
        )
        return [counted("POST /checkv2 HTTP/1.1", headers, body)]

    def outcome(self, data: bytes) -> Outcome:
        """What becomes of the message; the status is not looked at."""
        found = _read(read_reply(data).body)
        action, score = found["action"], found["score"]
        text = found["smtp_message"]
        if "\n" in text or "\r" in text:
            raise Broken("a line end in the text ends the line of the filter's own protocol")
        if action in _REFUSALS:
            refused, code = _REFUSALS[action]
            return Outcome(refused, f"{code} {text or 'try again later'}", score=score)
        if not action:
            # Of an error, too: only what is no JSON defers the mail.
            return Outcome("accepted", "no action")
        added = [("DKIM-Signature", value) for value in found["signatures"]]
        if action == "add header":
            status = f"Yes, score={score:.3f} required={found['required_score']:.3f}"
            added += [("X-Spam", "yes"), ("X-Spam-Status", status)]
        added += _headers(found["add"])
        for _, value in added:
            _check_lines(value)
        subject = found["subject"] if action == "rewrite subject" else None
        if subject is not None and (not subject or "\n" in subject):
            raise Broken(f"blanks the subject, or ends the line: {subject!r}")
        fate: Fate = "marked" if action in ("add header", "rewrite subject") else "accepted"
        return Outcome(fate, "", tuple(added), tuple(found["remove"]), subject, score)


def _read(body: bytes) -> dict[str, Any]:
    names = (
        "score",
        "required_score",
        "subject",
        "action",
        "messages",
        "dkim-signature",
        "milter",
        "symbols",
    )
    fields = typed.fold_keys(typed.parse(body), names)
    messages = typed.mapping(typed.string)(fields.get("messages", {}))
    milter = typed.fold_keys(fields.get("milter", {}), ("remove_headers", "add_headers"))
    for symbol in typed.mapping(typed.anything)(fields.get("symbols", {})).values():
        typed.number32(typed.fold_keys(symbol, ("score",)).get("score", 0))
    signature = fields.get("dkim-signature", [])
    signatures = [signature] if isinstance(signature, str) else signature
    return {
        "score": typed.number32(fields.get("score", 0)),
        "required_score": typed.number32(fields.get("required_score", 0)),
        "subject": typed.string(fields.get("subject", "")),
        "action": typed.string(fields.get("action", "")),
        "smtp_message": messages.get("smtp_message", ""),
        "signatures": typed.sequence(typed.string)(signatures),
        "remove": typed.mapping(typed.integer(8))(milter.get("remove_headers", {})),
        "add": typed.mapping(typed.anything)(milter.get("add_headers", {})),
    }


def _headers(values: dict[str, object]) -> list[tuple[str, str]]:
    """The fields that it adds: texts, and a few of those that come as objects."""
    added: list[tuple[str, str]] = []
    for name, value in values.items():
        if isinstance(value, str):
            added.append((name, value))
        elif isinstance(value, dict) and name in _TYPED_ALONE:
            added.append((name, typed.string(value.get("value"))))
        else:
            raise Broken(f"{name} is dropped without a word: {value!r}")
    return added


def _check_lines(value: str) -> None:
    """It writes a value as lines; one that does not begin with a blank would be a field."""
    if "\r" in value or any(line[:1] not in (" ", "\t") for line in value.split("\n")[1:]):
        raise Broken(f"lines of its own in a field: {value!r}")
