"""Is an address at a service where anybody gets one for nothing, or one to be thrown away?"""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from ..mail.addresses import Address
from ..maps import Map
from ..scan.check import Check, Findings, Given, Hit, Symbol
from ..scan.task import Task
from ._people import domain_of

LISTS = Path(__file__).parents[1] / "etc" / "lists"

MAX_ADDRESSES = 200
"""Of one field that are looked at."""

_ROLES = {
    "FROM": "From",
    "ENVFROM": "Envelope sender",
    "REPLYTO": "Reply-To",
    "TO": "To",
    "CC": "Cc",
    "ENVRCPT": "Envelope recipient",
    "MDN": "Address for receipts",
}
_KINDS = {"freemail": "a freemail provider", "disposable": "a disposable provider"}
_SCORES = {"DISPOSABLE_MDN": 0.5}


def _symbols() -> Iterator[tuple[str, Symbol]]:
    for kind, where in _KINDS.items():
        for role, who in _ROLES.items():
            name = f"{kind.upper()}_{role}"
            yield name, Symbol(_SCORES.get(name, 0.0), "multimap", f"{who} is at {where}")


class Freemail(Check):
    """Looks domains up in lists of the package, and in maps of the operator's.

    A hit quotes the domain. Two domains of one service in the list are not told apart.
    """

    name = "freemail"
    symbols = {
        **dict(_symbols()),
        "FREEMAIL_REPLYTO_NEQ_FROM_DOM": Symbol(
            3.0, "headers", "From and Reply-To are at two freemail services"
        ),
    }
    options = ("freemail_map", "disposable_map")

    def __init__(self, given: Given) -> None:
        super().__init__(given)
        self._kinds = {kind: _Services(kind, _map_of(given, f"{kind}_map")) for kind in _KINDS}

    def run(self, task: Task) -> Findings:
        found = []
        for role, domains in _domains(task):
            # Most roles are nobody's.
            for kind, services in self._kinds.items() if domains else ():
                listed = next((name for name in domains if services.of(name)), None)
                if listed is not None:
                    found.append(Hit(f"{kind.upper()}_{role}", options=(listed,)))
        if self._answers_elsewhere(task):
            found.append(Hit("FREEMAIL_REPLYTO_NEQ_FROM_DOM"))
        return found

    def _answers_elsewhere(self, task: Task) -> bool:
        """Whether the author and those who get answers are at two services."""
        if not task.message.reply_to:
            return False
        services = self._kinds["freemail"]
        authors = {services.of(one.domain.lower()) for one in task.message.from_}
        others = {services.of(one.domain.lower()) for one in task.message.reply_to}
        if not authors or None in authors | others:
            return False
        return authors.isdisjoint(others)


class _Services:
    """The domains of one kind."""

    def __init__(self, kind: str, own: Map | None) -> None:
        self._listed = _listed(kind)
        self._own = own

    def of(self, domain: str) -> str | None:
        """The service of a domain (in lower case), by its first domain; none if it is no service's.

        A domain of the operator's is a service of its own.
        """
        service = self._listed.get(domain)
        if service is None and domain and self._own is not None and domain in self._own:
            return domain
        return service


def _domains(task: Task) -> Iterator[tuple[str, list[str]]]:
    """The domains of those who play each role."""
    message, envelope = task.message, task.envelope
    yield "FROM", _of(message.from_)
    yield "ENVFROM", [domain_of(envelope.sender or "")]
    yield "REPLYTO", _of(message.reply_to)
    yield "TO", _of(message.to)
    yield "CC", _of(message.cc)
    yield "ENVRCPT", [domain_of(one.address) for one in envelope.recipients[:MAX_ADDRESSES]]
    yield "MDN", _of(message.receipts_to)


def _of(addresses: tuple[Address, ...]) -> list[str]:
    return [one.domain.lower() for one in addresses[:MAX_ADDRESSES]]


@cache
def _listed(kind: str) -> Mapping[str, str]:
    """Domain -> the first domain of its service."""
    found: dict[str, str] = {}
    for line in (LISTS / f"{kind}.txt").read_text("ascii").splitlines():
        if line.startswith("#"):
            continue
        domains = line.split()
        found.update((domain, domains[0]) for domain in domains)
    return MappingProxyType(found)


def _map_of(given: Given, key: str) -> Map | None:
    name = given.options.get(key)
    if name is None:
        return None
    if not isinstance(name, str):
        raise ValueError(f"{key}: expected the name of a map, got {name!r}")
    return given.maps[name]
