"""maddy: Go's net/http writes its requests, encoding/json reads the replies.

Request heads are as recorded from Go 1.26, which sorts headers and spells their names in its own
way (specs: clients.md 6.1 to 6.3).
"""

from dataclasses import dataclass
from typing import Any, Literal

from . import typed
from .outcome import Fate, Outcome
from .wire import HOST, Broken, Mail, chunked, cut, header_and_body, read_reply

IN_MEMORY = 2**20
"""Octets of a body that are sent at once; a larger one is read from a file."""

FILE_CHUNK = 32768
"""Octets that Go copies at once from a file."""

FailAction = Literal["ignore", "quarantine", "reject"]

_FATES: dict[FailAction, Fate] = {
    "ignore": "error",
    "quarantine": "quarantined",
    "reject": "deferred",
}


@dataclass(frozen=True, slots=True)
class Maddy:
    """A check with its settings; the Fate of `reject` is that of a reply with 450 or 451."""

    api_path: str = "http://127.0.0.1:11333"
    settings_id: str = ""
    tag: str = "maddy"
    hostname: str = "mx.example.net"
    io_error_action: FailAction = "ignore"
    error_resp_action: FailAction = "ignore"
    add_header_action: FailAction = "quarantine"
    rewrite_subj_action: FailAction = "quarantine"

    def requests(self, mail: Mail) -> list[bytes]:
        """One, whose header is a chunk of its own."""
        header, body = header_and_body(mail.raw)
        headers = [
            ("From", mail.sender),
            ("Helo", mail.helo),
            ("Hostname", mail.hostname),
            ("Ip", mail.ip),
            ("Mta-Name", self.hostname),
            ("Mta-Tag", self.tag),
            ("Pass", "all"),
            ("Queue-Id", mail.queue_id),
            *(("Rcpt", rcpt) for rcpt in mail.recipients),
            *([("Settings-Id", self.settings_id)] if self.settings_id else []),
            ("Tls-Cipher", "TLS_AES_128_GCM_SHA256"),
            ("Tls-Version", "1.3"),
            *([("User", mail.user)] if mail.user else []),
        ]
        start = (("Host", HOST), ("User-Agent", "maddy"), ("Transfer-Encoding", "chunked"))
        pieces = [body] if len(body) < IN_MEMORY else cut(body, FILE_CHUNK)
        return [
            chunked(
                "POST /checkv2 HTTP/1.1",
                (*start, *headers, ("Accept-Encoding", "gzip")),
                [header, *pieces],
            )
        ]

    def outcome(self, data: bytes) -> Outcome:
        """What maddy does with a message after that reply."""
        reply = read_reply(data)
        if not reply.is_success:
            return Outcome(_FATES[self.error_resp_action], f"HTTP {reply.status}")
        found = _read(reply.body)
        score = found["score"]
        scored = ("X-Spam-Score", f"{score:.2f}")
        flagged = (("X-Spam-Flag", "Yes"), scored)
        match found["action"]:
            case "no action":
                return Outcome("accepted", score=score)
            case "greylist":
                return Outcome("accepted", "", (scored,), score=score)
            case "add header":
                return Outcome(_marked(self.add_header_action), "", flagged, score=score)
            case "rewrite subject":
                return Outcome(_marked(self.rewrite_subj_action), "", flagged, score=score)
            case "soft reject":
                return Outcome("deferred", "450 4.7.0", score=score)
            case "reject":
                return Outcome("refused", "550 5.7.0", score=score)
            case action:
                return Outcome("accepted", f"unhandled action: {action}", score=score)

    def without(self) -> Outcome:
        """What it does where there is no reply, or one that it cannot read."""
        return Outcome(_FATES[self.io_error_action])


def _marked(action: FailAction) -> Fate:
    return "marked" if action == "ignore" else _FATES[action]


def _read(body: bytes) -> dict[str, Any]:
    fields = typed.fold_keys(typed.parse(body), ("score", "action", "subject", "symbols"))
    found = {
        "score": typed.number(fields.get("score", 0)),
        "action": typed.string(fields.get("action", "")),
        "subject": typed.string(fields.get("subject", "")),
    }
    for symbol in typed.mapping(typed.anything)(fields.get("symbols", {})).values():
        parts = typed.fold_keys(symbol, ("name", "score"))
        typed.string(parts.get("name", ""))
        typed.number(parts.get("score", 0))
    if not found["action"]:
        raise Broken("a reply without an action lets the message in")
    return found
