"""A server of DNS in threads that answers by the text of a zone, to filters and peers of tests."""

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any

from mailfilter.codec.dns_answer import Kind
from mailfilter.codec.dns_name import name_to_wire
from mailfilter.testing.zone_text import Record, Zone
from tests.client.dns_server import DnsServer

from . import dns_wire as wire
from .dns_wire import Query

MAX_CHAIN = 8


class ZoneServer(DnsServer):
    """Answers with the records of a zone (`read_zone`), at `address`.

    Names of `fails` get SERVFAIL, of `silent` nothing.
    """

    def __init__(self, zone: str, *, fails: Iterable[str] = (), silent: Iterable[str] = ()) -> None:
        self._zone = Zone(zone)
        self._fails = frozenset(fails)
        self._silent = frozenset(silent)
        super().__init__(self._answers)

    @property
    def address(self) -> str:
        """For `dns.servers`."""
        return f"127.0.0.1:{self.port}"

    def add(self, text: str) -> None:
        """Add records."""
        self._zone.add(text)

    def asked(self) -> list[str]:
        """What was asked so far, as `example.com TXT`."""
        return [f"{query.name} {_kind(query)}" for query in self.queries]

    def _answers(self, query: Query) -> Iterator[bytes]:
        if query.name in self._silent:
            return
        if query.name in self._fails:
            yield wire.reply(query, flags=wire.REPLY | wire.SERVFAIL)
            return
        name, answers = query.name, []
        for _ in range(MAX_CHAIN):
            found = self._of(name, query.kind) or self._of(name, Kind.CNAME)
            answers += [_wire(record) for record in found]
            if not found or found[0].kind is not Kind.CNAME:
                break
            name = found[0].value
        flags = wire.REPLY | (0 if name in self._zone.names else wire.NXDOMAIN)
        yield wire.reply(query, *answers, flags=flags, authority=() if answers else (wire.soa(""),))

    def _of(self, name: str, kind: int) -> list[Record]:
        return [record for record in self._zone.records.get(name, []) if record.kind == kind]


def _kind(query: Query) -> str:
    with contextlib.suppress(ValueError):
        return Kind(query.kind).name
    return str(query.kind)


def _wire(record: Record) -> bytes:
    owner = name_to_wire(record.name)
    if record.kind is Kind.TXT:
        return wire.text(record.value, owner=owner)
    return wire.record(record.kind, _data(record.value), owner=owner, ttl=record.ttl)


def _data(value: Any) -> bytes:
    """The data of an address, a name or an exchanger."""
    if isinstance(value, str):
        return name_to_wire(value)
    if isinstance(value, tuple):
        preference, host = value
        return int(preference).to_bytes(2) + name_to_wire(host)
    packed: bytes = value.packed
    return packed
