"""The evaluation of SPF (RFC 7208 4, 5, 6): yields questions of DNS, is sent answers, returns.

It never waits and knows no clock; `spf_drive` runs one.
"""

from typing import NamedTuple

from ..codec.dns_answer import Kind
from .spf_asking import Asker, Asking
from .spf_client import Client, is_within
from .spf_macro import MAX_NAME_TEXT, name_of
from .spf_record import (
    BadRecord,
    Domain,
    Mechanism,
    Record,
    is_spf,
    parse_explanation,
    parse_record,
)
from .spf_values import Asked, Limits, Result, SpfResult, SpfStop, shown

MAX_DEPTH = 32
"""Records that lead to one another, however many lookups are allowed."""
MAX_EXPLANATION = 512
"""Characters."""
MAX_TERM = 200
"""Characters of a term in a result."""
DEFAULTS = Limits()


class _Found(NamedTuple):
    """What a record comes to."""

    result: Result
    domain: str
    """Whose record has the mechanism."""
    mechanism: Mechanism | None = None
    include: str = ""
    explanation: Domain | None = None
    explained_by: str = ""
    """Whose record has the explanation."""


def evaluate(asked: Asked, limits: Limits = DEFAULTS) -> Asking[SpfResult]:
    """Find out whether a client may send for a domain.

    Yields a question at a time; wants to be sent its answer, or the error as a value.
    """
    run = _Run(asked, limits)
    try:
        found = yield from run.check(_start(asked))
        if not found:
            raise SpfStop("none", "no record of SPF")
    except SpfStop as stop:
        return run.outcome(_Found(stop.result, run.asker.domain), problem=stop.problem)
    explanation = yield from run.explain(found)
    return run.outcome(found, explanation=explanation)


def _start(asked: Asked) -> str:
    # Addresses, bare host names and names with odd characters have no record; not worth asking.
    text = asked.domain or asked.sender_parts[1]
    name = name_of(text) if len(text.removesuffix(".")) <= MAX_NAME_TEXT else None
    if not name or "\\" in name or name[0] == "[":
        raise SpfStop("none", "not a domain")
    if name.rpartition(".")[2].isdigit() or "." not in name:
        raise SpfStop("none", "not a domain with a top label")
    return name


