"""`mailfilteradm dns`: what the resolvers are like that the filter asks."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from ..codec.dns_name import BadName, normal_name
from ..config import load
from ..net.servers import RESOLV_CONF
from ..report.escape import escape
from .dns_doctor import Finding, ListTried, examine
from .dns_option import SERVER_OPTION, chosen_servers
from .options import CONFIG_OPTION, JSON_OPTION, echo_json, load_or_exit
from .tls_text import table

LIST = "zen.spamhaus.org"
MAX_LISTS = 20
MAX_LIST_NAME = 200


@click.group()
def dns() -> None:
    """Look at the resolvers of names."""


@dns.command()
@SERVER_OPTION
@click.option(
    "--blocklist",
    "lists",
    multiple=True,
    metavar="NAME",
    default=(LIST,),
    show_default=True,
    help="A DNS list of bad clients that is tried. May be given more than once.",
)
@JSON_OPTION
@CONFIG_OPTION
def doctor(servers: Sequence[str], lists: Sequence[str], as_json: bool, option: str | None) -> None:
    """Examine the resolvers that the filter asks.

    Each of them: whether it answers, how fast, over TCP too; whether it validates with DNSSEC,
    whether it tells the truth of names that do not exist, and whether lists of bad clients answer
    it: they refuse public resolvers. The exit status is 1 if something must be changed.
    """
    if len(lists) > MAX_LISTS:
        raise click.BadParameter(f"more than {MAX_LISTS}", param_hint="--blocklist")
    names = [_read_list(text) for text in lists]
    settings = load_or_exit(load, option).config.dns
    chosen = chosen_servers(servers, settings)
    source = "--server" if servers else "dns.servers" if settings.servers else str(RESOLV_CONF)
    findings = [examine(server, settings.timeout, names) for server in chosen]
    if as_json:
        echo_json({"from": source, "servers": [_plain(finding) for finding in findings]})
    else:
        click.echo(f"resolvers of {source}")
        for finding in findings:
            click.echo("\n".join(["", *_lines(finding)]))
    if any(finding.trouble for finding in findings):
        raise SystemExit(1)


def _read_list(text: str) -> str:
    try:
        name = normal_name(text)
    except BadName as error:
        raise click.BadParameter(f"{escape(text)}: {error}", param_hint="--blocklist") from None
    if not name or len(name) > MAX_LIST_NAME:
        raise click.BadParameter("expected the name of a list", param_hint="--blocklist")
    return name


def _lines(finding: Finding) -> Iterator[str]:
    yield f"{finding.server}"
    rows = [("answers", _answers(finding))]
    if finding.answers:
        rows += [
            ("TCP", _word(finding.tcp)),
            ("EDNS", _word(finding.edns)),
            ("DNSSEC", _word(finding.validates, "validates", "does not validate")),
            ("no such name", _word(finding.is_honest, "says so", "has an address")),
        ]
    rows.append(("public", finding.operator or "none that is known"))
    rows += [(tried.name, _list_text(tried)) for tried in finding.lists]
    yield from table([(name, escape(value)) for name, value in rows])
    yield from (f"  must be changed: {escape(text)}" for text in finding.trouble)
    yield from (f"  could be better: {escape(text)}" for text in finding.hints)


def _answers(finding: Finding) -> str:
    if not finding.answers:
        return "no"
    parts = ["yes"]
    if finding.median is not None and finding.slowest is not None:
        parts.append(
            f"in {_milliseconds(finding.median)} ms what it remembers"
            f" ({_milliseconds(finding.slowest)} at most)"
        )
    if finding.unknown is not None:
        parts.append(f"in {_milliseconds(finding.unknown)} ms what it looks up")
    return ", ".join(parts)


def _word(value: bool | None, yes: str = "yes", no: str = "no") -> str:
    return "not known" if value is None else yes if value else no


def _list_text(tried: ListTried) -> str:
    return "answers" if tried.answers else "does not answer as it should"


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 2)


def _plain(finding: Finding) -> Mapping[str, Any]:
    times = {"median": finding.median, "slowest": finding.slowest, "unknown": finding.unknown}
    return {
        "server": str(finding.server),
        "answers": finding.answers,
        "milliseconds": {
            name: None if value is None else _milliseconds(value) for name, value in times.items()
        },
        "tcp": finding.tcp,
        "edns": finding.edns,
        "validates": finding.validates,
        "is_honest": finding.is_honest,
        "public": finding.operator or None,
        "lists": [
            {"name": each.name, "answers": each.answers, "trouble": each.trouble}
            for each in finding.lists
        ],
        "trouble": list(finding.trouble),
        "hints": list(finding.hints),
    }
