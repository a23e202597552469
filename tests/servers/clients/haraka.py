"""Haraka: Node writes its requests, and JavaScript takes the replies as they are.

The real one is run as well (tests/live); this reads replies to verdicts that a filter with its
own checks never gives (specs: clients.md 6.1 to 6.3, http-scan.md 1.3).
"""

from dataclasses import dataclass
from typing import Any

from . import typed
from .outcome import Fate, Outcome
from .wire import HOST, Broken, Mail, chunked, read_reply

_FATES: dict[str, Fate] = {"add header": "marked", "rewrite subject": "marked"}


@dataclass(frozen=True, slots=True)
class Haraka:
    """The plugin; `flags` and SPF as of its settings."""

    flags: str = ""

    def requests(self, mail: Mail) -> list[bytes]:
        """One, with a chunk for each line of the message."""
        headers = [
            ("Pass", "all"),
            *([("Flags", self.flags)] if self.flags else []),
            *([("User", mail.user)] if mail.user else []),
            ("IP", mail.ip),
            ("Hostname", mail.hostname),
            ("Helo", mail.helo),
            ("SPF", "[object Object]"),
            *([("From", mail.sender)] if mail.sender else []),
            *(("Rcpt", rcpt) for rcpt in mail.recipients),
            *([("Deliver-To", rcpt) for rcpt in mail.recipients] if _is_one(mail) else []),
            ("Queue-Id", mail.queue_id),
            ("TLS-Cipher", "TLS_AES_256_GCM_SHA384"),
            ("TLS-Version", "TLSv1.3"),
            ("Host", HOST),
            ("Connection", "keep-alive"),
            ("Transfer-Encoding", "chunked"),
        ]
        lines = mail.raw.splitlines(keepends=True)
        return [chunked("POST /checkv2 HTTP/1.1", headers, lines)]

    def outcome(self, data: bytes) -> Outcome:
        """What becomes of the message; the status is not looked at."""
        found = typed.parse(read_reply(data).body)
        if not found or (len(found) == 1 and found.get("error")):
            return Outcome("error", str(found.get("error", "")))
        if "error" in found:
            raise Broken("an error beside other keys is taken for a verdict")
        _check_logged(found)
        action, score = typed.string(found.get("action")), typed.number(found.get("score"))
        message = found.get("messages", {}).get("smtp_message")
        text = typed.string(message) if message else ""
        if action == "soft reject":
            return Outcome("deferred", text or "Deferred by policy", score=score)
        if action == "reject":
            return Outcome("refused", text or "Detected as spam", score=score)
        milter = found.get("milter", {})
        added = read_headers(milter.get("add_headers", {}))
        if signature := found.get("dkim-signature"):
            # Of an array it makes one field, with commas.
            value = signature if isinstance(signature, str) else ",".join(signature)
            added.insert(0, ("DKIM-Signature", value))
        removed = tuple(milter.get("remove_headers", {}))
        subject = found.get("subject") if action == "rewrite subject" else None
        return Outcome(_FATES.get(action, "accepted"), "", tuple(added), removed, subject, score)


def _is_one(mail: Mail) -> bool:
    return len(mail.recipients) == 1


def _check_logged(found: dict[str, Any]) -> None:
    """Symbols without name or score are errors in its log."""
    for name, symbol in found.get("symbols", {}).items():
        if typed.string(symbol.get("name")) != name:
            raise Broken(f"symbol {name} is named {symbol.get('name')}")
        typed.number(symbol.get("score"))


def read_headers(values: dict[str, Any]) -> list[tuple[str, str]]:
    """Fields in each of the forms: an object, a text, an array of them."""
    added: list[tuple[str, str]] = []
    for name, value in values.items():
        for one in value if isinstance(value, list) else [value]:
            added.append((name, typed.string(one["value"] if isinstance(one, dict) else one)))
    return added
