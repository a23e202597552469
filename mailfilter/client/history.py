"""`mailfilteradm history` and `mailfilteradm explain`: what became of the messages."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import click

from ..config.model import HistorySettings
from ..config.units import parse_duration
from ..report.history_search import (
    Wanted,
    find_rows,
    find_trace,
    parse_action,
    parse_address,
    parse_ip,
)
from ..report.identifiers import parse_trace_id
from ..report.reply_json import read_json
from ..store.base import Row
from .explain_text import explain_text, not_remembered
from .history_text import HEAD, row_line
from .options import CONFIG_OPTION, JSON_OPTION, STATE_OPTION, echo_json, fail
from .with_store import Opened, with_store

T = TypeVar("T")

TIME_FORM = 'a duration back from now such as "2h", or a time such as "2026-11-27T14:00" (UTC)'

LIMIT = 50
"""Rows shown unless asked for more."""

LIMIT_OPTION = click.option(
    "--limit",
    metavar="NUMBER",
    type=click.IntRange(min=0),
    default=LIMIT,
    show_default=True,
    help="So many at most; 0 is all.",
)

_ADDRESSES = frozenset({"from", "to", "address", "user", "message-id"})
"""What rows are not found by if addresses are dropped."""


def _reading(read: Callable[[str], T]) -> Callable[[Any, Any, str | None], T | None]:
    """A callback of an option that reads its value; what is wrong is told with its name."""

    def callback(_context: Any, parameter: Any, value: str | None) -> T | None:
        if value is None:
            return None
        try:
            return read(value)
        except ValueError as error:
            raise click.BadParameter(str(error), param=parameter) from None

    return callback


def parse_time(text: str, now: float) -> float:
    """Unix time of "2h" (before now) or of an ISO time, in UTC where it says nothing else.

    Raises ValueError.
    """
    try:
        return now - parse_duration(text)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"expected {TIME_FORM}") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _time(value: str) -> float:
    return parse_time(value, time.time())


SINCE_OPTION = click.option(
    "--since", metavar="TIME", callback=_reading(_time), help=f"Not older than {TIME_FORM}."
)


@click.command()
@click.option(
    "--from",
    "sender",
    metavar="ADDRESS",
    callback=_reading(parse_address),
    help="Sender or @domain.",
)
@click.option(
    "--to",
    "recipient",
    metavar="ADDRESS",
    callback=_reading(parse_address),
    help="Recipient or @domain.",
)
@click.option(
    "--address", metavar="ADDRESS", callback=_reading(parse_address), help="Either of the two."
)
@click.option(
    "--action",
    metavar="ACTION",
    callback=_reading(parse_action),
    help="Such as reject or add-header.",
)
@click.option(
    "--symbol",
    metavar="SYMBOL",
    multiple=True,
    help="A symbol that fired; several must all have fired.",
)
@click.option("--ip", metavar="ADDRESS", callback=_reading(parse_ip), help="The client's address.")
@click.option("--user", metavar="NAME", help="The name by which the client has logged in.")
@click.option(
    "--identity",
    metavar="NAME",
    help="One of [identities], whose certificate the other side has shown.",
)
@click.option(
    "--message-id", metavar="ID", callback=_reading(parse_address), help="With or without <>."
)
@click.option("--queue-id", metavar="ID", help="The MTA's.")
@SINCE_OPTION
@click.option(
    "--until", metavar="TIME", callback=_reading(_time), help="Older than that; in the same form."
)
@LIMIT_OPTION
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs: an object a line.")
@CONFIG_OPTION
@STATE_OPTION
def history(
    sender: str | None,
    recipient: str | None,
    address: str | None,
    action: str | None,
    symbol: tuple[str, ...],
    ip: str | None,
    user: str | None,
    identity: str | None,
    message_id: str | None,
    queue_id: str | None,
    since: float | None,
    until: float | None,
    limit: int,
    as_json: bool,
    option: str | None,
    state_dir: str | None,
) -> None:
    """Show the messages that were scanned, the newest first.

    Those are shown for which all options that are given hold. Addresses are those of the envelope
    and of the header. Times are in UTC.
    """
    given: dict[Any, str | None] = {
        "from": sender,
        "to": recipient,
        "address": address,
        "action": action,
        "ip": ip,
        "user": user,
        "identity": identity,
        "message-id": message_id,
        "queue-id": queue_id,
    }
    values = [(kind, value) for kind, value in given.items() if value is not None]
    values += [("symbol", name) for name in symbol]
    wanted = Wanted(values, since, until, limit)

    async def work(opened: Opened) -> int:
        _warn(opened.loaded.config.history, wanted)
        if not as_json:
            click.echo(HEAD)
        return await find_rows(opened.store, wanted, _show_json if as_json else _show)

    if not with_store(option, state_dir, work) and not as_json:
        click.echo("no message found", err=True)


@click.command()
@click.argument("trace", nargs=-1, required=True, metavar="TRACE-ID")
@JSON_OPTION
@CONFIG_OPTION
@STATE_OPTION
def explain(
    trace: tuple[str, ...], as_json: bool, option: str | None, state_dir: str | None
) -> None:
    """Show what each check found in a message, and what decided.

    Also how long each took, and what became of the message. `mailfilterc explain` asks a filter
    elsewhere.

    The TRACE-ID is in the log line, and, if so configured, in a header and in the reply to a
    message that was refused. It may be pasted with what is around it, as "trace=0123456789ab". Of
    several the last with "trace" before it is meant; if there is none, the first.
    """
    try:
        trace_id = parse_trace_id(" ".join(trace))
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="TRACE-ID") from None

    async def work(opened: Opened) -> Row | None:
        return await find_trace(opened.store, trace_id)

    found = with_store(option, state_dir, work)
    if found is None:
        hint = not_remembered(" (--config, --state-dir)")
        fail(f"no scan {trace_id} is remembered; {hint}")
    row, detail = read_json(found.body), read_json(found.detail)
    if as_json:
        echo_json({"trace_id": trace_id, "row": row, "detail": detail})
        return
    click.echo(explain_text(trace_id, row, detail))


def _show(row: Row) -> None:
    click.echo(row_line(row.row_id.decode("utf-8", "replace"), read_json(row.body)))


def _show_json(row: Row) -> None:
    body = read_json(row.body)
    echo_json({"trace_id": row.row_id.decode("utf-8", "replace"), **body})


def _warn(settings: HistorySettings, wanted: Wanted) -> None:
    """Say why what is looked for may not be there."""
    if not settings.enabled:
        click.echo("warning: history.enabled is false: new messages are not remembered", err=True)
    asked = [kind for kind, _value in wanted.values if kind in _ADDRESSES]
    if settings.addresses == "dropped" and asked:
        text = f'history.addresses is "dropped": nothing is found by --{asked[0]}'
        click.echo(f"warning: {text}", err=True)
