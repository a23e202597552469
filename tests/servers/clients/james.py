"""Apache James: Reactor Netty writes its requests, Jackson reads the replies.

Request heads are as recorded from reactor-netty-http 1.1.20 (specs: clients.md 6.1 to 6.3).
"""

from dataclasses import dataclass
from typing import Any

from . import typed
from .outcome import Fate, Outcome
from .wire import Broken, Headers, HttpReply, Mail, chunked, cut, head, read_reply

CHUNK = 16384
"""Octets that James reads at once from a message."""

ACTIONS = ("no action", "greylist", "add header", "rewrite subject", "soft reject", "reject")
"""It knows no others: any other action is an exception."""

_SPAM = frozenset(("add header", "rewrite subject", "reject"))

_LIBRARY = (("user-agent", "ReactorNetty/1.1.20"), ("host", "127.0.0.1:11333"), ("accept", "*/*"))


@dataclass(frozen=True, slots=True)
class James:
    """A mailet with its settings."""

    password: str = ""
    per_user_bayes: bool = False
    rewrite_subject: bool = False
    reject_processor: str = ""
    virus_processor: str = ""

    def ping(self) -> bytes:
        """The health check."""
        headers = (("Password", self.password), *_LIBRARY, ("content-length", "0"))
        return head("GET /ping HTTP/1.1", headers)

    def requests(self, mail: Mail) -> list[bytes]:
        """One for the message, or for each of its recipients."""
        if self.per_user_bayes:
            return [self._request(mail, (("Deliver-To", rcpt),)) for rcpt in mail.recipients]
        return [self._request(mail, ())]

    def learn(self, path: str, raw: bytes) -> bytes:
        """A message to learn."""
        headers = (("Password", self.password), *_LIBRARY, ("transfer-encoding", "chunked"))
        return chunked(f"POST {path} HTTP/1.1", headers, cut(raw, CHUNK))

    def _request(self, mail: Mail, deliver_to: Headers) -> bytes:
        headers = [("Password", self.password), *deliver_to]
        headers += [("IP", mail.ip), ("HELO", mail.helo)]
        if mail.sender:
            headers.append(("From", mail.sender))
        headers += [("Rcpt", rcpt) for rcpt in mail.recipients]
        if mail.user:
            headers.append(("User", mail.user))
        headers += [*_LIBRARY, ("transfer-encoding", "chunked")]
        return chunked("POST /checkV2 HTTP/1.1", headers, cut(mail.raw, CHUNK))

    def outcome(self, data: bytes) -> Outcome:
        """What James does with a message after that reply."""
        reply = read_reply(data)
        if reply.status == 401:
            return Outcome("error", "UnauthorizedException")
        if reply.status != 200:
            return Outcome("error", f"RspamdUnexpectedException: {reply.body.decode()}")
        return self._verdict(_read(reply))

    def _verdict(self, result: dict[str, Any]) -> Outcome:
        action, score = result["action"], result["score"]
        is_spam = action in _SPAM
        status = (
            f"{'Yes' if is_spam else 'No'}, actions={action} score={score}"
            f" requiredScore={result['required_score']}"
        )
        added = (
            ("org.apache.james.rspamd.flag", "YES" if is_spam else "NO"),
            ("org.apache.james.rspamd.status", status),
        )
        subject = result["subject"] if self.rewrite_subject else None
        if result["virus"] and self.virus_processor:
            return Outcome("refused", self.virus_processor, added, score=score)
        if action == "reject" and self.reject_processor:
            return Outcome("refused", self.reject_processor, added, score=score)
        fate: Fate = "marked" if is_spam else "accepted"
        return Outcome(fate, "", added, subject=subject, score=score)


def _read(reply: HttpReply) -> dict[str, Any]:
    """The values that it takes out of the tree; a key that is absent is a null pointer."""
    if not reply.body:
        raise Broken("an empty body is no result")
    tree = typed.parse(reply.body)
    action = typed.string(_get(tree, "action"))
    if action not in ACTIONS:
        raise Broken(f"no action of James's: {action!r}")
    # floatValue() of what is no number is 0.
    score = typed.number32(_get(tree, "score"))
    required = typed.number32(_get(tree, "required_score"))
    subject = typed.string(tree["subject"]) if "subject" in tree else None
    symbols = _get(tree, "symbols")
    if not isinstance(symbols, dict):
        raise Broken("symbols is no object")
    return {
        "action": action,
        "score": score,
        "required_score": required,
        "subject": subject,
        "virus": "CLAM_VIRUS" in symbols,
    }


def _get(tree: dict[str, Any], name: str) -> object:
    if name not in tree:
        raise Broken(f"NullPointerException: {name}")
    return tree[name]
