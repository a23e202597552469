"""Does a line hold a single dot, with a line end that some servers take for the end of the mail?

What follows it would be a mail of its own to such a server: SMTP smuggling. We only tell of it;
nothing here or in a protocol cuts a message there (RFC 5321 2.3.8 allows only CRLF as a line end).
"""

from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task

MAX_LINES = 1000
"""Lines that begin with a dot and are looked at."""

_STARTS = (b"\n.", b"\r.")


class BareDotLine(Check):
    """Looks at lines of one dot. Mail without any CRLF came from a file, not by SMTP."""

    name = "bare_dot_line"
    symbols = {
        "BARE_DOT_LINE": Symbol(3.0, "headers", "line of one dot with a bare CR or LF at its ends")
    }

    def run(self, task: Task) -> Findings:
        raw = task.message.raw
        if b"\r\n" not in raw or not any(_has_bare_dot(raw, start) for start in _STARTS):
            return ()
        return [Hit("BARE_DOT_LINE")]


def _has_bare_dot(raw: bytes, start: bytes) -> bool:
    at = raw.find(start)
    for _ in range(MAX_LINES):
        if at < 0:
            return False
        after = raw[at + 2 : at + 4]
        is_whole = after[:1] in (b"\r", b"\n") and bool(after)
        is_bare = raw[at - 1 : at + 1] != b"\r\n" or after != b"\r\n"
        if is_whole and is_bare:
            return True
        at = raw.find(start, at + 2)
    return False