class _Run:
    """One evaluation under way."""

    def __init__(self, asked: Asked, limits: Limits) -> None:
        self.asker = Asker(limits)
        self.client = Client(asked, self.asker)

    def outcome(self, found: _Found, explanation: str = "", problem: str = "") -> SpfResult:
        """The result with what is known beside it."""
        mechanism = found.mechanism
        is_open = mechanism is not None and mechanism.kind == "all"
        return SpfResult(
            found.result,
            mechanism=shown(mechanism.text, MAX_TERM) if mechanism else "",
            include=shown(found.include, MAX_TERM),
            domain=found.domain,
            explanation=explanation,
            problem=problem,
            is_plus_all=is_open and found.result == "pass",
            lookups=self.asker.lookups,
            void=self.asker.void,
            steps=tuple(self.asker.steps),
        )

    def check(self, domain: str) -> Asking[_Found | None]:
        """Evaluate the record of a domain; None if it has none.

        Raises:
            SpfStop: an error, here or in a record that this one leads to.
        """
        if domain in self.asker.path or len(self.asker.path) >= MAX_DEPTH:
            raise SpfStop("permerror", f"{shown(domain)} leads back to itself")
        self.asker.domain = domain
        self.asker.path.append(domain)
        record = yield from self.record_of(domain)
        found = (yield from self.follow(record, domain)) if record else None
        self.asker.path.pop()
        return found

    def record_of(self, domain: str) -> Asking[Record | None]:
        """The record of a domain, if it has one (4.4, 4.5)."""
        answer = yield from self.asker.ask(domain, Kind.TXT)
        texts = [text for text in answer.records if is_spf(text)]
        if not texts:
            return None
        if len(texts) > 1:
            raise SpfStop("permerror", f"{len(texts)} records of SPF")
        try:
            return parse_record(texts[0])
        except BadRecord as error:
            raise SpfStop("permerror", str(error)) from None

    def follow(self, record: Record, domain: str) -> Asking[_Found | None]:
        """Go through the terms of a record."""
        network_kind, number = self.client.network_kind, self.client.number
        has_terms = self.asker.limits.has_terms
        for term in record.mechanisms:
            inner = None
            kind = term.kind
            # Most terms of most records are networks.
            if kind == network_kind:
                is_match = number >> term.shift == term.network
            elif kind == "ip4" or kind == "ip6":
                is_match = False
            elif kind == "all":
                is_match = True
            elif kind == "include":
                inner = yield from self.include(term, domain)
                is_match = inner is not None
            else:
                is_match = yield from self.look(term, domain)
            if has_terms:
                self.asker.note(term.text, "match" if is_match else "no match")
            if is_match:
                explained = record.explanation, domain
                if inner:
                    at = inner.domain, inner.mechanism, term.text
                    return _Found(term.result, *at, *explained)
                return _Found(term.result, domain, term, "", *explained)
        if record.redirect:
            return (yield from self.redirect(record.redirect, domain))
        return _Found("neutral", domain)

    def include(self, term: Mechanism, domain: str) -> Asking[_Found | None]:
        """Evaluate another record; what passes there, if it does (5.2)."""
        self.asker.count()
        if self.client.can_never_match(term.domain):
            return None
        found = yield from self.other(term.text, term.domain, domain)
        return found if found.result == "pass" else None

    def redirect(self, target: Domain, domain: str) -> Asking[_Found]:
        """Evaluate another record in place of this one (6.1)."""
        self.asker.count()
        term = f"redirect={target.text}"
        if self.asker.limits.has_terms:
            self.asker.note(term, "followed")
        return (yield from self.other(term, target, domain))

    def other(self, term: str, target: Domain | None, domain: str) -> Asking[_Found]:
        """The record that a term leads to; it must be there."""
        name = yield from self.client.target(target, domain)
        found = (yield from self.check(name)) if name and "." in name else None
        self.asker.domain = domain
        if not found:
            raise SpfStop("permerror", f"{shown(term)}: {shown(name or 'no domain')} has no record")
        return found

    def look(self, term: Mechanism, domain: str) -> Asking[bool]:
        """Try a mechanism that asks of hosts (5.3 to 5.5, 5.7)."""
        self.asker.count()
        if self.client.can_never_match(term.domain):
            return False
        name = yield from self.client.target(term.domain, domain)
        if not name:
            return False
        if term.kind == "a":
            answer = yield from self.asker.ask_counted(name, self.client.address_kind)
            return self.client.is_among(answer, term.lengths)
        if term.kind == "exists":
            answer = yield from self.asker.ask_counted(name, Kind.A)
            return bool(answer.records)
        if term.kind == "mx":
            return (yield from self.look_at_exchangers(name, term))
        return (yield from self.look_at_names(name))

    def look_at_exchangers(self, name: str, term: Mechanism) -> Asking[bool]:
        """Tell whether the client is one of the hosts that take mail for a domain (5.4)."""
        answer = yield from self.asker.ask_counted(name, Kind.MX)
        hosts = [record.host for record in answer.records if record.host]
        if len(hosts) > self.asker.limits.names:
            raise SpfStop("permerror", f"{shown(term.text)}: {len(hosts)} hosts")
        for host in dict.fromkeys(hosts):
            answer = yield from self.asker.ask(host, self.client.address_kind)
            if self.client.is_among(answer, term.lengths):
                return True
        return False

    def look_at_names(self, domain: str) -> Asking[bool]:
        """Tell whether the client has a name in a domain, both ways (5.5)."""
        for name in (yield from self.client.names(is_counted=True)):
            if is_within(name, domain) and (yield from self.client.validate(name)):
                return True
        return False

    def explain(self, found: _Found) -> Asking[str]:
        """What the domain says of a fail; empty if it says nothing that can be read (6.2)."""
        if found.result != "fail" or not found.explanation or not self.asker.limits.has_explanation:
            return ""
        domain = self.asker.domain = found.explained_by
        try:
            return (yield from self.explanation(found.explanation, domain))
        except SpfStop:
            return ""

    def explanation(self, target: Domain, domain: str) -> Asking[str]:
        """The same, if a domain has an explanation."""
        name = yield from self.client.target(target, domain)
        answer = (yield from self.asker.ask_mildly(name, Kind.TXT)) if name else None
        tokens = parse_explanation(answer.records) if answer else None
        if tokens is None:
            return ""
        text = yield from self.client.text(tokens, domain, MAX_EXPLANATION)
        return shown(text, MAX_EXPLANATION)
