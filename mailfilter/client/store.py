"""`mailfilteradm store`: look at the store, check it, copy it, move to another kind of it."""

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import click

from ..config import load
from ..config.model import StoreSettings
from ..store import make_store
from ..store.base import Stats, Store
from ..store.embedded import EmbeddedStore
from ..store.errors import StoreError
from ..store.upkeep import copy, copy_to_file, try_out
from .control import state_dirs
from .options import (
    CONFIG_OPTION,
    FILE,
    JSON_OPTION,
    STATE_OPTION,
    echo_json,
    fail,
    load_or_exit,
)
from .with_store import (
    SECONDS,
    NoStore,
    Opened,
    find_store,
    ignore,
    run_in_reactor,
    using,
    with_store,
)

BACKUP_SIZE = 2**43
"""Of a backup, at most: it must hold all that there is, whatever store.max_size allows."""
KINDS = ("embedded", "redis")
"""That can be moved from and to: what a memory store has is its process's own."""


@click.group()
def store() -> None:
    """Look after what the filter remembers."""


@store.command()
@JSON_OPTION
@CONFIG_OPTION
@STATE_OPTION
def stats(as_json: bool, option: str | None, state_dir: str | None) -> None:
    """Show where the store is and what is in it."""

    async def work(opened: Opened) -> Stats:
        return await opened.store.stats()

    found = with_store(option, state_dir, work)
    if as_json:
        echo_json(
            {
                "kind": found.kind,
                "place": found.place,
                "octets": found.octets,
                "entries": dict(found.entries),
                "details": dict(found.details),
            }
        )
        return
    click.echo(f"{found.kind}: {found.place}")
    lines = [("size", f"{found.octets / 2**20:.1f} MiB"), *found.details.items()]
    lines += [(name, str(count)) for name, count in found.entries.items()]
    width = max(len(name) for name, _ in lines)
    for name, value in lines:
        click.echo(f"  {name:{width}}  {value}")


@store.command()
@CONFIG_OPTION
@STATE_OPTION
def check(option: str | None, state_dir: str | None) -> None:
    """Look whether the store is in order.

    It must be sound, and answer calls of every kind. An embedded one is read from end to end. The
    filter may be running.
    """

    async def work(opened: Opened) -> Sequence[str]:
        found: list[str] = []
        if isinstance(opened.store, EmbeddedStore):
            found += await opened.store.inspect()
        return [*found, *await try_out(opened.store)]

    problems = with_store(option, state_dir, work)
    for problem in problems:
        click.echo(problem)
    if problems:
        fail("the store is not in order")
    click.echo("the store is in order")


@store.command()
@click.argument("path", type=FILE, metavar="FILE")
@CONFIG_OPTION
@STATE_OPTION
def backup(path: str, option: str | None, state_dir: str | None) -> None:
    """Copy the store to a new file; the filter may be running.

    To use it, stop the filter and put the file in the place of the embedded store, without the
    files whose names begin like it. What is in a Redis server is copied into such a file, too;
    `migrate embedded redis` takes it back.
    """
    path = os.path.abspath(path)
    if os.path.exists(path):
        fail(f"{path} is there already")

    async def work(opened: Opened) -> None:
        if isinstance(opened.store, EmbeddedStore):
            await opened.store.backup(path)
            return
        await copy_to_file(opened.store, path, lambda part: _backup_store(opened, part))

    with_store(option, state_dir, work, as_owner=False)
    click.echo(f"{path}: {os.path.getsize(path) / 2**20:.1f} MiB")


def _backup_store(opened: Opened, path: str) -> Store:
    settings = replace(
        opened.loaded.config.store,
        path=path,
        kind="embedded",
        timeout=SECONDS,
        max_size=BACKUP_SIZE,
    )
    return make_store(opened.reactor, settings, "", ignore, ignore, evicts=False)


@store.command()
@click.argument("source", metavar="FROM", type=click.Choice(KINDS))
@click.argument("target", metavar="TO", type=click.Choice(KINDS))
@click.option("--force", is_flag=True, help="Even if there is something in TO already.")
@CONFIG_OPTION
@STATE_OPTION
def migrate(
    source: str, target: str, force: bool, option: str | None, state_dir: str | None
) -> None:
    """Copy all that is in one kind of store to another.

    FROM and TO are "embedded" and "redis". Both are where the configuration says; store.kind does
    not matter. What the filter stores meanwhile may be missing: best is to stop it, migrate, change
    store.kind, and start it.
    """
    if source == target:
        fail(f"from {source} to {target}: nothing to do")
    loaded = load_or_exit(load, option)
    directories = state_dirs(state_dir, os.environ, os.getcwd())
    try:
        count = run_in_reactor(
            lambda reactor: _migrate(reactor, loaded.config.store, directories, source, force)
        )
    except (NoStore, StoreError, OSError) as error:
        fail(str(error))
    click.echo(f'{count} calls carried out; set store.kind = "{target}" to use it')


async def _migrate(
    reactor: Any, settings: StoreSettings, directories: Sequence[str], source: str, force: bool
) -> int:
    kinds: tuple[Any, ...] = (source, *(kind for kind in KINDS if kind != source))
    old, new = (replace(settings, kind=kind, timeout=SECONDS) for kind in kinds)
    directory = directories[0] if source != "embedded" else find_store(old, directories)
    opened = make_store(reactor, old, directory, ignore, ignore, is_service=False)
    target = make_store(reactor, new, directory, ignore, ignore, evicts=False)

    async def work() -> int:
        if not force and not (await target.stats()).is_empty:
            raise NoStore(f"there is something in {new.kind} already; --force adds to it")
        try:
            return await copy(opened, target)
        except StoreError as error:
            text = f"{error.name}: {error}; what is in {new.kind} now is a part of it"
            raise NoStore(text) from None

    return await using(opened, lambda: using(target, work))
