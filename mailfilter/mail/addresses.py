"""Addresses of From, To and their like (RFC 5322 3.4, with the obsolete forms of 4.4)."""

import re
from dataclasses import dataclass

from . import detect, words
from .anomaly import AnomalyKind, AnomalyLog
from .detect import Guess

# One ordinary mailbox of a list, alone or behind a name that is quoted or nothing special.
_LOCAL = r'([^\s"(),:;<>@\[\]\\]++)'
_ORDINARY = re.compile(
    r'[ \t]*+(?:(?:"([^"\\]*+)"|([^"(),:;<>@\[\]\\]*+))[ \t]*+'
    rf"<{_LOCAL}@([A-Za-z0-9._-]++)>|{_LOCAL}@([A-Za-z0-9._-]++))[ \t]*+(?:,|\Z)"
)
_QUOTED = r'(?P<quoted>"[^"\\]*+(?:\\.[^"\\]*+)*+")|'
_UNQUOTED = (
    r"(?P<literal>\[[^\[\]\\<>]*+\])"
    r"|(?P<space>\s++)"
    r"|(?P<special>[(),:;<>\"\[\]\\@])"
    r'|(?P<atom>[^\s"(),:;<>@\[\]\\]++)'
)
_TOKEN = re.compile(_QUOTED + _UNQUOTED, re.DOTALL)
_TOKEN_UNQUOTED = re.compile(_UNQUOTED, re.DOTALL)
_IN_COMMENT = re.compile(r"[^()\\]++|\\.|[()\\]", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_DOT_ATOM = re.compile(r"[^\s\"(),:;<>@\[\]\\.]+(?:\.[^\s\"(),:;<>@\[\]\\.]+)*")
_DOMAIN = re.compile(r"[^\s\"(),:;<>@\[\]\\\x00-\x1f\x7f]+|\[[^\[\]]*\]")


Tokens = list[tuple[str, str]]
"""Kinds and texts."""


@dataclass(frozen=True, slots=True)
class Address:
    """One mailbox. A mailbox without an address, just a name, has `""` in all but `name`."""

    name: str
    """Display name, decoded; that of an old-style comment if there is no other; `""` if none."""
    address: str
    """`local@domain` as written, without comments, and without quotes that are not needed."""
    local: str
    """Text before the last `@`, unquoted."""
    domain: str
    """Text behind the last `@` in lower case, without a final dot."""


@dataclass(slots=True)
class AddressCaps:
    """What is left for the fields of one kind; reading takes from it."""

    addresses: int
    tokens: int
    """Words and signs that are read one by one."""
    words: int
    """Encoded words of one name; nothing is taken from it."""


def parse_addresses(
    text: str, log: AnomalyLog, caps: AddressCaps, guess: Guess = detect.guess
) -> list[Address]:
    """The mailboxes of an unfolded, not yet decoded field; those of groups among them.

    Structure is found before encoded words are decoded: what they hide is text, never an
    address. Text that fits no grammar is read as mail programs do and flagged `BAD_ADDRESS`.
    """
    found: list[Address] = []
    most = caps.addresses
    reader: _Reader | None = None
    at = tries = 0
    while at < len(text):
        # What holds no address, as empty groups and lone brackets, counts by half.
        tries += 1
        if len(found) >= most or tries > 2 * most or caps.tokens <= 0:
            log.add(AnomalyKind.TOO_MANY_ADDRESSES)
            break
        ordinary = _ORDINARY.match(text, at)
        if ordinary is not None:
            at = ordinary.end()
            quoted, plain, local, domain, bare_local, bare_domain = ordinary.groups()
            if bare_local is not None:
                found.append(_address("", bare_local, bare_domain, log))
                continue
            phrase = plain.strip() if quoted is None else quoted
            name = words.decode(phrase, log, caps.words, guess)
            found.append(_address(name, local, domain, log))
            continue
        reader = reader or _Reader(text, log, caps, guess)
        at = reader.read(at, found)
    caps.addresses -= len(found)
    return found


def _address(name: str, local: str, domain: str, log: AnomalyLog) -> Address:
    if not domain or not local or not _DOMAIN.fullmatch(domain):
        log.add(AnomalyKind.BAD_ADDRESS)
    written = local
    if not _DOT_ATOM.fullmatch(local):
        escaped = local.replace("\\", "\\\\").replace('"', '\\"')
        written = f'"{escaped}"'
    return Address(name, f"{written}@{domain}", local, domain.lower().rstrip("."))


class _Reader:
    """Reads single mailboxes of a field, whatever they look like."""

    def __init__(self, text: str, log: AnomalyLog, caps: AddressCaps, guess: Guess) -> None:
        self._text = text
        self._log = log
        self._caps = caps
        self._guess = guess
        self._token = _TOKEN
        self._clear()

    def _clear(self) -> None:
        self._outside: Tokens = []
        self._angle: Tokens | None = None
        self._comment = ""

    def read(self, at: int, found: list[Address]) -> int:
        """Read from an offset up to the end of a mailbox; returns the offset behind it."""
        text = self._text
        self._clear()
        is_inside = False
        while at < len(text) and self._caps.tokens > 0:
            token = self._token.match(text, at)
            if token is None:  # cannot happen: every character is in a branch
                break
            self._caps.tokens -= 1
            kind, value = token.lastgroup or "", token[0]
            at = token.end()
            if kind != "special" or value in '@"[]\\':
                if value == '"':
                    # Every quote behind one that stays open is escaped: none can close another.
                    self._token = _TOKEN_UNQUOTED
                self._add(kind, value, is_inside)
            elif value == "(":
                at = self._read_comment(at)
            elif value == "<":
                if self._angle is not None:
                    self._log.add(AnomalyKind.BAD_ADDRESS, "two angle addresses")
                    at -= 1
                    break
                self._angle = []
                is_inside = True
            elif value == ">":
                is_inside = False
            elif is_inside and value in ",:":
                if self._ends_inside(value):
                    break
            elif value == ":":
                # The name of a group; what came before is no mailbox.
                self._clear()
                return at
            else:
                break
        if self._angle is not None and is_inside:
            self._log.add(AnomalyKind.BAD_ADDRESS, "open angle")
        self._finish(found)
        return at

    def _ends_inside(self, value: str) -> bool:
        """Whether a comma or colon within angle brackets ends the mailbox.

        In `<@relay,@relay:user@domain>` the obsolete route before the colon is dropped.
        """
        if not (self._angle and self._angle[0][1] == "@"):
            if value == ":":
                self._add("special", value, True)
            return value == ","
        if value == ":":
            self._angle.clear()
        return False

    def _add(self, kind: str, value: str, is_inside: bool) -> None:
        tokens = self._angle if is_inside and self._angle is not None else self._outside
        tokens.append((kind, value))

    def _read_comment(self, at: int) -> int:
        """Read a comment behind its parenthesis; returns the offset after it."""
        start = at
        depth = 1
        text = self._text
        while depth and at < len(text) and self._caps.tokens > 0:
            token = _IN_COMMENT.match(text, at)
            if token is None:  # cannot happen: every character is in a branch
                break
            self._caps.tokens -= 1
            at = token.end()
            if token[0] == "(":
                depth += 1
            elif token[0] == ")":
                depth -= 1
        if depth:
            self._log.add(AnomalyKind.BAD_ADDRESS, "open comment")
        if not self._comment:
            self._comment = text[start : at - 1 if not depth else at]
        return at

    def _finish(self, found: list[Address]) -> None:
        """Add the mailbox that was read, if there is any."""
        outside, angle, comment = self._outside, self._angle, self._comment
        if angle is None:
            name_tokens, address_tokens = _split_bare(outside, self._log)
        else:
            name_tokens, address_tokens = outside, angle
        name = self._decoded(_phrase(name_tokens))
        if not name and comment:
            name = self._decoded(_ESCAPED.sub(r"\1", comment).strip())
        local, domain = _halves(address_tokens, self._log)
        if not local and not domain:
            if name and angle is None:
                self._log.add(AnomalyKind.BAD_ADDRESS, "no address")
            if name:
                found.append(Address(name, "", "", ""))
            return
        found.append(_address(name, local, domain, self._log))

    def _decoded(self, name: str) -> str:
        return words.decode(name, self._log, self._caps.words, self._guess)


def _phrase(tokens: Tokens) -> str:
    """A display name: quoted strings opened, white space between words made one space."""
    out: list[str] = []
    for kind, value in tokens:
        if kind == "quoted":
            out.append(_ESCAPED.sub(r"\1", value[1:-1]))
        elif kind == "space":
            out.append(" ")
        else:
            out.append(value)
    return "".join(out).strip()


def _split_bare(tokens: Tokens, log: AnomalyLog) -> tuple[Tokens, Tokens]:
    """Name and address of a mailbox without angle brackets.

    White space around `@` and `.` belongs to the address (RFC 5322 4.4); other words before it
    are a name, which is wrong and gets read.
    """
    at = next((i for i in range(len(tokens) - 1, -1, -1) if tokens[i][1] == "@"), -1)
    if at < 0:
        return tokens, []
    start = _left_edge(tokens, at)
    end = _right_edge(tokens, at)
    name = tokens[:start] + tokens[end:]
    if any(kind != "space" for kind, _value in name):
        log.add(AnomalyKind.BAD_ADDRESS, "words beside the address")
    return name, tokens[start:end]


def _left_edge(tokens: Tokens, at: int) -> int:
    """Where the address that has an `@` at this place begins."""
    edge = at
    while edge > 0:
        kind, value = tokens[edge - 1]
        if kind == "space":
            beyond = tokens[edge - 2][1] if edge > 1 else ""
            if not (edge == at or tokens[edge][1].startswith(".") or beyond.endswith(".")):
                break
        elif value == ",":
            break
        edge -= 1
    while edge < at and tokens[edge][0] == "space":
        edge += 1
    return edge


def _right_edge(tokens: Tokens, at: int) -> int:
    """Where the address that has an `@` at this place ends."""
    edge = at + 1
    while edge < len(tokens):
        kind, _value = tokens[edge]
        if kind == "space":
            beyond = tokens[edge + 1][1] if edge + 1 < len(tokens) else ""
            if not (edge == at + 1 or tokens[edge - 1][1].endswith(".") or beyond[:1] == "."):
                break
        edge += 1
    return edge


def _halves(tokens: Tokens, log: AnomalyLog) -> tuple[str, str]:
    """Local part and domain, split at the last `@`."""
    ats = [i for i, (kind, value) in enumerate(tokens) if kind == "special" and value == "@"]
    if not ats:
        text = _joined(tokens)
        if text:
            log.add(AnomalyKind.BAD_ADDRESS, "no domain")
        return text, ""
    if len(ats) > 1:
        log.add(AnomalyKind.BAD_ADDRESS, "several @")
    return _joined(tokens[: ats[-1]]), _joined(tokens[ats[-1] + 1 :])


def _joined(tokens: Tokens) -> str:
    """Text of a half of an address: quoted strings opened, white space dropped."""
    return "".join(
        _ESCAPED.sub(r"\1", value[1:-1]) if kind == "quoted" else value
        for kind, value in tokens
        if kind != "space"
    )
