"""`mailfilteradm dmarc`: aggregate reports of DMARC."""

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from socket import getfqdn
from typing import Any

import click

from ..config.model import DmarcReports
from ..net.resolver import Resolver
from ..report.dmarc_day import DomainDay, begin_of, read_day, read_domains
from ..report.dmarc_report import make_report, report_xml
from ..report.escape import escape
from ..scan.lookups import Lookups
from ..store.base import Store
from .dmarc_run import TROUBLE, GaveUp, Outcome, Sending, is_over, remembered_days
from .dns_option import SERVER_OPTION, chosen_servers
from .options import CONFIG_OPTION, JSON_OPTION, STATE_OPTION, echo_json, fail
from .sending import Mta
from .with_store import Opened, with_store

MAX_QUESTIONS = 10_000_000
"""No message waits for what a report asks DNS."""

DATE_OPTION = click.option(
    "--date", "date", metavar="DAY", help="Of this day only (UTC), such as 2026-11-28."
)
DOMAIN_OPTION = click.option(
    "--domain",
    "domains",
    multiple=True,
    metavar="NAME",
    help="Of this domain only. May be given more than once.",
)


@click.group()
def dmarc() -> None:
    """Report to domains what became of mail in their name."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a command is asked for."""

    date: str | None
    domains: Sequence[str]
    is_dry: bool
    resend: bool
    servers: Sequence[str]


@dmarc.command()
@DATE_OPTION
@DOMAIN_OPTION
@click.option("--dry-run", "is_dry", is_flag=True, help="Send nothing, and mark nothing as sent.")
@click.option(
    "--resend", is_flag=True, help="Also send what may have been sent by a command that was killed."
)
@SERVER_OPTION
@JSON_OPTION
@CONFIG_OPTION
@STATE_OPTION
def report(
    date: str | None,
    domains: Sequence[str],
    is_dry: bool,
    resend: bool,
    servers: Sequence[str],
    as_json: bool,
    option: str | None,
    state_dir: str | None,
) -> None:
    """Send the aggregate reports that are due.

    These are the reports of all days that are over and still remembered, to those who ask for
    them, unless they were sent before. What fails is tried again by the next command. The exit
    status is 1 if something has failed, or if it is not known whether something was sent.
    """
    _check_date(date)
    wanted = _Wanted(date, [name.lower() for name in domains], is_dry, resend, servers)
    outcomes: list[Outcome] = []

    def tell(outcome: Outcome) -> None:
        outcomes.append(outcome)
        if not as_json:
            click.echo(_line(outcome))

    trouble = with_store(option, state_dir, lambda opened: _report(opened, wanted, tell))
    if as_json:
        echo_json([asdict(outcome) for outcome in outcomes])
    elif not outcomes and not trouble:
        click.echo("nothing is to be reported")
    if trouble:
        fail(trouble)
    if any(outcome.state in TROUBLE for outcome in outcomes):
        raise SystemExit(1)


async def _report(opened: Opened, wanted: _Wanted, tell: Callable[[Outcome], None]) -> str:
    """Send what is due; returns why nothing more is sent, if that is so."""
    settings, now = opened.loaded.config.dmarc_reports, time.time()
    for name in ("address", "organization"):
        if not getattr(settings, name):
            return f"dmarc_reports.{name} is not set: reports say who makes them"
    if not settings.enabled and not wanted.is_dry:
        return "dmarc_reports.enabled is false: nothing is sent"
    days = [wanted.date] if wanted.date else remembered_days(now, settings)
    due = [day for day in days if is_over(day, now) or (wanted.is_dry and wanted.date)]
    if wanted.date and not due:
        return f"{wanted.date} is not over: a report tells of a whole day (UTC)"
    # Only here: it brings in the reactor, which is running by now.
    from .smtp import send

    dns = opened.loaded.config.dns
    mta = _mta(settings)
    with closing(Resolver(opened.reactor, dns, chosen_servers(wanted.servers, dns))) as resolver:
        lookups = Lookups(resolver, MAX_QUESTIONS).for_check("dmarc")
        sending = Sending(
            opened.store,
            settings,
            lookups.ask_all,
            lambda sender, to, message: send(opened.reactor, mta, sender, to, message),
            tell,
            time.time,
            is_dry=wanted.is_dry,
            resend=wanted.resend,
        )
        try:
            await sending.days(due, wanted.domains)
        except GaveUp as error:
            return str(error)
    return ""


