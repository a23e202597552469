"""`mailfilteradm learn`: who taught what, and how to take that back."""

import os
import pwd
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from ..classifier.event import Digest, Event, Label, digest_of
from ..mail import parse
from ..syntax import moment
from .history import LIMIT_OPTION, SINCE_OPTION
from .history_text import cell
from .learn_log import Lesson, NoLog, Undone, lessons, undo_lessons
from .options import CONFIG_OPTION, FILE, JSON_OPTION, STATE_OPTION, echo_json, fail
from .with_store import Opened, with_store

BY = 28
"""Characters of a name in a line."""

HEAD = f"{'position':>9}  {'time':20}  class   {'by':{BY}}  message"


BY_OPTION = click.option("--by", metavar="NAME", help="What this one taught.")
MESSAGE_OPTION = click.option(
    "--message", metavar="FILE", type=FILE, help="What was taught about this message."
)


@click.group()
def learn() -> None:
    """Look at what the filter was taught, and take it back."""


@learn.command("list")
@BY_OPTION
@click.option(
    *("--class", "label"),
    metavar="CLASS",
    type=click.Choice(("spam", "ham")),
    help="What was taught as spam, or as ham.",
)
@SINCE_OPTION
@MESSAGE_OPTION
@LIMIT_OPTION
@JSON_OPTION
@CONFIG_OPTION
@STATE_OPTION
def list_(
    by: str | None,
    label: Label | None,
    since: float | None,
    message: str | None,
    limit: int,
    as_json: bool,
    option: str | None,
    state_dir: str | None,
) -> None:
    """Show what was taught, by whom and when, the newest first.

    Of very long logs the oldest part is not kept: what it taught is still known, but not by whom.
    The message is told by a hash; the log has no text.
    """
    wanted = _wanted(by, since, message, label)

    async def work(opened: Opened) -> Sequence[Lesson]:
        found = []
        async for lesson in lessons(opened.store):
            if wanted(lesson):
                found.append(lesson)
            if limit and len(found) >= limit:
                break
        return found

    found = with_store(option, state_dir, work)
    if as_json:
        echo_json([_plain(lesson) for lesson in found])
        return
    if not found:
        click.echo("nothing found", err=True)
        return
    click.echo(HEAD)
    for lesson in found:
        click.echo(_line(lesson))


@learn.command()
@click.argument("positions", nargs=-1, metavar="[POSITION]...", type=click.IntRange(min=1))
@BY_OPTION
@SINCE_OPTION
@MESSAGE_OPTION
@click.option("--dry-run", "is_dry", is_flag=True, help="Only say what would change.")
@CONFIG_OPTION
@STATE_OPTION
def undo(
    positions: tuple[int, ...],
    by: str | None,
    since: float | None,
    message: str | None,
    is_dry: bool,
    option: str | None,
    state_dir: str | None,
) -> None:
    """Take back what was taught.

    Either at POSITIONs that `list` shows, or all for which the options hold. Each message becomes
    what it would be without that: what it was taught as before or since, or nothing at all. This
    is taught to the filter like all else, and can be undone as well.
    """
    is_all = by is None and since is None and message is None
    if bool(positions) != is_all:
        raise click.UsageError("expected POSITIONs or options, and not both")
    wanted = _at(positions) if positions else _wanted(by, since, message)
    who = _who()

    async def work(opened: Opened) -> Undone:
        return await undo_lessons(opened.store, wanted, who, is_dry=is_dry)

    try:
        done = with_store(option, state_dir, work)
    except NoLog as error:
        fail(str(error))
    if not done.count:
        fail("nothing found that could be undone")
    would = "would be " if is_dry else ""
    click.echo(
        f"{done.count} undone: {done.forgotten} {would}forgotten, {done.restored} {would}as before"
    )


def _at(positions: Sequence[int]) -> Callable[[Lesson], bool]:
    chosen = frozenset(positions)
    return lambda lesson: lesson.position in chosen


def _wanted(
    by: str | None, since: float | None, message: str | None, label: Label | None = None
) -> Callable[[Lesson], bool]:
    digest = None if message is None else _digest(message)

    def holds(lesson: Lesson) -> bool:
        return (
            (by is None or lesson.event.by == by)
            and (since is None or lesson.event.at >= since)
            and (digest is None or lesson.event.digest == digest)
            and (label is None or lesson.label == label)
        )

    return holds


def _digest(path: str) -> Digest:
    try:
        return digest_of(parse(Path(path).read_bytes()))
    except OSError as error:
        fail(f"{path}: {error.strerror}")


def _who() -> str:
    """The user of this machine, before the command becomes the owner of the store."""
    uid = os.getuid()
    try:
        return f"{pwd.getpwuid(uid).pw_name} (mailfilteradm)"
    except KeyError:
        return f"user {uid} (mailfilteradm)"


def _line(lesson: Lesson) -> str:
    event: Event = lesson.event
    return (
        f"{lesson.position:>9}  {moment(event.at):20}  {lesson.label or 'forget':6}"
        f"  {cell(event.by if lesson.is_human else f'{event.by} (automatic)', BY)}"
        f"  {event.digest.hex()}"
    )


def _plain(lesson: Lesson) -> dict[str, Any]:
    return {
        "position": lesson.position,
        "time": lesson.event.at,
        "class": lesson.label,
        "by": lesson.event.by,
        "human": lesson.is_human,
        "message": lesson.event.digest.hex(),
    }
