"""`mailfilteradm pw`: hashes for `controller.password` or `enable_password`, made and checked."""

import sys
from collections.abc import Mapping

import click

from ..codec.password import (
    KINDS,
    MAX_PASSWORD,
    SHIPPED,
    DamagedHash,
    Plain,
    Stored,
    make_hash,
    parse_stored,
)
from ..config import load
from .options import CONFIG_OPTION, fail, load_or_exit

_ABOUT = {
    "scrypt": "$scrypt$  of our own; takes the most to guess",
    "catena": "$2$       of Rspamd, too: what rspamadm pw makes",
    "pbkdf2": "$1$       of Rspamd, too: takes the least to guess",
}
_KEYS = ("password", "enable_password")
"""Of `controller`."""


@click.command()
@click.argument("hashed", required=False, metavar="[HASH]")
@click.option(
    "--type",
    "kind",
    type=click.Choice(KINDS),
    metavar="KIND",
    help=f"What to make: {', '.join(KINDS[:-1])} or {KINDS[-1]}; otherwise {KINDS[0]}.",
)
@click.option("--check", is_flag=True, help="Tell if the password is right.")
@click.option("--list", "listing", is_flag=True, help="Show the kinds of hashes.")
@CONFIG_OPTION
def pw(
    hashed: str | None, kind: str | None, check: bool, listing: bool, option: str | None
) -> None:
    """Make the hash of a password, or check a password.

    It is for controller.password and controller.enable_password.

    The password is asked for; without a terminal it is the first line of standard input. With
    --check it is tried against HASH, or else against what the configuration says, and the exit
    status is 0 if it is right, 1 if not. A HASH must be in single quotes: it has dollar signs.
    """
    if sum((check, listing, kind is not None)) > 1:
        raise click.UsageError("expected one of --type, --check and --list")
    if (hashed is not None or option is not None) and not check:
        raise click.UsageError("HASH and --config are for --check")
    if hashed is not None and option is not None:
        raise click.UsageError("expected one of HASH and --config")
    if listing:
        for name, about in _ABOUT.items():
            click.echo(f"{name}  {about}")
    elif check:
        _check(_of_configuration(option) if hashed is None else {"HASH": _parsed(hashed)})
    else:
        _make(kind or KINDS[0])


def _make(kind: str) -> None:
    given = _password(is_new=True)
    if not given.isascii():
        click.echo("note: not all browsers and scripts can send other letters than ASCII", err=True)
    if given in SHIPPED:
        click.echo("warning: everybody knows it: good for this machine alone", err=True)
    click.echo(make_hash(given, kind))


def _check(tried: Mapping[str, Stored]) -> None:
    """Against what has the names."""
    given = _password(is_new=False)
    right = [name for name, stored in tried.items() if stored.is_right(given)]
    if not right:
        fail("wrong")
    click.echo("right" if right == ["HASH"] else f"right for {' and '.join(right)}")


def _parsed(hashed: str) -> Stored:
    try:
        stored = parse_stored(hashed)
    except DamagedHash as error:
        fail(f"HASH: {error}")
    if isinstance(stored, Plain):
        raise click.UsageError("HASH is none; was it in single quotes?")
    return stored


def _of_configuration(option: str | None) -> Mapping[str, Stored]:
    controller = load_or_exit(load, option).config.controller
    texts = {f"controller.{key}": getattr(controller, key) for key in _KEYS}
    found = {name: parse_stored(text) for name, text in texts.items() if text}
    if not found:
        fail(f"neither {' nor '.join(texts)} is set")
    return found


def _password(*, is_new: bool) -> bytes:
    # What a shell would keep in its history is no argument.
    given = _asked(is_new=is_new) if sys.stdin.isatty() else _piped()
    if not given:
        fail("the password is empty")
    if len(given) > MAX_PASSWORD:
        fail(f"the password has more than {MAX_PASSWORD} octets, the most that can be used")
    return given


def _asked(*, is_new: bool) -> bytes:
    text: str = click.prompt("Password", hide_input=True, confirmation_prompt=is_new, err=True)
    return text.encode("utf-8", "surrogateescape")


def _piped() -> bytes:
    return sys.stdin.buffer.readline(2 * MAX_PASSWORD).rstrip(b"\r\n")
