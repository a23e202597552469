"""The domain of a message's author (RFC 7489 6.6.1), where there is no doubt about it.

`mail.addresses` reads From as mail programs do, whatever it looks like. Here a field counts only if
none of them could see another domain in it: what is odd makes no author.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import idna

from ..codec.dns_name import BadName, normal_name
from ..mail.headers import Headers

MAX_FIELD = 8192
"""Octets of a From field: hundreds of addresses."""
MAX_ADDRESSES = 50

NO_FROM = "No From header"
SEVERAL = "Duplicate From header"
UNREADABLE = "No domain in From header"

# What most fields look like: a name, in quotes or nothing special, and an address.
_ATOMS = rb"[A-Za-z0-9!#$%&'*+/^_`{|}~.-]++"
_ORDINARY = re.compile(
    rb'[ \t]*+(?:"[^"\\\x00-\x1f\x7f]*+"|[A-Za-z0-9!#$%&\'*+/=?^_`{|}~. -]*+)[ \t]*+'
    rb"<" + _ATOMS + rb"@([A-Za-z0-9._-]++)>[ \t]*+\Z"
)
_FOLD = re.compile(r"\r?\n(?=[ \t])")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_TOKEN = re.compile(
    r"(?P<space>[ \t]++)"
    r'|(?P<quoted>"[^"\\]*+(?:\\.[^"\\]*+)*+")'
    r"|(?P<special>[(),:;<>@\[\]\\.])"
    r'|(?P<atom>[^ \t"(),:;<>@\[\]\\.]++)'
)
_IN_COMMENT = re.compile(r"[^()\\]++|\\.|[()]")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]*+(?<=[a-z0-9_]))?\Z")
_ODD_IN_QUOTES = re.compile(r"[][@<>(),:;\\]")


class NoAuthor(ValueError):
    """There is no author's domain, or more than one could be meant."""

    def __init__(self, problem: str, words: str = UNREADABLE) -> None:
        """`words`: how Rspamd says it; `problem`: what is the matter."""
        super().__init__(problem)
        self.words = words


class _Token(NamedTuple):
    kind: str
    text: str


def author_domain(headers: Headers) -> str:
    """The domain of From, as `dns_name.normal_name` makes it.

    There may be several addresses, if all of them are of one domain. Raises NoAuthor.
    """
    if not headers.is_whole():
        raise NoAuthor("the header cannot be read whole: others may see other fields")
    fields = headers.all("from")
    if not fields:
        raise NoAuthor("there is no From", NO_FROM)
    if len(fields) > 1:
        raise NoAuthor(f"there are {len(fields)} From", SEVERAL)
    return read_author(fields[0].value)


def read_author(value: bytes) -> str:
    """The domain of the value of a From field. Raises NoAuthor."""
    if len(value) > MAX_FIELD:
        raise NoAuthor(f"From has more than {MAX_FIELD} octets")
    if ordinary := _ORDINARY.match(value):
        return _domain(ordinary[1].decode("ascii"))
    text = _FOLD.sub("", value.decode("latin_1"))
    if _CONTROL.search(text):
        raise NoAuthor("control characters")
    mailboxes = _split(list(_tokens(text)))
    if len(mailboxes) > MAX_ADDRESSES:
        raise NoAuthor(f"more than {MAX_ADDRESSES} addresses", SEVERAL)
    domains = {name for tokens in mailboxes for name in _mailbox(tokens)}
    if len(domains) > 1:
        raise NoAuthor(f"{len(domains)} domains", SEVERAL)
    return domains.pop()


def is_domain(name: str) -> bool:
    """Whether a name as `normal_name` makes it may be a domain of mail."""
    labels = name.split(".")
    return all(map(_LABEL.match, labels)) and not labels[-1].isdigit()


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise NoAuthor("a quoted string without end")
        at = found.end()
        if found[0] == "(":
            at = _end_of_comment(text, at)
            yield _Token("comment", "")
        else:
            yield _Token(found.lastgroup or "", found[0])


def _end_of_comment(text: str, at: int) -> int:
    depth = 1
    while depth:
        found = _IN_COMMENT.match(text, at)
        if found is None:
            raise NoAuthor("a comment without end")
        at = found.end()
        depth += {"(": 1, ")": -1}.get(found[0], 0)
    return at


