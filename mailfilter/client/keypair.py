"""`mailfilteradm keypair`: keys of HTTPCrypt, made, checked and shown."""

import os
from pathlib import Path
from typing import NoReturn

import click

from ..codec.base32 import encode_base32
from ..codec.httpcrypt import Keypair, key_id
from ..codec.httpcrypt_text import (
    MAX_TEXT,
    KeypairError,
    read_keypair,
    render_json,
    render_toml,
    render_ucl,
)
from ..config.files import Source, read_source
from ..config.secrets import doubtful, exposed
from ..config.toml_text import part_text, string_text
from ..report.escape import escape
from .new_file import create, replace
from .options import FILE, JSON_OPTION, echo_json, fail

_FORMS = {"toml": render_toml, "ucl": render_ucl, "json": render_json}
_MODE = 0o600
_WHAT = "a secret key"

_CLIENT_OPTION = click.option(
    "--client",
    "is_client",
    is_flag=True,
    help="For who asks the filter; otherwise for the filter.",
)


@click.group()
def keypair() -> None:
    """Make keypairs of HTTPCrypt, and look at them."""


@keypair.command()
@click.option(
    "--out",
    type=FILE,
    metavar="FILE",
    help="The file to write, which nobody else may read; otherwise it is printed.",
)
@click.option(
    "--form",
    type=click.Choice(tuple(_FORMS)),
    metavar="FORM",
    default="toml",
    help="Our own form, toml, which is the default, or one of Rspamd's: ucl or json.",
)
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
@_CLIENT_OPTION
def new(out: str | None, form: str, force: bool, is_client: bool) -> None:
    """Make a keypair.

    With --out, what goes into the configuration is printed, as by show.
    """
    pair = Keypair.new()
    text = _FORMS[form](pair)
    if out is None:
        if force or is_client:
            raise click.UsageError("--force and --client are for --out")
        click.echo(text, nl=False)
        return
    path = Path(os.path.abspath(out))
    try:
        (replace if force else create)(path, text.encode(), _MODE)
    except FileExistsError as error:
        _fail_for(str(path), "is there already; --force replaces it" if not force else str(error))
    except (OSError, ValueError) as error:
        _fail_for(str(path), f"cannot be written: {getattr(error, 'strerror', None) or error}")
    click.echo(_about(pair, path, is_client=is_client))


@keypair.command()
@click.argument("file", type=FILE, metavar="FILE")
def check(file: str) -> None:
    """Tell if a keypair can be used.

    Both halves must belong together, and others must not be able to read the file, which may be as
    rspamadm keypair has written it.
    """
    source = _source(file)
    _pair(source)
    if trouble := exposed(source, None, _WHAT):
        _fail_for(file, "; ".join(trouble))
    if doubt := doubtful(source, None, _WHAT):
        click.echo(escape(f"warning: {file}: {'; '.join(doubt)}"), err=True)
    click.echo("ok")


@keypair.command()
@click.argument("file", type=FILE, metavar="FILE")
@_CLIENT_OPTION
@JSON_OPTION
def show(file: str, is_client: bool, as_json: bool) -> None:
    """Show the public key, and what goes into the configuration.

    With --json an object with the public key and its ids. The secret key is not shown.
    """
    pair = _pair(_source(file))
    if not as_json:
        click.echo(_about(pair, Path(os.path.abspath(file)), is_client=is_client))
        return
    names = {"public": pair.public, "id": key_id(pair.public), "short_id": pair.short_id}
    echo_json({name: encode_base32(octets) for name, octets in names.items()})


def _source(file: str) -> Source:
    source, problems = read_source(file, MAX_TEXT)
    if source is None:
        _fail_for(file, "; ".join(problem.expected for problem in problems))
    return source


def _pair(source: Source) -> Keypair:
    try:
        return read_keypair(source.data)
    except KeypairError as error:
        _fail_for(source.file, str(error))


def _fail_for(file: str, text: str) -> NoReturn:
    fail(escape(f"{file}: {text}"))


def _about(pair: Keypair, path: Path, *, is_client: bool) -> str:
    public = encode_base32(pair.public)
    lines = [f"# Public key {public}, short id {encode_base32(pair.short_id)}"]
    lines += _client_lines(public, path) if is_client else _server_lines(public, path)
    return "\n".join(lines)


def _server_lines(public: str, path: Path) -> list[str]:
    owner = "# The filter must be able to read it: give it to its user, or chgrp and chmod 640"
    return [
        f"# Those who ask are given the public key: mailfilterc or rspamc --key {public}",
        f"# Listeners open what is sealed for it by: keypairs = [{string_text(path.stem)}]",
        *([owner] if os.geteuid() == 0 else []),
        f"[keypairs.{part_text(path.stem)}]",
        f"file = {string_text(str(path))}",
    ]


def _client_lines(public: str, path: Path) -> list[str]:
    name = string_text(path.stem)
    return [
        f"# The one that asks has the file: mailfilterc --keypair {string_text(str(path))}",
        f'# Listeners let it in by: client_keys = "required", identities = [{name}]',
        f"[identities.{part_text(path.stem)}]",
        f'httpcrypt_keys = ["{public}"]',
    ]
