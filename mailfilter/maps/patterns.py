"""Maps of regular expressions, which are given a time and no more."""

from time import thread_time
from typing import Any, NamedTuple

import regex  # type: ignore[import-untyped]

from .expanded import expanded
from .found import Found, LookupTimeoutError, Sought
from .parse import Line, MapError, quoted, read_lines, value_of

MAX_PATTERNS = 1000
"""Each of them is tried on what is sought: two milliseconds for a subject."""

MAX_PATTERN = 1024
"""Characters of one."""

MAX_EXPANDED = 20_000
"""Parts of one with its repetitions written out: for millions it takes seconds to be read."""

MAX_EXPANDED_TOTAL = 200_000
"""The same of all of them together."""

MAX_TEXT = 2**18
"""Characters, from the first, that are searched."""

SECONDS = 0.05
"""Of processor time that a lookup may take; the reactor waits for it."""

_FLAGS = {"i": regex.IGNORECASE, "m": regex.MULTILINE, "s": regex.DOTALL, "x": regex.VERBOSE}

_FORM = "expected a pattern between slashes as /spam/i, with flags of imsx and / in it as \\/"


class _Entry(NamedTuple):
    line: int
    text: str
    flags: str
    value: str


class _Pattern(NamedTuple):
    compiled: Any
    key: str
    value: str


class Patterns:
    """Regular expressions, of which the first one that fits anywhere is found."""

    def __init__(self, data: bytes) -> None:
        """Raises MapError."""
        patterns: list[_Pattern] = []
        total = 0
        for line in read_lines(data, turn=1):
            if len(patterns) == MAX_PATTERNS:
                raise MapError(line.number, f"expected at most {MAX_PATTERNS} patterns")
            entry = _split(line)
            total += expanded(entry.text)
            if total > MAX_EXPANDED_TOTAL:
                raise MapError(line.number, "repetitions make all patterns together too large")
            patterns.append(_compiled(entry))
        self._patterns = tuple(patterns)
        self.size = len(patterns)

    def find(self, value: Sought) -> Found | None:
        """See `Table.find`."""
        if value is None:
            return None
        text = value if isinstance(value, str) else str(value)
        text = text[:MAX_TEXT]
        # Not by the clock on the wall: a busy machine must not make texts pass.
        end = thread_time() + SECONDS
        for pattern in self._patterns:
            left = end - thread_time()
            try:
                if left > 0 and pattern.compiled.search(text, timeout=left):
                    return Found(pattern.key, pattern.value)
            except TimeoutError:
                left = 0.0
            if left <= 0:
                raise LookupTimeoutError(f"{quoted(pattern.key)} takes too long") from None
        return None


def _split(line: Line) -> _Entry:
    end = _end(line.text)
    flags, _, rest = line.text[end + 1 :].replace("\t", " ", 1).partition(" ")
    if end < 2 or not set(flags) <= _FLAGS.keys():
        raise MapError(line.number, f"{_FORM}, got {quoted(line.text)}")
    text = line.text[1:end]
    if len(text) > MAX_PATTERN:
        raise MapError(line.number, f"expected at most {MAX_PATTERN} characters in a pattern")
    if expanded(text) > MAX_EXPANDED:
        raise MapError(line.number, "repetitions of repetitions make this pattern too large")
    return _Entry(line.number, text, flags, value_of(rest))


def _compiled(entry: _Entry) -> _Pattern:
    together = regex.VERSION0
    for flag in entry.flags:
        together |= _FLAGS[flag]
    try:
        compiled = regex.compile(entry.text, together, cache_pattern=False)
    except (regex.error, RecursionError, OverflowError, ValueError) as error:
        raise MapError(entry.line, f"no regular expression: {_reason(error)}") from None
    return _Pattern(compiled, f"/{entry.text}/{entry.flags}", entry.value)


def _end(text: str) -> int:
    """Where the slash is that ends a pattern; 0 if none does."""
    at = 1 if text[0] == "/" else len(text)
    while at < len(text):
        if text[at] == "/":
            return at
        at += 2 if text[at] == "\\" else 1
    return 0


def _reason(error: Exception) -> str:
    return "nested too deep" if isinstance(error, RecursionError) else str(error)
