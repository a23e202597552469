"""What an aggregate report of DMARC tells of one message, and the policy that it was held to.

Messages of which a report tells the same share a row, with a count (RFC 7489 7.2). Nothing of a
row names a person: there are domains, an address of a host, and results.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from ipaddress import ip_address
from typing import Any

import msgspec
from msgspec import Struct

from ..scan.envelope import IPAddress
from ..scan.verdict import TOLD_AS_SPAM, Action, AuthResult

MAX_OCTETS = 1000
"""Of a row as it is stored."""

MAX_DOMAIN = 253
MAX_TEXT = 200
MAX_SIGNATURES = 6
MAX_RUA = 1000

# It also stands in names of files and in a subject.
_NAME = re.compile(r"[a-z0-9_-]++(?:\.[a-z0-9_-]++)+")

DISPOSITIONS = ("none", "quarantine", "reject")
"""What a policy can ask, the mildest first."""

OVERRIDES = frozenset(
    ("forwarded", "sampled_out", "trusted_forwarder", "mailing_list", "local_policy", "other")
)
DKIM_RESULTS = frozenset(
    ("none", "pass", "fail", "policy", "neutral", "temperror", "permerror"),
)
SPF_RESULTS = frozenset(
    ("none", "neutral", "pass", "fail", "softfail", "temperror", "permerror"),
)


class Signed(Struct, frozen=True, array_like=True):
    """The result of one DKIM signature."""

    domain: str
    selector: str
    result: str


class Row(Struct, frozen=True, array_like=True):
    """What a report tells of messages that are alike."""

    source_ip: str
    disposition: str
    dkim: str
    """Whether an aligned signature is good: `pass` or `fail`."""
    spf: str
    reason: str
    """Why the disposition is not what the policy asks; empty if it is."""
    comment: str
    header_from: str
    envelope_from: str
    spf_domain: str
    spf_scope: str
    spf_result: str
    signatures: tuple[Signed, ...] = ()


class PublishedPolicy(Struct, frozen=True, array_like=True):
    """What a domain publishes, as far as reports repeat it."""

    domain: str
    rua: str
    adkim: str = "r"
    aspf: str = "r"
    p: str = "none"
    sp: str = "none"
    pct: str = "100"
    fo: str = "0"


class Told(Struct, frozen=True):
    """What one message adds to a report."""

    policy: PublishedPolicy
    row: bytes
    is_accepted: bool


def wanted(results: Iterable[AuthResult]) -> AuthResult | None:
    """The result of DMARC, if the domain wants to be told of it."""
    for result in results:
        if result.method == "dmarc":
            # Reports go by mail alone.
            return result if "mailto:" in dict(result.facts).get("rua", "").lower() else None
    return None


def told(
    results: Sequence[AuthResult], client_ip: IPAddress | None, sender: str | None, action: Action
) -> Told | None:
    """What to report of a message; None if its domain is told nothing.

    `client_ip` is used where SPF does not tell the client. Mail that was put off is not told: it
    comes again.
    """
    found = wanted(results)
    if found is None or action is Action.SOFT_REJECT:
        return None
    facts = dict(found.facts)
    policy = _policy(facts)
    source = _source(results, client_ip)
    header_from = _domain(dict(found.properties).get("header.from", ""))
    if policy is None or not source or not header_from:
        return None
    asked = "none" if found.result == "pass" else facts.get("asked", "none")
    disposition, reason, comment = _evaluated(facts, asked, action)
    spf_domain, scope, spf_result = _spf(results, sender)
    row = Row(
        source_ip=source,
        disposition=disposition,
        dkim=_passed(facts, "dkim-aligned"),
        spf=_passed(facts, "spf-aligned"),
        reason=reason,
        comment=comment,
        header_from=header_from,
        envelope_from=_domain((sender or "").rpartition("@")[2]),
        spf_domain=spf_domain,
        spf_scope=scope,
        spf_result=spf_result,
        signatures=_signatures(results, header_from),
    )
    return Told(policy, encoded(row), action not in TOLD_AS_SPAM)


def encoded(row: Row) -> bytes:
    """A row as the name under which it is counted, within `MAX_OCTETS`."""
    while True:
        octets = msgspec.json.encode(row)
        if len(octets) <= MAX_OCTETS:
            return octets
        changes: dict[str, Any] = {}
        if row.comment:
            changes["comment"] = ""
        elif row.signatures:
            changes["signatures"] = row.signatures[:-1]
        elif row.envelope_from:
            changes["envelope_from"] = ""
        else:
            changes["spf_domain"] = ""
        row = msgspec.structs.replace(row, **changes)


def folded(row: Row) -> Row:
    """Without what says more of a sender than its host and results do."""
    return msgspec.structs.replace(row, envelope_from="", spf_domain="", signatures=())


def decoded(octets: bytes) -> Row | None:
    """A row that was stored; None if it is none."""
    try:
        return msgspec.json.decode(octets, type=Row)
    except msgspec.DecodeError:
        return None


def plain_text(text: str, most: int = MAX_TEXT) -> str:
    """A text of a stranger without what XML 1.0 or a line cannot hold, cut to so many octets."""
    octets = "".join(c if c.isprintable() else "?" for c in text[:most]).encode("utf-8", "replace")
    return octets[:most].decode("utf-8", "ignore")


def _domain(text: str) -> str:
    return plain_text(text.strip().rstrip(".").lower(), MAX_DOMAIN)


def _policy(facts: Mapping[str, str]) -> PublishedPolicy | None:
    domain, rua = _domain(facts.get("domain", "")), facts.get("rua", "")
    if not _NAME.fullmatch(domain) or len(rua) > MAX_RUA:
        return None
    p = _one_of(facts.get("p", ""), DISPOSITIONS, "none")
    pct = facts.get("pct", "")
    return PublishedPolicy(
        domain=domain,
        rua=plain_text(rua, MAX_RUA),
        adkim=_one_of(facts.get("adkim", ""), "rs", "r"),
        aspf=_one_of(facts.get("aspf", ""), "rs", "r"),
        p=p,
        sp=_one_of(facts.get("sp", ""), DISPOSITIONS, p),
        pct=pct if pct.isascii() and pct.isdigit() and len(pct) <= 3 else "100",
        fo=plain_text(facts.get("fo", "") or "0", 16),
    )


def _one_of(text: str, allowed: Iterable[str], default: str) -> str:
    return text if text in tuple(allowed) else default


def _passed(facts: Mapping[str, str], name: str) -> str:
    return "pass" if facts.get(name) == "pass" else "fail"


def _source(results: Iterable[AuthResult], client_ip: IPAddress | None) -> str:
    """The address of the client; behind our own relays SPF alone has it."""
    for result in results:
        if result.method in ("spf", "dmarc"):
            ip = dict(result.facts).get("client-ip", "")
            if ip:
                return ip if "%" not in ip and _is_address(ip) else ""
    return "" if client_ip is None else str(client_ip)


def _is_address(text: str) -> bool:
    try:
        return bool(ip_address(text))
    except ValueError:
        return False


def _evaluated(facts: Mapping[str, str], asked: str, action: Action) -> tuple[str, str, str]:
    """Disposition, and why it is not what the policy asks: a kind of reason, and words."""
    asked = _one_of(asked, DISPOSITIONS, "none")
    override = facts.get("override", "")
    reason = override if override in OVERRIDES else ("other" if override else "")
    comment = plain_text(facts.get("override-comment", "")) if reason else ""
    done = _done(action)
    if DISPOSITIONS.index(done) >= DISPOSITIONS.index(asked):
        return asked, reason, comment
    return done, reason or "local_policy", comment


def _done(action: Action) -> str:
    if action in (Action.REJECT, Action.DISCARD):
        return "reject"
    return "quarantine" if action in TOLD_AS_SPAM else "none"


def _spf(results: Iterable[AuthResult], sender: str | None) -> tuple[str, str, str]:
    """Domain, scope and result."""
    for result in results:
        if result.method == "spf":
            facts = dict(result.facts)
            is_helo = facts.get("identity") == "helo"
            name = facts.get("helo" if is_helo else "envelope-from", "")
            known = _one_of(result.result, SPF_RESULTS, "none")
            return _domain(name.rpartition("@")[2]), "helo" if is_helo else "mfrom", known
    return _domain((sender or "").rpartition("@")[2]), "mfrom", "none"


def _signatures(results: Iterable[AuthResult], header_from: str) -> tuple[Signed, ...]:
    """Results of DKIM: those that are good first, and those of the author's domain."""
    found = []
    for result in results:
        if result.method == "dkim":
            properties = dict(result.properties)
            domain = _domain(properties.get("header.d", ""))
            if domain and result.result in DKIM_RESULTS:
                selector = _domain(properties.get("header.s", ""))
                found.append(Signed(domain, selector, result.result))
    found.sort(key=lambda item: (item.result != "pass", item.domain != header_from))
    return tuple(dict.fromkeys(found))[:MAX_SIGNATURES]
