"""ARC: is the chain of those who have forwarded a message whole (RFC 8617)?"""

import time
from collections.abc import Callable

from ..auth.arc import JITTER, ArcResult, Status, verify
from ..auth.arc_trust import dmarc_passed
from ..auth.drive import run
from ..codec.dns_name import BadName, normal_name
from ..maps.maps import Map
from ..scan.check import Check, Finding, Findings, Given, Hit, Note, Symbol
from ..scan.task import Task
from ..scan.verdict import AuthResult
from ._options import read_number
from ._own_clients import OwnClients
from ._time import PART_TO_WAIT, PART_TO_WORK, late_after

MAX_QUERIES = 20
"""Questions of one message: two for each of ten sealers, most of whom sign with one key."""

MAX_TRUSTED = 10_000

_FAILED: dict[Status, str] = {
    "fail": "ARC_REJECT",
    "invalid": "ARC_INVALID",
    "temperror": "ARC_DNSFAIL",
}


class Arc(Check):
    """Verifies the chain, and finds what trusted sealers in it say of DMARC."""

    name = "arc"
    symbols = {
        "ARC_ALLOW": Symbol(-1.0, "policies", "ARC: the chain is whole"),
        "ARC_REJECT": Symbol(1.0, "policies", "ARC: the chain is broken"),
        "ARC_INVALID": Symbol(0.5, "policies", "ARC: the chain is not made as it must be"),
        "ARC_NA": Symbol(0.0, "policies", "ARC: there is no chain"),
        "ARC_DNSFAIL": Symbol(0.0, "policies", "ARC: DNS gave no answer"),
    }
    options = (
        "skip_local",
        "skip_authenticated",
        "max_queries",
        "time_jitter",
        "trusted_sealers",
        "trusted_sealers_map",
    )
    clock: Callable[[], float] = staticmethod(time.time)
    """Seconds since 1970, for `t=` and `x=` of signatures."""

    def __init__(self, given: Given) -> None:
        super().__init__(given)
        self._own_clients = OwnClients(given)
        self._max_queries = read_number(given.options, "max_queries", MAX_QUERIES, 1, 10_000)
        self._jitter = read_number(given.options, "time_jitter", JITTER, 0, 10**9)
        self._trusted = _read_domains(given)
        self._trusted_map = _read_map(given)

    async def run(self, task: Task) -> Findings:
        if not task.message.is_mail:
            return ()
        if why := self._own_clients.why(task.origin):
            return [Note(f"not verified: {why}")]
        seconds = min(self.given.timeout, task.remaining())
        is_late = late_after(task, seconds * PART_TO_WORK)
        dns = task.lookups.for_check(self.name, self._max_queries, seconds * PART_TO_WAIT)
        evaluation = verify(task.message.canonical, self.clock(), self._jitter)
        found = await run(evaluation, dns.ask_all, task.pause, is_late)
        return self._findings(found)

    def _findings(self, found: ArcResult) -> list[Finding]:
        if found.status == "none":
            return [Hit("ARC_NA"), AuthResult("arc", "none")]
        if found.status == "pass":
            seal = found.seals[-1]
            option = f"{seal.domain}:s={seal.selector}:i={seal.instance}"
            return [Hit("ARC_ALLOW", options=(option,)), self._passed(found)]
        hit = Hit(_FAILED[found.status], options=(found.reason,))
        if found.status == "temperror":
            # RFC 8617 has no word for it, and a chain must not be sealed as failed for it.
            return [hit]
        comment = f"i={found.instance}" if found.instance else ""
        return [hit, AuthResult("arc", "fail", reason=found.reason, comment=comment)]

    def _passed(self, found: ArcResult) -> AuthResult:
        """For Authentication-Results (RFC 8617 10.1), and for DMARC."""
        facts = [("sealer", found.seals[-1].domain), ("instance", str(found.instance))]
        if domain := dmarc_passed(found, self._is_trusted):
            facts.append(("dmarc-pass", domain))
        return AuthResult(
            "arc",
            "pass",
            comment=f"i={found.instance}",
            properties=(("header.oldest-pass", str(found.oldest_pass)),),
            facts=tuple(facts),
        )

    def _is_trusted(self, domain: str) -> bool:
        return domain in self._trusted or domain in self._trusted_map


def _read_domains(given: Given) -> frozenset[str]:
    value = given.options.get("trusted_sealers", ())
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise ValueError(f"trusted_sealers: expected a list of domains, got {value!r}")
    if len(value) > MAX_TRUSTED:
        raise ValueError(f"trusted_sealers: expected at most {MAX_TRUSTED} domains: use a map")
    return frozenset([_read_domain(item) for item in value])


def _read_domain(text: str) -> str:
    try:
        name = normal_name(text)
    except BadName:
        name = ""
    if "." not in name:
        raise ValueError(f"trusted_sealers: {text!r} is no domain")
    return name


def _read_map(given: Given) -> Map | frozenset[str]:
    name = given.options.get("trusted_sealers_map")
    if name is None:
        return frozenset()
    if not isinstance(name, str):
        raise ValueError(f"trusted_sealers_map: expected the name of a map, got {name!r}")
    return given.maps[name]
