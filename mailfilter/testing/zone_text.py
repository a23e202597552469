"""Records of a zone written as people do, for tests: one a line, `NAME [TTL] TYPE DATA`."""

import re
from collections.abc import Callable, Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address
from typing import Any, NamedTuple

from ..codec.dns_answer import Kind, Mx, Soa
from ..codec.dns_name import normal_name

DEFAULT_TTL = 300

_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|;.*|((?:[^\s";\\]|\\.)+)|(\S)')
_ESCAPE = re.compile(rb"\\(\d{3}|.)", re.DOTALL)


class Record(NamedTuple):
    """One record; `value` as `Answer.records` has them."""

    name: str
    kind: Kind
    value: Any
    ttl: int


class Zone:
    """Records by name, and which names there are."""

    def __init__(self, text: str = "") -> None:
        """See `add`."""
        self.records: dict[str, list[Record]] = {}
        self.names: set[str] = set()
        """Those above names with records, too: they are without records, and not missing."""
        self.add(text)

    def add(self, text: str) -> None:
        """Add the records of a text as `read_zone` takes it. Raises ValueError."""
        for record in read_zone(text):
            self.records.setdefault(record.name, []).append(record)
            name = record.name
            while name:
                self.names.add(name)
                name = name.partition(".")[2]


def read_zone(text: str) -> list[Record]:
    """The records of a text as this:

        example.com.     A      192.0.2.1
        example.com  60  MX     10 mx.example.com   ; names are whole, with or without final dot
        example.com      TXT    "v=spf1 mx " "-all"

    A line that begins with a blank is about the name of the line before. Raises ValueError, with
    the number of the line.
    """
    records: list[Record] = []
    name = None
    for number, line in enumerate(text.splitlines(), 1):
        try:
            tokens = _tokens(line)
            if not tokens:
                continue
            if not line[0].isspace() or name is None:
                name = normal_name(tokens.pop(0))
            records.append(_record(name, tokens))
        except (ValueError, IndexError, KeyError, TypeError) as error:
            raise ValueError(f"line {number} of the zone, {line.strip()!r}: {error}") from error
    return records


def _record(name: str, tokens: list[str]) -> Record:
    ttl = int(tokens.pop(0)) if tokens[0].isdigit() else DEFAULT_TTL
    if tokens[0] == "IN":
        del tokens[0]
    kind = Kind[tokens[0]]
    return Record(name, kind, _READERS[kind](tokens[1:]), ttl)


def _tokens(line: str) -> list[str]:
    tokens = []
    for found in _TOKEN.finditer(line):
        quoted, plain, odd = found.groups()
        if odd is not None:
            raise ValueError(f"unexpected {odd}")
        if quoted is not None or plain is not None:
            tokens.append(quoted if plain is None else plain)
    return tokens


def _one(tokens: Sequence[str]) -> str:
    (token,) = tokens
    return token


def _mx(tokens: Sequence[str]) -> Mx:
    preference, host = tokens
    return Mx(int(preference), normal_name(host))


def _soa(tokens: Sequence[str]) -> Soa:
    primary, mailbox, *numbers = tokens
    return Soa(normal_name(primary), normal_name(mailbox), *map(int, numbers))


def _txt(tokens: Sequence[str]) -> bytes:
    if not tokens:
        raise ValueError("no text")
    return b"".join([_ESCAPE.sub(_octet, token.encode()) for token in tokens])


def _octet(escape: re.Match[bytes]) -> bytes:
    value = escape[1]
    return bytes((int(value),)) if len(value) == 3 else value


_READERS: Mapping[Kind, Callable[[Sequence[str]], Any]] = {
    Kind.A: lambda tokens: IPv4Address(_one(tokens)),
    Kind.AAAA: lambda tokens: IPv6Address(_one(tokens)),
    Kind.CNAME: lambda tokens: normal_name(_one(tokens)),
    Kind.NS: lambda tokens: normal_name(_one(tokens)),
    Kind.PTR: lambda tokens: normal_name(_one(tokens)),
    Kind.MX: _mx,
    Kind.SOA: _soa,
    Kind.TXT: _txt,
}