def _mta(settings: DmarcReports) -> Mta:
    return Mta(
        settings.smtp_host,
        settings.smtp_port,
        settings.helo or getfqdn(),
        settings.smtp_starttls,
        settings.smtp_ca,
    )


def _check_date(date: str | None, hint: str = "--date") -> None:
    if date is None:
        return
    try:
        begin_of(date)
    except ValueError:
        reason = f"{escape(date)}: expected a day such as 2026-11-28"
        raise click.BadParameter(reason, param_hint=hint) from None


def _line(outcome: Outcome) -> str:
    to = f" to {outcome.address}" if outcome.address else ""
    text = f": {escape(outcome.text, 300)}" if outcome.text else ""
    count = f" ({outcome.messages} messages)" if outcome.state in ("sent", "would send") else ""
    return f"{outcome.day} {outcome.domain}{to}: {outcome.state}{count}{text}"


@dmarc.command(name="list")
@DATE_OPTION
@DOMAIN_OPTION
@JSON_OPTION
@CONFIG_OPTION
@STATE_OPTION
def list_(
    date: str | None,
    domains: Sequence[str],
    as_json: bool,
    option: str | None,
    state_dir: str | None,
) -> None:
    """List what is remembered for aggregate reports.

    For each day and domain: how many messages, how many of them were accepted, and in how many
    rows of a report they are told.
    """
    _check_date(date)
    names = [name.lower() for name in domains]

    async def work(opened: Opened) -> list[DomainDay]:
        settings = opened.loaded.config.dmarc_reports
        days = [date] if date else remembered_days(time.time(), settings)
        return [item for day in days for item in await _known(opened.store, day, names)]

    found = with_store(option, state_dir, work)
    if as_json:
        echo_json([_plain(item) for item in found])
        return
    for item in found:
        lost = f", {item.lost} not told" if item.lost else ""
        click.echo(
            f"{item.day} {item.policy.domain}: {item.messages} messages,"
            f" {item.accepted} accepted, {len(item.rows)} rows{lost}; {escape(item.policy.rua)}"
        )


async def _known(store: Store, day: str, names: Sequence[str]) -> list[DomainDay]:
    domains = [name for name in await read_domains(store, day) if not names or name in names]
    found = [await read_day(store, day, name) for name in domains]
    return [item for item in found if item is not None]


def _plain(item: DomainDay) -> dict[str, Any]:
    return {
        "day": item.day,
        "domain": item.policy.domain,
        "rua": item.policy.rua,
        "messages": item.messages,
        "accepted": item.accepted,
        "rows": len(item.rows),
        "lost": item.lost,
    }


@dmarc.command()
@click.argument("domain")
@click.argument("date", metavar="DAY")
@CONFIG_OPTION
@STATE_OPTION
def show(domain: str, date: str, option: str | None, state_dir: str | None) -> None:
    """Show the report on a DOMAIN for a DAY, as XML.

    The day is one of UTC, such as 2026-11-28. It need not be over.
    """
    _check_date(date, "DAY")

    async def work(opened: Opened) -> bytes:
        settings = opened.loaded.config.dmarc_reports
        known = await read_day(opened.store, date, domain.lower())
        if known is None:
            return b""
        return report_xml(known, settings, make_report(known, settings).report_id)

    found = with_store(option, state_dir, work)
    if not found:
        fail(f"nothing is remembered of {escape(domain)} on {date}")
    click.echo(found.decode(), nl=False)
