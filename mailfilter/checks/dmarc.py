"""DMARC: does the domain that the author's address shows stand behind the message (RFC 7489)?"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final

from ..auth.author import NoAuthor, author_domain
from ..auth.author_named import named_domains
from ..auth.dmarc import DmarcResult, Identity, evaluate
from ..auth.dmarc_policy import BySuffixes
from ..auth.dmarc_record import POLICIES, Record
from ..auth.dmarc_tree import ByTree
from ..auth.drive import run
from ..codec.dns_name import BadName, normal_name
from ..mail.public_suffix import load_suffixes
from ..scan.check import Check, Finding, Findings, Force, Given, Hit, Note, Symbol
from ..scan.lookups import CheckLookups, side_by_side
from ..scan.task import Task
from ..scan.verdict import Action, AuthResult
from ._options import read_number, read_word
from ._own_clients import OwnClients

PART_OF_TIME = 0.9
"""Of the time of the check in which answers are waited for."""

MAX_QUERIES = 20
"""Questions of one message. By the list it asks two, and three whether a name is there; by the
tree eight, and some for each domain below the author's that has signed."""

_SYMBOL_OF_POLICY: Final = {
    "reject": ("DMARC_POLICY_REJECT", "reject"),
    "quarantine": ("DMARC_POLICY_QUARANTINE", "quarantine"),
    "none": ("DMARC_POLICY_SOFTFAIL", "softfail"),
}
"""Symbol, and key among the actions, for what is asked of mail that fails."""

OUTCOMES: Final = ("reject", "quarantine", "softfail", "na", "no_author", "badpolicy", "dnsfail")
"""For which an action may be chosen, by Rspamd's names; `no_author` is ours."""

_NO_ANSWER = "temperror"


