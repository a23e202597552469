"""The field Authentication-Results: whose a given one is (RFC 8601).

Readers believe fields with a name that they trust, so one with our name that came from outside
must go, however it is written (bad-input.md row 16). Where readers may differ in what they take
for the name, it is ours if any of them could think so.
"""

import re
import unicodedata

from ..mail.headers import Header
from ..syntax import MAX_HOST_NAME

MAX_BEFORE_END = 4096
MAX_PIECES = 600
"""Octets, and words, blanks and comments, in which a name must end with a semicolon or the field
itself; honest ones do so in the first hundred."""

_QUOTED = r'(?P<quoted>"[^"\\]*+(?:\\[\s\S][^"\\]*+)*")'
_UNQUOTED = (
    r'(?P<atom>[^\x00-\x20\x7f();"]++)|(?P<end>;)|(?P<open>\()|(?P<other>[\x00-\x20\x7f)]++|")'
)
_PIECE = re.compile(f"{_QUOTED}|{_UNQUOTED}")
_PIECE_WITHOUT_QUOTES = re.compile(_UNQUOTED)
_IN_COMMENT = re.compile(r"\\[\s\S]|[()]")
_QUOTED_PAIR = re.compile(r"\\([\s\S])")
_NOT_IN_NAME = re.compile(r"[\x00-\x20\x7f\s]+")


def same_name(name: str) -> str:
    """The form in which names of servers are compared: case, final dots and IDNA make no odds."""
    name = _NOT_IN_NAME.sub("", name)
    if len(name) > MAX_HOST_NAME or name.isascii():
        return name.lower().rstrip(".")
    try:
        return name.encode("idna").decode("ascii").lower().rstrip(".")
    except UnicodeError:
        return unicodedata.normalize("NFKC", name).casefold().rstrip(".")


def is_of(header: Header, name: str) -> bool:
    """Whether a field may be taken for one of the server with that name (as of `same_name`)."""
    octets = header.value
    is_cut = len(octets) > MAX_BEFORE_END
    start = octets[:MAX_BEFORE_END].decode("utf-8", "replace")
    if _may_name(_words(start, is_cut), name):
        return True
    if b"=?" not in octets:
        return False
    # Nothing should decode a name, and something will.
    decoded = header.text
    is_cut = is_cut or len(decoded) > MAX_BEFORE_END
    return _may_name(_words(decoded[:MAX_BEFORE_END], is_cut), name)


def _words(text: str, is_cut: bool) -> list[str] | None:
    """What stands before the first semicolon, without comments; None if that is too much.

    Quotes and parentheses without their other half count as blanks.
    """
    words: list[str] = []
    at, has_comments, next_piece = 0, True, _PIECE.match
    for _ in range(MAX_PIECES):
        piece = next_piece(text, at)
        if piece is None:
            return None if is_cut else words
        at = piece.end()
        if piece.lastgroup == "atom":
            words.append(piece[0])
        elif piece.lastgroup == "quoted":
            words.append(_QUOTED_PAIR.sub(r"\1", piece[0][1:-1]))
        elif piece.lastgroup == "end" and words:
            return words
        elif piece.lastgroup == "open" and has_comments:
            end = _comment_end(text, at)
            has_comments = end >= 0
            if is_cut and not has_comments:
                return None
            at = max(at, end)
        elif piece[0] == '"':
            if is_cut:
                return None
            # Another look for the end of each such quote would take quadratic time.
            next_piece = _PIECE_WITHOUT_QUOTES.match
    return None


def _comment_end(text: str, at: int) -> int:
    """Offset behind the comment that was opened before `at`, -1 if it does not end."""
    depth = 1
    for mark in _IN_COMMENT.finditer(text, at):
        if mark[0] == "(":
            depth += 1
        elif mark[0] == ")":
            depth -= 1
            if not depth:
                return mark.end()
    return -1


def _may_name(words: list[str] | None, name: str) -> bool:
    """Whether the words are the name, alone, before others (a version, perhaps after a slash), or
    cut in pieces.

    Whoever puts the name so far away that it is not looked for hides something.
    """
    if not words:
        return words is None
    joined = "".join(words[:-1])
    readings = words[0], words[0].partition("/")[0], joined, joined + words[-1]
    return name in map(same_name, readings)
