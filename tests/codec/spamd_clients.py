"""How strict the clients of the line protocols are, as they read replies (spamd-line.md 3.3, 3.5).

Each function takes all octets up to the end of a connection, and raises `Unreadable` where the
client would have no verdict.
"""

import re
from dataclasses import dataclass, field

EXIM_BUFFER = 32_600
"""Octets that Exim reads, and those of the report that it makes of them."""

_NUMBER = r"([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)"


class Unreadable(Exception):
    """The client finds no verdict in a reply."""


def _scanned(form: str) -> re.Pattern[str]:
    """A format of `sscanf`: a blank is any white space or none, `%Ns` a word, `%f` a number."""
    parts = re.split(r"(%\d+s|%f|%d|\s+)", form)
    made = ""
    for part in parts:
        if part == "%f":
            made += r"\s*+" + _NUMBER
        elif part == "%d":
            made += r"\s*+([-+]?\d+)"
        elif part.startswith("%"):
            made += r"\s*+(\S{1," + part[1:-1] + "}+)"
        else:
            made += r"\s*+" if part.isspace() else re.escape(part)
    return re.compile(made)


_RSPAMC = _scanned("RSPAMD/%7s 0 EX_OK Metric: default; %7s %f / %f / %f\n")
_SPAMC = _scanned("SPAMD/%7s 0 EX_OK Spam: %7s ; %f / %f\n")
_OLD_SPAMC = _scanned("SPAMD/%7s 0 EX_OK Content-length: %d %f/%f\n")
_ACTION = re.compile(r"Action: ([^\r\n]{1,31})")
_STATUS = re.compile(rb"SPAMD/(\S{1,18}) ([0-9]+) [^\n]*\r\n")
_SPAM = re.compile(rb"Spam: (\S{1,5}) ; ([-+0-9.]{1,20}) / ([-+0-9.]{1,20})\Z")


@dataclass(frozen=True, slots=True)
class EximSees:
    """The variables that Exim sets."""

    is_spam: bool
    score: float
    threshold: float
    action: str
    report: str


def exim(reply: bytes, *, is_rspamd: bool) -> EximSees:
    """Exim, with `variant=rspamd` or without."""
    text = reply[: EXIM_BUFFER - 1].decode("latin_1")
    if is_rspamd:
        found = _RSPAMC.match(text)
        if found is None or found.end() >= len(text):
            raise Unreadable(reply[:200])
        score, threshold = float(found[3]), float(found[4])
        action = _ACTION.match(text, found.end())
        told = action[1] if action else ""
    else:
        found = _SPAMC.match(text) or _OLD_SPAMC.match(text)
        if found is None or found.end() >= len(text):
            raise Unreadable(reply[:200])
        score, threshold = float(found[3]), float(found[4])
        told = "reject" if score >= threshold else "no action"
    report = text[found.end() :].replace("\r", "").replace("\n", "\n ")
    if len(report) >= EXIM_BUFFER or not report.strip(" \n"):
        raise AssertionError("Exim writes beyond its buffer")
    return EximSees(score >= threshold, score, threshold, told, report.rstrip(" \n"))


@dataclass(frozen=True, slots=True)
class SpamcSees:
    """What spamc has read."""

    body: bytes
    is_spam: bool | None = None
    numbers: tuple[float, float] | None = None
    headers: list[bytes] = field(default_factory=list)


def spamc(reply: bytes, command: str = "CHECK") -> SpamcSees:
    """The program spamc; an error is for it a reply that ends too soon."""
    status = _STATUS.match(reply)
    if status is None or float(status[1]) < 1.0:
        raise Unreadable(reply[:200])
    at = status.end()
    length: int | None = None
    spam: re.Match[bytes] | None = None
    headers: list[bytes] = []
    while True:
        end = reply.find(b"\n", at)
        if not 0 <= end - at < 8192:
            raise Unreadable("no end of headers")
        line = reply[at:end].removesuffix(b"\r")
        at = end + 1
        if not line:
            break
        headers.append(line)
        spam = _SPAM.match(line) or spam
        if line.startswith(b"Content-length: "):
            length = int(line[16:])
    body = reply[at:]
    if command == "CHECK":
        if spam is None:
            raise Unreadable("no line Spam")
    elif command != "TELL" and (length is None or length != len(body)):
        raise Unreadable("wrong length")
    if spam is None:
        return SpamcSees(body, headers=headers)
    is_spam = spam[1].lower() in (b"true", b"yes")
    return SpamcSees(body, is_spam, (float(spam[2]), float(spam[3])), headers)
