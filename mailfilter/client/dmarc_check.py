"""`mailfilteradm dmarc check`: the policy of a domain, where it is, and what is wrong with it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click

from ..auth.dmarc import DmarcResult, evaluate
from ..auth.dmarc_policy import BySuffixes
from ..auth.dmarc_record import Record, is_record
from ..auth.dmarc_tree import ByTree
from ..auth.drive import Answers, Asks, run
from ..codec.dns_answer import Answer, DnsError, Question
from ..codec.dns_name import BadName, normal_name
from ..config import load
from ..config.model import Config, Dns
from ..net.resolver import Resolver
from ..net.servers import Server
from ..report.escape import escape
from ..scan.lookups import Lookups
from ..scan.task import no_pause
from .dns_option import SERVER_OPTION, chosen_servers
from .options import CONFIG_OPTION, JSON_OPTION, echo_json, load_or_exit
from .tls_text import table
from .with_store import run_in_reactor

_MODES = {"r": "relaxed", "s": "strict"}
_NOTHING = {"nodata": "no such record", "nxdomain": "no such name"}


@dataclass(frozen=True, slots=True)
class _Found:
    """What came of it."""

    asked: Sequence[tuple[Question, Answer | DnsError]]
    result: DmarcResult
    """Of a message that nobody stands for: a failure, if there is a policy."""


@click.command()
@click.argument("domain")
@click.option(
    "--discovery",
    type=click.Choice(["psl", "tree"]),
    metavar="WAY",
    help="How the policy is found: by the Public Suffix List (psl), or by the tree of DNS (tree). "
    "By default as the configuration says.",
)
@SERVER_OPTION
@JSON_OPTION
@CONFIG_OPTION
def check(
    domain: str,
    discovery: str | None,
    servers: Sequence[str],
    as_json: bool,
    option: str | None,
) -> None:
    """Show the DMARC policy for mail of a domain.

    Shows each question to DNS with its answer, the record that holds, and what is wrong with it.
    The exit status is 1 if there is no policy that can be followed.
    """
    try:
        author = normal_name(domain.rpartition("@")[2])
    except BadName as error:
        raise click.BadParameter(f"{escape(domain)}: {error}", param_hint="DOMAIN") from None
    config = load_or_exit(load, option).config
    way = discovery or _configured(config)
    chosen = chosen_servers(servers, config.dns)
    found = run_in_reactor(lambda reactor: _find(reactor, config.dns, chosen, author, way))
    if as_json:
        echo_json(_plain(found, way))
    else:
        click.echo("\n".join(_lines(found, way)))
    if found.result.published is None:
        raise SystemExit(1)


def _configured(config: Config) -> str:
    settings = config.checks.get("dmarc")
    return "tree" if settings and settings.options.get("discovery") == "tree" else "psl"


async def _find(
    reactor: Any, settings: Dns, servers: Sequence[Server], author: str, way: str
) -> _Found:
    resolver = Resolver(reactor, settings, servers)
    lookups = Lookups(resolver).for_check("dmarc")
    asked: list[tuple[Question, Answer | DnsError]] = []

    async def ask_all(asks: Asks) -> Answers:
        answers = await lookups.ask_all(asks)
        asked.extend(zip(asks, answers, strict=True))
        return answers

    try:
        discovery = ByTree(author) if way == "tree" else BySuffixes(author)
        evaluation = evaluate(discovery, (), (), lambda: 1)
        return _Found(asked, await run(evaluation, ask_all, no_pause))
    finally:
        resolver.close()


def _lines(found: _Found, way: str) -> Iterator[str]:
    for question, answer in found.asked:
        yield f"{escape(str(question))}: {escape(_answer(answer))}"
    yield ""
    yield from table([(name, escape(value)) for name, value in _rows(found.result, way)])


def _rows(result: DmarcResult, way: str) -> Iterator[tuple[str, str]]:
    yield "domain", result.author
    yield "found by", {"psl": "the Public Suffix List", "tree": "the tree of DNS"}[way]
    published = result.published
    if published is None:
        yield "policy", "none: there is no record" if result.result == "none" else result.result
        if result.problem:
            yield "problem", result.problem
        return
    record = published.record
    yield "record", f"of {published.domain}"
    yield "policy", result.policy + ("" if record.percent == 100 else f", pct={record.percent}")
    if record.is_testing:
        yield "", "t=y: the domain is testing its policy"
    yield "SPF", _MODES[record.spf]
    yield "DKIM", _MODES[record.dkim]
    yield "reports", record.reports_to or "none are asked for"
    for problem in record.problems:
        yield "problem", problem


def _answer(answer: Answer | DnsError) -> str:
    if isinstance(answer, DnsError):
        return answer.reason
    if not answer.records:
        return _NOTHING.get(answer.status, "nothing")
    texts = [record for record in answer.records if isinstance(record, bytes)]
    shown = [f'"{text.decode("latin-1")}"' for text in filter(is_record, texts)]
    others = len(answer.records) - len(shown)
    return ", ".join(shown + [f"{others} other"] * bool(others))


def _plain(found: _Found, way: str) -> Mapping[str, Any]:
    """The same, for programs."""
    result = found.result
    published = result.published
    return {
        "domain": result.author,
        "discovery": way,
        "result": "found" if published else result.result,
        "problem": "" if published else result.problem,
        "policy": result.policy if published else None,
        "record": {"domain": published.domain, **_plain_record(published.record)}
        if published
        else None,
        "asked": [
            {"question": str(question), "answer": _answer(answer)}
            for question, answer in found.asked
        ],
    }


def _plain_record(record: Record) -> Mapping[str, Any]:
    return {
        "p": record.policy,
        "sp": record.subdomains,
        "np": record.missing,
        "adkim": record.dkim,
        "aspf": record.spf,
        "pct": record.percent,
        "t": record.is_testing,
        "psd": record.is_suffix,
        "rua": record.reports_to,
        "problems": list(record.problems),
    }
