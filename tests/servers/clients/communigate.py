"""rspamd-cgp, the helper between CommuniGate Pro and a filter.

Its README is all that is known of it: which headers there are (`Auth` in place of `User`), that it
streams the message, and what it takes from a reply. How it writes and reads is a guess: as Go's
library does (specs: clients.md 6.3).
"""

from dataclasses import dataclass

from . import typed
from .haraka import read_headers
from .outcome import Fate, Outcome
from .wire import HOST, Mail, chunked, cut, read_reply

_CHUNK = 32768

JUNK_ACTIONS = ("greylist", "add header", "rewrite subject", "soft reject", "reject")
"""Actions of which it makes an X-Junk-Score; what a score means is set in CommuniGate."""


@dataclass(frozen=True, slots=True)
class CommuniGate:
    """The helper."""

    def requests(self, mail: Mail) -> list[bytes]:
        """One."""
        headers = (
            ("Host", HOST),
            ("User-Agent", "Go-http-client/1.1"),
            ("Transfer-Encoding", "chunked"),
            *([("Auth", mail.user)] if mail.user else []),
            ("From", mail.sender),
            ("Helo", mail.helo),
            ("Hostname", mail.hostname),
            ("Ip", mail.ip),
            ("Queue-Id", mail.queue_id),
            *(("Rcpt", rcpt) for rcpt in mail.recipients),
            ("Accept-Encoding", "gzip"),
        )
        return [chunked("POST /checkv2 HTTP/1.1", headers, cut(mail.raw, _CHUNK))]

    def outcome(self, data: bytes) -> Outcome:
        """What the helper tells CommuniGate."""
        reply = read_reply(data)
        if not reply.is_success:
            return Outcome("error", f"HTTP {reply.status}")
        found = typed.parse(reply.body)
        action, score = typed.string(found["action"]), typed.number(found["score"])
        added = [("X-Rspamd-Seen", "yes")]
        if action in JUNK_ACTIONS:
            added.append(("X-Junk-Score", action))
        added += read_headers(found.get("milter", {}).get("add_headers", {}))
        subject = typed.string(found["subject"]) if action == "rewrite subject" else None
        fate: Fate = "marked" if action in JUNK_ACTIONS else "accepted"
        return Outcome(fate, "", tuple(added), subject=subject, score=score)
