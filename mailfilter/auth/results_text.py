"""What fields of authentication results say (RFC 8601 2.2), read strictly: they may be trusted.

Where readers could differ, nothing is read.
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

MAX_OCTETS = 32_768
"""Of a value; more is not read."""

MAX_RESULTS = 100
"""Results of one value; more are not read."""

_PIECE = re.compile(
    r"(?P<blank>[ \t\r\n]++)"
    r'|(?P<quoted>"[^"\\\r\n]*+(?:\\[ -~][^"\\\r\n]*+)*+")'
    r"|(?P<word>[!#-'*+\--:<>-\[\]-~\x80-\U0010ffff]++)"
    r"|(?P<mark>[;=])"
    r"|(?P<open>\()"
)
_IN_COMMENT = re.compile(r"\\[\s\S]|[()]")
_QUOTED_PAIR = re.compile(r"\\([\s\S])")
# Begins where a run of blanks does: tried within one, it would take the square of its length.
_FOLD = re.compile(r"(?<![ \t])[ \t]*+\r?\n[ \t]++")
_DOMAIN = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9-]{2,63}")


class ResultsError(ValueError):
    """A value that cannot be read, and why."""


class Result(NamedTuple):
    """What one method found."""

    method: str
    """In lower case, without a version."""
    result: str
    """In lower case."""
    properties: tuple[tuple[str, str], ...]
    """Names in lower case, as `header.from`, and values."""
    text: str
    """All of it as it was written."""
    is_plain: bool
    """It could be read to its end; else there are no properties."""

    def values(self, name: str) -> list[str]:
        """The values of a property."""
        return [value for key, value in self.properties if key == name]


class Results(NamedTuple):
    """The value of a field."""

    server: str
    """Who says so, in lower case (`authserv-id`)."""
    results: tuple[Result, ...]


def read_results(octets: bytes) -> Results:
    """Read the value of Authentication-Results, or what comes after the instance in that of ARC.

    Raises ResultsError.
    """
    server, parts = _begin(octets)
    return Results(server, _read_parts(parts))


def passed_domain(results: Results) -> str | None:
    """The author's domain (lower case) of a DMARC pass; None if it is not said once and clearly."""
    of_dmarc = [result for result in results.results if "dmarc" in result.method]
    if len(of_dmarc) != 1:
        return None
    (result,) = of_dmarc
    domains = result.values("header.from")
    if not result.is_plain or result.method != "dmarc" or result.result != "pass":
        return None
    if len(domains) != 1 or len(domains[0]) > 253:
        return None
    domain = domains[0].lower()
    return domain if _DOMAIN.fullmatch(domain) else None


def said_by(server: str, octets: bytes) -> list[Result]:
    """The results of a value, if that server says them and it can be read; else none."""
    try:
        name, parts = _begin(octets)
        found = _read_parts(parts) if name == server.lower() else ()
    except ResultsError:
        return []
    return [result for result in found if result.method]


class _Part(NamedTuple):
    """What stands between two semicolons."""

    words: list[str]
    """Words, values of quoted strings, and `=`."""
    text: str


def _begin(octets: bytes) -> tuple[str, Iterator[_Part]]:
    """The name of the server, and the parts behind it, not read yet. Raises ResultsError."""
    if len(octets) > MAX_OCTETS:
        raise ResultsError(f"longer than {MAX_OCTETS} octets")
    try:
        parts = _parts(octets.decode("utf-8"))
    except UnicodeDecodeError:
        raise ResultsError("not UTF-8") from None
    words = next(parts).words
    if not words or words[0] == "=":
        raise ResultsError("no name of a server")
    return words[0].lower(), parts


def _read_parts(parts: Iterator[_Part]) -> tuple[Result, ...]:
    # The one that an end by a semicolon leaves, and one that is too much.
    found = list(islice(parts, MAX_RESULTS + 2))
    if found and not found[-1].words:
        found.pop()
    if len(found) > MAX_RESULTS:
        raise ResultsError(f"more than {MAX_RESULTS} results")
    return tuple(map(_read_result, found))


def _parts(text: str) -> Iterator[_Part]:
    words: list[str] = []
    at = start = 0
    while at < len(text):
        piece = _PIECE.match(text, at)
        if piece is None:
            raise ResultsError(f"unexpected {text[at]!r}")
        at = piece.end()
        if piece.lastgroup == "open":
            at = _comment_end(text, at)
        elif piece[0] == ";":
            yield _Part(words, _one_line(text[start : piece.start()]))
            words, start = [], at
        elif piece.lastgroup == "quoted":
            words.append(_QUOTED_PAIR.sub(r"\1", piece[0][1:-1]))
        elif piece.lastgroup != "blank":
            words.append(piece[0])
    yield _Part(words, _one_line(text[start:]))


def _comment_end(text: str, at: int) -> int:
    depth = 1
    for mark in _IN_COMMENT.finditer(text, at):
        depth += {"(": 1, ")": -1}.get(mark[0], 0)
        if not depth:
            return mark.end()
    raise ResultsError("a comment without an end")


def _read_result(part: _Part) -> Result:
    words = part.words
    method = words[0].partition("/")[0].lower() if words else ""
    if words == ["none"]:
        return Result("", "none", (), part.text, True)
    is_plain = len(words) % 3 == 0 and all(word == "=" for word in words[1::3])
    if not is_plain or not words:
        return Result(method, "", (), part.text, False)
    properties = tuple(
        [(name.lower(), value) for name, value in zip(words[3::3], words[5::3], strict=True)]
    )
    return Result(method, words[2].lower(), properties, part.text, True)


def _one_line(text: str) -> str:
    return _FOLD.sub(" ", text).strip(" \t\r\n")
