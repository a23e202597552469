"""DMARC: does the domain that an author's address shows stand behind a message (RFC 7489)?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, NamedTuple

from ..codec.dns_answer import DnsError
from .dmarc_policy import BadPolicy, Discovery, Published, exists
from .dmarc_record import Alignment, Policy, Record
from .drive import Evaluation

Result = Literal["pass", "fail", "none", "temperror", "permerror"]
Override = Literal["", "sampled_out", "trusted_forwarder", "mailing_list", "local_policy", "other"]
"""Why less is done than the policy says (RFC 7489 appendix C, `PolicyOverrideType`)."""

_MILDER: Final[dict[Policy, Policy]] = {
    "reject": "quarantine",
    "quarantine": "none",
    "none": "none",
}


class Identity(NamedTuple):
    """A domain that SPF or a signature speaks for."""

    domain: str
    """As `dns_name.normal_name` makes it."""
    result: str
    """Of its method (RFC 8601 2.7)."""


@dataclass(frozen=True, slots=True)
class DmarcResult:
    """What DMARC comes to."""

    result: Result
    author: str
    """The author's domain."""
    published: Published | None = None
    policy: Policy = "none"
    """Of `p`, `sp` and `np` the one that is for the author's domain."""
    asked: Policy = "none"
    """What is to be done with this message: less than the policy if that is for a part only."""
    spf: bool = False
    """Whether SPF passed for a domain that is the author's."""
    dkim: bool = False
    """Whether a signature did."""
    problem: str = ""
    """Why it does not pass, or cannot be said."""
    override: Override = ""
    override_comment: str = ""


class _Method(NamedTuple):
    """What one method says for the author's domain."""

    result: Literal["pass", "fail", "temperror"]
    problem: str = ""


def evaluate(
    discovery: Discovery,
    spf: Sequence[Identity],
    dkim: Sequence[Identity],
    draw: Callable[[], int],
    *,
    has_percent: bool = True,
) -> Evaluation[DmarcResult]:
    """Evaluate what SPF and signatures have found.

    `draw` gives a number from 1 to 100 at random; with `has_percent` a policy is for `pct` of the
    messages (RFC 7489), else for all (RFC 9989).
    """
    author = discovery.author
    try:
        published = yield from discovery.policy()
    except DnsError as error:
        return DmarcResult("temperror", author, problem=str(error))
    except BadPolicy as error:
        return DmarcResult("permerror", author, problem=f"{error.domain} : {error}")
    if published is None:
        return DmarcResult("none", author)
    record = published.record
    by_spf = yield from _method("SPF", spf, record.spf, discovery)
    by_dkim = yield from _method("DKIM", dkim, record.dkim, discovery)
    found = DmarcResult(
        "pass",
        author,
        published,
        policy=(yield from _policy(published, author)),
        spf=by_spf.result == "pass",
        dkim=by_dkim.result == "pass",
    )
    if found.spf or found.dkim:
        return found
    if "temperror" in (by_spf.result, by_dkim.result):
        # Whether it fails nobody can say (RFC 7489 6.6.2).
        return replace(found, result="temperror", problem="SPF/DKIM temp error")
    problem = f"{by_spf.problem}, {by_dkim.problem}"
    return _failed(replace(found, result="fail", problem=problem), record, draw, has_percent)


def _policy(published: Published, author: str) -> Evaluation[Policy]:
    """Which of the policies of a record is for the author's domain."""
    record = published.record
    if published.domain == author:
        return record.policy
    is_there = True
    if record.policy_below(True) != record.policy_below(False):
        is_there = yield from exists(author)
    return record.policy_below(is_there)


def _method(
    name: str, identities: Sequence[Identity], mode: Alignment, discovery: Discovery
) -> Evaluation[_Method]:
    is_unknown = False
    for identity in identities:
        if identity.result not in ("pass", "temperror"):
            continue
        try:
            is_aligned = yield from _is_aligned(identity.domain, mode, discovery)
        except DnsError:
            is_unknown = True
            continue
        if is_aligned and identity.result == "pass":
            return _Method("pass")
        is_unknown = is_unknown or is_aligned
    if is_unknown:
        return _Method("temperror")
    if any(identity.result == "pass" for identity in identities):
        how = "strict" if mode == "s" else "relaxed"
        return _Method("fail", f"{name} not aligned ({how})")
    return _Method("fail", f"No valid {name}")


def _is_aligned(domain: str, mode: Alignment, discovery: Discovery) -> Evaluation[bool]:
    if mode == "s":
        return domain == discovery.author
    return (yield from discovery.is_aligned(domain))


def _failed(
    found: DmarcResult, record: Record, draw: Callable[[], int], has_percent: bool
) -> DmarcResult:
    """What is to be done with a message that fails."""
    policy = found.policy
    if policy == "none":
        return found
    if record.is_testing:
        comment = "t=y: the domain is testing its policy"
        return replace(found, asked=_MILDER[policy], override="other", override_comment=comment)
    if has_percent and record.percent < 100 and draw() > record.percent:
        return replace(found, asked=_MILDER[policy], override="sampled_out")
    return replace(found, asked=policy)
