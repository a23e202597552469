"""The proxy of Rspamd, as one that asks a filter on another machine (specs: clients.md 6.3)."""

from dataclasses import dataclass
from typing import Any

from . import typed
from .haraka import read_headers
from .outcome import Fate, Outcome
from .rust import pack, split, unpack
from .wire import Broken, Mail, counted, read_reply

_FATES: dict[str, Fate] = {
    "no action": "accepted",
    "greylist": "accepted",
    "add header": "marked",
    "rewrite subject": "marked",
    "soft reject": "deferred",
    "reject": "refused",
    "discard": "refused",
    "quarantine": "quarantined",
}


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy between an MTA that speaks milter and the filter."""

    zstd: bool = False
    settings_id: str = ""

    def requests(self, mail: Mail) -> list[bytes]:
        """One; it names its upstream as the host."""
        body = pack(mail.raw) if self.zstd else mail.raw
        headers = (
            ("Connection", "close"),
            ("Host", "scan"),
            ("Content-Length", str(len(body))),
            ("Flags", "milter,body_block"),
            ("From", f"<{mail.sender}>"),
            *(("Rcpt", f"<{rcpt}>") for rcpt in mail.recipients),
            ("IP", mail.ip),
            ("Helo", mail.helo),
            ("Hostname", mail.hostname),
            *([("User", mail.user)] if mail.user else []),
            ("Queue-Id", mail.queue_id),
            *([("Settings-ID", self.settings_id)] if self.settings_id else []),
            *([("Compression", "zstd"), ("Content-Encoding", "zstd")] if self.zstd else []),
        )
        return [counted("POST /checkv2 HTTP/1.1", headers, body)]

    def outcome(self, data: bytes) -> Outcome:
        """What it tells the MTA."""
        found, _ = self.read(data)
        if found is None:
            return Outcome("error")
        milter = found["milter"]
        for numbers in milter["remove_headers"].values():
            for one in numbers if isinstance(numbers, list) else [numbers]:
                typed.integer(32)(one)
        fate: Fate = _FATES[typed.string(found["action"])]
        messages = typed.mapping(typed.string)(found["messages"])
        return Outcome(
            fate,
            messages.get("smtp_message", ""),
            tuple(read_headers(milter["add_headers"])),
            tuple(milter["remove_headers"]),
            found.get("subject"),
            typed.number(found["score"]),
        )

    def read(self, data: bytes) -> tuple[dict[str, Any] | None, bytes | None]:
        """The verdict, `None` if there is an error; and the new body."""
        reply = read_reply(data)
        if not reply.is_success:
            return None, None
        if reply.header("content-type") != "application/json":
            raise Broken("the kind of the reply says how to read it")
        body = unpack(reply.body) if reply.header("compression") == "zstd" else reply.body
        octets, message = split(reply, body)
        found = typed.parse(octets)
        milter = found.setdefault("milter", {})
        milter.setdefault("add_headers", {})
        milter.setdefault("remove_headers", {})
        return found, message
