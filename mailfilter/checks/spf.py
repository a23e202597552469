"""SPF: may this client send mail for the domain of its sender (RFC 7208)?"""

from ..auth.spf import evaluate
from ..auth.spf_drive import MILD_PART, run_evaluation
from ..auth.spf_values import Asked, Limits, Result, SpfResult
from ..scan.check import Check, Finding, Findings, Given, Hit, Note, Symbol
from ..scan.task import Task
from ..scan.verdict import AuthResult
from ._options import read_number
from ._own_clients import OwnClients

PART_OF_TIME = 0.9
"""Of the time of the check in which answers are waited for: there is something to say even if
none comes."""

MAX_QUERIES = 40
"""Questions of one message: ten terms and the hosts that they lead to, and some of the 64 that a
message has are left for others."""

KEPT_QUERIES = 25
"""Of these, what records of ten terms ask: many ARC sets must not make an error of a fail."""

_RFC = Limits()

_DECIDED: dict[Result, tuple[str, str]] = {
    "pass": ("R_SPF_ALLOW", "+"),
    "fail": ("R_SPF_FAIL", "-"),
    "softfail": ("R_SPF_SOFTFAIL", "~"),
    "neutral": ("R_SPF_NEUTRAL", "?"),
}
"""Symbol, and the sign before the mechanism that decided."""

_UNDECIDED: dict[Result, tuple[str, str]] = {
    "none": ("R_SPF_NA", "no SPF record"),
    "temperror": ("R_SPF_DNSFAIL", "temporary DNS error"),
    "permerror": ("R_SPF_PERMFAIL", "bad SPF record"),
}
"""Symbol, and its first option."""

_NOT_ASKED = Hit("R_SPF_NA", options=_UNDECIDED["none"][1:])


class Spf(Check):
    """Asks for the sender of the envelope, or of bounces for the name in HELO."""

    name = "spf"
    kept_queries = KEPT_QUERIES
    symbols = {
        "R_SPF_ALLOW": Symbol(-0.2, "policies", "SPF: the sender's domain allows the client"),
        "R_SPF_FAIL": Symbol(1.0, "policies", "SPF: the sender's domain forbids the client"),
        "R_SPF_SOFTFAIL": Symbol(
            0.0, "policies", "SPF: the sender's domain does not expect the client"
        ),
        "R_SPF_NEUTRAL": Symbol(
            0.0, "policies", "SPF: the sender's domain says nothing of the client"
        ),
        "R_SPF_NA": Symbol(0.0, "policies", "SPF: the sender's domain has no record"),
        "R_SPF_DNSFAIL": Symbol(0.0, "policies", "SPF: DNS gave no answer"),
        "R_SPF_PERMFAIL": Symbol(
            0.0, "policies", "SPF: the record of the sender's domain is broken, or asks too much"
        ),
        "R_SPF_PLUSALL": Symbol(4.0, "policies", "SPF: the sender's domain allows every client"),
    }
    options = ("skip_local", "skip_authenticated", "max_lookups", "max_void", "max_queries")

    def __init__(self, given: Given) -> None:
        super().__init__(given)
        self._own_clients = OwnClients(given)
        self._max_queries = read_number(given.options, "max_queries", MAX_QUERIES, 1, 10_000)
        self._limits = Limits(
            lookups=read_number(given.options, "max_lookups", _RFC.lookups, 0, 1000),
            void=read_number(given.options, "max_void", _RFC.void, 0, 1000),
            # What a domain has to say to those it forbids goes nowhere, and costs questions.
            has_explanation=False,
        )

    async def run(self, task: Task) -> Findings:
        origin, envelope = task.origin, task.envelope
        if origin.ip is None:
            return [Note("not asked: the address of the client is not known")]
        if why := self._own_clients.why(origin):
            return [Note(f"not asked: {why}")]
        sender = envelope.rewritten_sender or envelope.sender or ""
        asked = Asked(origin.ip, sender, origin.helo or "")
        if envelope.lacks_sender:
            # Headers must not say of the name in HELO what nobody has asked.
            return [_NOT_ASKED, Note("not asked: the sender is unreadable")]
        seconds = min(self.given.timeout, task.remaining()) * PART_OF_TIME
        dns = task.lookups.for_check(self.name, self._max_queries, seconds)
        evaluation = evaluate(asked, self._limits)
        found = await run_evaluation(
            evaluation, dns.ask, dns.peek, lambda: -task.remaining(), seconds * MILD_PART
        )
        return _findings(asked, found)


def _findings(asked: Asked, found: SpfResult) -> list[Finding]:
    if found.result in _UNDECIDED:
        symbol, words = _UNDECIDED[found.result]
        # Of no record there is no more to say.
        problem = "" if found.result == "none" else found.problem
        options = (words, problem) if problem else (words,)
    else:
        symbol, sign = _DECIDED[found.result]
        options = (sign + (found.mechanism.lstrip("+-~?") or "all"),)
        problem = ""
        if found.is_plus_all:
            symbol = "R_SPF_PLUSALL"
    return [Hit(symbol, options=options), _auth_result(asked, found, problem)]


def _auth_result(asked: Asked, found: SpfResult, problem: str) -> AuthResult:
    """For Authentication-Results and Received-SPF (RFC 8601 2.7.2, RFC 7208 9)."""
    if asked.identity == "mailfrom":
        properties = (("smtp.mailfrom", asked.sender),)
    else:
        properties = (("smtp.helo", asked.helo),)
    facts = (
        ("client-ip", str(asked.ip)),
        ("envelope-from", asked.sender),
        ("helo", asked.helo),
        ("identity", asked.identity),
        # If none matched, the field has this word.
        ("mechanism", found.mechanism or ("default" if found.result == "neutral" else "")),
    )
    return AuthResult("spf", found.result, reason=problem, properties=properties, facts=facts)
