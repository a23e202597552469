"""SmarterMail and EmailSuccess, of which nobody says how they ask.

What is assumed is what every client of the scan API could do at least: a POST with its length on a
connection that is kept, plain JSON with one of the six classic actions back (specs: clients.md
6.3).
"""

from dataclasses import dataclass

from . import typed
from .james import ACTIONS
from .outcome import Fate, Outcome
from .wire import HOST, Broken, Mail, counted, read_reply

_FATES: dict[str, Fate] = {
    "add header": "marked",
    "rewrite subject": "marked",
    "soft reject": "deferred",
    "reject": "refused",
}


@dataclass(frozen=True, slots=True)
class Plain:
    """A client that knows the least."""

    version: str = "1.1"

    def requests(self, mail: Mail) -> list[bytes]:
        """One."""
        headers = (
            *([("Host", HOST)] if self.version == "1.1" else []),
            ("From", mail.sender),
            *(("Rcpt", rcpt) for rcpt in mail.recipients),
            ("IP", mail.ip),
            ("Helo", mail.helo),
            ("Content-Type", "message/rfc822"),
            ("Content-Length", str(len(mail.raw))),
        )
        return [counted(f"POST /checkv2 HTTP/{self.version}", headers, mail.raw)]

    def outcome(self, data: bytes) -> Outcome:
        """What such a client could do with that reply."""
        reply = read_reply(data)
        if not reply.is_success:
            return Outcome("error", f"HTTP {reply.status}")
        if reply.header("content-type") != "application/json":
            raise Broken("no JSON")
        if reply.header("content-encoding") is not None:
            raise Broken("packed")
        found = typed.parse(reply.body)
        action = typed.string(found["action"])
        if action not in ACTIONS:
            raise Broken(f"not one of the classic actions: {action}")
        return Outcome(_FATES.get(action, "accepted"), score=typed.number(found["score"]))