class Dmarc(Check):
    """Reads what SPF, DKIM and ARC have found."""

    name = "dmarc"
    after = ("spf", "dkim", "arc")
    kept_queries = MAX_QUERIES
    symbols = {
        "DMARC_POLICY_ALLOW": Symbol(-0.5, "policies", "DMARC: the author's domain stands for it"),
        "DMARC_POLICY_REJECT": Symbol(
            2.0, "policies", "DMARC: not from the author's domain, which wants that rejected"
        ),
        "DMARC_POLICY_QUARANTINE": Symbol(
            1.5, "policies", "DMARC: not from the author's domain, which wants that set aside"
        ),
        "DMARC_POLICY_SOFTFAIL": Symbol(
            0.1, "policies", "DMARC: not from the author's domain, which wants nothing done"
        ),
        "DMARC_NA": Symbol(0.0, "policies", "DMARC: no policy, or no author to find one for"),
        "DMARC_BAD_POLICY": Symbol(0.0, "policies", "DMARC: a policy that cannot be followed"),
        "DMARC_DNSFAIL": Symbol(0.0, "policies", "DMARC: DNS gave no answer"),
    }
    options = ("skip_local", "skip_authenticated", "discovery", "max_queries", "actions")
    draw = staticmethod(lambda: random.randint(1, 100))
    """A number from 1 to 100, by which a policy holds for some of the mail."""

    def __init__(self, given: Given) -> None:
        super().__init__(given)
        self._own_clients = OwnClients(given)
        self._max_queries = read_number(given.options, "max_queries", MAX_QUERIES, 1, 10_000)
        self._is_tree = read_word(given.options, "discovery", ("psl", "tree")) == "tree"
        self._actions = _read_actions(given.options.get("actions", {}))
        if not self._is_tree:
            load_suffixes()

    async def run(self, task: Task) -> Findings:
        if not task.message.is_mail:
            return ()
        if why := self._own_clients.why(task.origin):
            return [Note(f"not asked: {why}")]
        seconds = min(self.given.timeout, task.remaining()) * PART_OF_TIME
        try:
            author = author_domain(task.message.headers)
        except NoAuthor as error:
            return await self._doubtful(task, error, seconds)
        dns = task.lookups.for_check(self.name, self._max_queries, seconds)
        found = await self._evaluate(task, author, dns)
        return list(self._findings(found, _trusted_sealer(task.auth_results, author)))

    async def _doubtful(self, task: Task, error: NoAuthor, seconds: float) -> Findings:
        """Of all who could be the author nobody passes, and the strictest policy holds.

        Else a second address would do to get around a policy (RFC 7489 6.6.1). A policy that is
        not told is none that is missing.
        """
        named = named_domains(task.message.headers)
        results = await self._evaluate_all(task, named.domains, seconds)
        failed = [found for found in results if found.result == "fail"]
        untold = [found for found in results if found.result == "temperror"]
        findings: list[Finding] = []
        if failed:
            worst = max(failed, key=lambda found: POLICIES.index(found.asked))
            findings += self._findings(replace(worst, problem=f"{error.words}, {error}"), None)
        else:
            findings += _no_author(error, named.is_all, untold)
        if untold:
            if failed:
                findings.append(Hit("DMARC_DNSFAIL", options=tuple(map(_untold, untold))))
            findings += self._forced("dnsfail", "DNS does not tell the policies of its authors")
        if not named.is_all or not named.domains or any(one.result != "pass" for one in results):
            findings += self._forced("no_author", "its author cannot be told")
        return findings

    async def _evaluate_all(
        self, task: Task, authors: Sequence[str], seconds: float
    ) -> list[DmarcResult]:
        """Evaluate side by side, each with a share of the questions: none spends another's."""
        share = max(self._max_queries // max(len(authors), 1), 1)
        return await side_by_side(
            self._evaluate(task, author, task.lookups.for_check(self.name, share, seconds))
            for author in authors
        )

    async def _evaluate(self, task: Task, author: str, dns: CheckLookups) -> DmarcResult:
        evaluation = evaluate(
            ByTree(author) if self._is_tree else BySuffixes(author),
            _by_spf(task, author),
            _by_dkim(task, author),
            self.draw,
            has_percent=not self._is_tree,
        )
        return await run(evaluation, dns.ask_all, task.pause)

    def _findings(self, found: DmarcResult, sealer: AuthResult | None) -> Iterator[Finding]:
        published = found.published
        if published is None:
            yield from self._without_policy(found)
            yield AuthResult(
                "dmarc",
                found.result,
                reason=found.problem,
                properties=(("header.from", found.author),),
            )
            return
        domain = published.domain
        if found.result == "pass":
            yield Hit("DMARC_POLICY_ALLOW", options=(domain, found.policy))
        elif found.result == "temperror":
            yield Hit("DMARC_DNSFAIL", options=(f"{domain} : {found.problem}", found.policy))
            yield from self._forced("dnsfail", f"DNS does not tell whether {domain} allows it")
        else:
            symbol, outcome = _SYMBOL_OF_POLICY["none" if sealer else found.asked]
            options = (f"{domain} : {found.problem}", found.policy, _exception(found, sealer))
            yield Hit(symbol, options=tuple(filter(None, options)))
            if sealer is None:
                yield from self._forced(outcome, f"{domain} does not allow it (DMARC)")
        yield _auth_result(found, published.record, sealer, "tree" if self._is_tree else "psl")

    def _without_policy(self, found: DmarcResult) -> Iterator[Finding]:
        """What is said where there is no policy to follow."""
        author = found.author
        if found.result == "temperror":
            yield Hit("DMARC_DNSFAIL", options=(f"{author} : {found.problem}",))
            yield from self._forced("dnsfail", f"DNS does not tell the policy of {author}")
        elif found.result == "permerror":
            yield Hit("DMARC_BAD_POLICY", options=(found.problem,))
            yield from self._forced("badpolicy", f"the DMARC policy of {author} is broken")
        else:
            yield Hit("DMARC_NA", options=(author,))
            yield from self._forced("na", f"{author} has no DMARC policy")

    def _forced(self, outcome: str, text: str) -> Iterator[Force]:
        action = self._actions.get(outcome)
        if action is not None:
            yield Force(action, text, is_least=True)


def _no_author(error: NoAuthor, is_all: bool, untold: Sequence[DmarcResult]) -> Iterator[Finding]:
    """What is said where the author is in doubt, and no policy is known to be broken."""
    doubt = [error.words, str(error)]
    if not is_all:
        doubt.append("not all of it was looked at")
    symbol, result = ("DMARC_DNSFAIL", "temperror") if untold else ("DMARC_NA", "permerror")
    yield Hit(symbol, options=(*map(_untold, untold), *doubt))
    yield AuthResult("dmarc", result, reason=str(error))


def _untold(found: DmarcResult) -> str:
    return f"{found.author} : {found.problem}"


def _read_actions(value: object) -> Mapping[str, Action]:
    """Actions by outcome. Raises ValueError."""
    if not isinstance(value, Mapping):
        raise ValueError(f"actions: expected a table, got {value!r}")
    for outcome in value:
        if outcome not in OUTCOMES:
            raise ValueError(f"actions: expected {', '.join(OUTCOMES)}, got {outcome!r}")
    return {
        outcome: Action(read_word(value, outcome, tuple(Action), f"actions.{outcome}"))
        for outcome in value
    }


def _by_spf(task: Task, author: str) -> Sequence[Identity]:
    """The domains that SPF was asked for; without an answer it could be the author's."""
    results = [result for result in task.auth_results if result.method == "spf"]
    if not results and not task.envelope.lacks_sender:
        return (Identity(author, _NO_ANSWER),)
    return tuple(_identities(results, ("smtp.mailfrom", "smtp.helo")))


def _by_dkim(task: Task, author: str) -> Sequence[Identity]:
    """The domains of the signatures; without an answer they could be the author's."""
    results = [result for result in task.auth_results if result.method == "dkim"]
    if not results and "dkim-signature" in task.message.headers:
        return (Identity(author, _NO_ANSWER),)
    return tuple(_identities(results, ("header.d",)))


def _identities(results: Sequence[AuthResult], names: Sequence[str]) -> Iterator[Identity]:
    for result in results:
        for name, value in result.properties:
            domain = _name(value.rpartition("@")[2]) if name in names else ""
            if domain:
                yield Identity(domain, result.result)


@lru_cache(maxsize=1024)
def _name(text: str) -> str:
    """A domain as names are compared; empty if it is none. A backslash is no escape there."""
    try:
        return "" if "\\" in text else normal_name(text)
    except BadName:
        return ""


def _trusted_sealer(results: Sequence[AuthResult], author: str) -> AuthResult | None:
    """A chain of ARC in which one whom we trust says that DMARC has passed for that author."""
    for result in results:
        if result.method == "arc" and result.result == "pass":
            facts = dict(result.facts)
            if facts.get("sealer") and facts.get("dmarc-pass") == author:
                return result
    return None


def _exception(found: DmarcResult, sealer: AuthResult | None) -> str:
    """Why less is done than the policy says, in a word; empty if it is not."""
    if sealer is not None:
        return f"arc:{dict(sealer.facts)['sealer']}"
    return "testing" if found.override == "other" else found.override


def _auth_result(
    found: DmarcResult, record: Record, sealer: AuthResult | None, discovery: str
) -> AuthResult:
    """For Authentication-Results, and for reports to the domain."""
    assert found.published is not None
    asked, override, comment = found.asked, found.override, found.override_comment
    if sealer is not None and found.result == "fail":
        seal = dict(sealer.facts)
        asked, override = "none", "local_policy"
        comment = f"arc=pass as[{seal.get('instance', '?')}].d={seal['sealer']}"
    facts = (
        ("domain", found.published.domain),
        ("rua", record.reports_to),
        ("p", record.policy),
        ("sp", record.subdomains or ""),
        ("np", record.missing or ""),
        ("adkim", record.dkim),
        ("aspf", record.spf),
        ("pct", str(record.percent)),
        ("fo", record.failures),
        ("testing", "y" if record.is_testing else "n"),
        ("asked", asked),
        ("dkim-aligned", "pass" if found.dkim else "fail"),
        ("spf-aligned", "pass" if found.spf else "fail"),
        ("override", override),
        ("override-comment", comment),
        ("discovery", discovery),
    )
    return AuthResult(
        "dmarc",
        found.result,
        reason=found.problem,
        properties=(("header.from", found.author), ("policy.dmarc", found.policy)),
        facts=tuple(fact for fact in facts if fact[1]),
    )
