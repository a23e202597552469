"""What messages and scans are called, and what stands where a name is missing."""

import re

from .reply_json import read_json

NO_MESSAGE_ID = "undef"
"""What stands for the id of a message without one; so it does in every mode of privacy."""

_TRACED = re.compile(r"""\btrace(?:[_-]id)?["']?[=:\s]+["']?([0-9a-f]{12})\b""")
_LISTED = re.compile(r"\s*\d{4}-\d\d-\d\dt[\d:]+z\s+([0-9a-f]{12})\s")
"""How a line of `mailfilteradm history` begins, in lower case."""

_ID = re.compile(r"\b([0-9a-f]{12})\b")


def parse_trace_id(text: str) -> str:
    """The trace id in what was pasted: itself, a log line, a reply, a header field, JSON.

    Of several the last is meant that is said to be one, by "trace" before it: in log lines and
    replies ours is behind what strangers may have written. In a line of `mailfilteradm history` it
    comes before that. If none is marked, it is the first. Raises ValueError.
    """
    told = _told_in_json(text)
    if told is not None:
        return told
    text = text.lower()
    listed = _LISTED.match(text)
    if listed is not None:
        return listed[1]
    marked = _TRACED.findall(text)
    if marked:
        return str(marked[-1])
    found = _ID.search(text)
    if found is None:
        raise ValueError('expected a trace id such as "0123456789ab"')
    return found[1]


def _told_in_json(text: str) -> str | None:
    """What an object says its trace id is: a line of the log, or of `--json`."""
    if not text.rstrip().endswith("}"):
        # A reply, say, of which a stranger may have written a part.
        return None
    found = read_json(text[text.find("{") :].rstrip().encode("utf-8", "replace"))
    for name in ("trace_id", "trace"):
        value = found.get(name)
        if isinstance(value, str) and _ID.fullmatch(value.lower()):
            return value.lower()
    return None