def _split(tokens: Sequence[_Token]) -> list[list[_Token]]:
    """The mailboxes, at the commas between them."""
    found: list[list[_Token]] = [[]]
    for token in tokens:
        if token.text == ",":
            found.append([])
        else:
            found[-1].append(token)
    return found


def _mailbox(tokens: Sequence[_Token]) -> Iterator[str]:
    """The domains that one mailbox names: that of its address, those of addresses beside it."""
    texts = [token.text for token in tokens]
    if not {"<", ">"}.intersection(texts):
        _refuse_group(texts)
        yield _address(_bare(tokens))
        return
    if texts.count("<") != 1 or texts.count(">") != 1:
        raise NoAuthor("angle brackets without order")
    start, end = texts.index("<"), texts.index(">")
    _refuse_group(texts[:start])
    if any(token.kind not in ("space", "comment") for token in tokens[end + 1 :]):
        raise NoAuthor("words behind the address")
    inside = tokens[start + 1 : end]
    yield _address(inside[slice(*_edges(inside, ("space",)))])
    yield from _in_phrase(tokens[:start])


def _refuse_group(texts: Sequence[str]) -> None:
    if ":" in texts or ";" in texts:
        raise NoAuthor("a group")


def _bare(tokens: Sequence[_Token]) -> Sequence[_Token]:
    """An address without brackets; comments only with a space between."""
    start, end = _edges(tokens, ("space", "comment"))
    around = (*tokens[:start][-1:], *tokens[end:][:1])
    if any(token.kind == "comment" for token in around):
        raise NoAuthor("a comment touches the address")
    return tokens[start:end]


def _edges(tokens: Sequence[_Token], kinds: tuple[str, ...]) -> tuple[int, int]:
    """Where the tokens begin and end without those of some kinds around them."""
    start, end = 0, len(tokens)
    while start < end and tokens[start].kind in kinds:
        start += 1
    while end > start and tokens[end - 1].kind in kinds:
        end -= 1
    return start, end


def _address(tokens: Sequence[_Token]) -> str:
    """The domain of an address that has nothing in it that is no part of one."""
    texts = [token.text for token in tokens]
    ats = texts.count("@")
    if not ats:
        raise NoAuthor("no address" if texts else "an empty address")
    if texts[0] == "@":
        raise NoAuthor("a route, or no local part")
    if ats > 1:
        raise NoAuthor("several @")
    at = texts.index("@")
    _check_local(tokens[:at])
    if any(token.kind != "atom" and token.text != "." for token in tokens[at + 1 :]):
        raise NoAuthor("no domain behind the @")
    return _domain("".join(texts[at + 1 :]))


def _check_local(tokens: Sequence[_Token]) -> None:
    for token in tokens:
        if token.kind == "quoted":
            if _ODD_IN_QUOTES.search(token.text):
                raise NoAuthor("a local part that looks like an address")
        elif token.kind != "atom" and token.text != ".":
            raise NoAuthor("more than a local part before the @")
        if "=?" in token.text:
            raise NoAuthor("an encoded word in an address")


def _in_phrase(tokens: Sequence[_Token]) -> Iterator[str]:
    """The domains of what looks like an address in a display name, not quoted."""
    brackets = "".join([token.text for token in tokens if token.text in ("[", "]", "@")])
    if brackets.replace("[]", "").strip("@"):
        raise NoAuthor("brackets in the name")
    for at, token in enumerate(tokens):
        if token.kind == "special" and token.text not in ".@[]":
            raise NoAuthor("odd signs in the name")
        if token.text == "@":
            end = at + 1
            while end < len(tokens) and (tokens[end].kind == "atom" or tokens[end].text == "."):
                end += 1
            if end < len(tokens) and tokens[end].kind != "space":
                raise NoAuthor("another address in the name, or a part of one")
            yield _domain("".join([word.text for word in tokens[at + 1 : end]]))


@lru_cache(maxsize=1024)
def _domain(octets: str) -> str:
    """The name of a domain whose octets are the characters of a text."""
    try:
        text = octets.encode("latin_1").decode("utf-8")
        name = normal_name(text) if not text.endswith(".") else ""
        # Of several ways to write a domain of another script one is enough: some are not seen.
        if not text.isascii() and idna.decode(name) != text.lower():
            raise NoAuthor("a domain in another form than its own")
    except (BadName, UnicodeError) as error:
        raise NoAuthor(f"a domain that is none: {error}") from None
    if not is_domain(name):
        raise NoAuthor("a domain that is none")
    return name
