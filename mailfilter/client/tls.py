"""`mailfilteradm tls`: make a certificate, look what others speak, look what we show."""

import os
import time
from collections.abc import Sequence
from pathlib import Path

import click

from ..config.peer import Peer, parse_peer
from ..config.problem import Unfit
from ..config.tls_names import check_server
from ..config.toml_text import part_text, string_text
from ..config.values import read_fingerprint
from ..report.escape import escape
from ..tls.errors import TlsError
from ..tls.facts import facts
from ..tls.outgoing import Terms
from .options import FILE, fail
from .tls_new import Written, read_name, write
from .tls_probe import Unreachable, probe
from .tls_show import show
from .tls_text import findings_text, would_connect

MAX_DAYS = 3650


@click.group()
def tls() -> None:
    """Make certificates, and look at ours and those of others."""


tls.add_command(show)


@tls.command("self-signed")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option(
    "--out",
    type=FILE,
    metavar="FOLDER",
    default=".",
    help="The folder to write to; otherwise the current one.",
)
@click.option(
    "--days",
    type=click.IntRange(1, MAX_DAYS),
    metavar="DAYS",
    default=365,
    show_default=True,
    help="How long it holds, from now.",
)
@click.option(
    "--client",
    "is_client",
    is_flag=True,
    help="For who connects to the filter; otherwise for a server.",
)
def self_signed(names: Sequence[str], out: str, days: int, is_client: bool) -> None:
    """Make a key, and a certificate that is signed with it.

    NAME is a name of DNS or an IP address. With --client, it may also be a mail address or a URI.
    Nobody believes such a certificate who was not told to: it is for trying out, and for two sides
    that know each other. What goes into the configuration is printed. Files that are there are not
    overwritten.
    """
    for name in names:
        try:
            read_name(name, is_client=is_client)
        except ValueError as error:
            text = f"{escape(name)}: {escape(str(error))}"
            raise click.BadParameter(text, param_hint="NAME") from None
    try:
        written = write(names, Path(os.path.abspath(out)), days, is_client=is_client)
    except OSError as error:
        reason = f"{error.filename}: cannot be written: {error.strerror}"
        fail(escape(reason if error.strerror else str(error)))
    click.echo("\n".join(_client_lines(written) if is_client else _server_lines(written)))


def _server_lines(written: Written) -> list[str]:
    name = string_text(written.stem)
    owner = "# The filter must be able to read the key: give it to its user, or chgrp and chmod 640"
    return [
        f"# Listeners show it by: certificates = [{name}]",
        "# Those who connect must be told to trust it; its SHA-256 fingerprint is",
        f"# {facts(written.certificate).fingerprint}",
        *([owner] if os.geteuid() == 0 else []),
        f"[certificates.{part_text(written.stem)}]",
        f"chain = {string_text(str(written.chain))}",
        f"key = {string_text(str(written.key))}",
    ]


def _client_lines(written: Written) -> list[str]:
    name = string_text(written.stem)
    return [
        "# The one that connects shows these, which the filter does not need:",
        f"# {written.chain}",
        f"# {written.key}",
        f'# Listeners let it in by: client_auth = "required", identities = [{name}]',
        f"[identities.{part_text(written.stem)}]",
        f"fingerprints = [{string_text(facts(written.certificate).fingerprint)}]",
        "# For an MTA: the addresses, logins and settings that it tells are believed by",
        "# trusted = true",
    ]


def _peer(context: click.Context, parameter: click.Parameter, value: str) -> Peer:
    try:
        return parse_peer(value)
    except ValueError as error:
        expected = "expected HOST:PORT, [ADDRESS]:PORT or an absolute path"
        raise click.BadParameter(f"{escape(value)}: {expected}; {escape(str(error))}") from None


def _pins(
    context: click.Context, parameter: click.Parameter, values: Sequence[str]
) -> tuple[str, ...]:
    found = []
    for value in values:
        pin = read_fingerprint(value)
        if pin is None:
            raise click.BadParameter(f"{escape(value)}: expected 64 hexadecimal digits")
        found.append(pin)
    return tuple(found)


def _name(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    if value is None:
        return None
    try:
        check_server(value)
    except Unfit as unfit:
        raise click.BadParameter(f"{escape(value)}: {escape(str(unfit))}") from None
    return value


@tls.command()
@click.argument("peer", callback=_peer, metavar="HOST:PORT")
@click.option(
    "--name",
    callback=_name,
    metavar="NAME",
    help="Name or address that its certificate must be for; otherwise HOST.",
)
@click.option(
    "--ca",
    type=FILE,
    metavar="FILE",
    help="Authorities to trust; otherwise those of the system.",
)
@click.option(
    "--crl",
    type=FILE,
    metavar="FILE",
    multiple=True,
    help="A list of revoked certificates; may be repeated.",
)
@click.option(
    "--pin",
    "pins",
    metavar="SHA256",
    multiple=True,
    callback=_pins,
    help="SHA-256 of its certificate or public key; of several, one must fit.",
)
@click.option("--certificate", type=FILE, metavar="FILE", help="The certificate that we show.")
@click.option("--key", type=FILE, metavar="FILE", help="Its key; otherwise in the same file.")
@click.option(
    "--timeout",
    type=click.FloatRange(0.1, 600),
    metavar="SECONDS",
    default=10.0,
    show_default=True,
    help="Seconds for all of it.",
)
def check(
    peer: Peer,
    name: str | None,
    ca: str | None,
    crl: Sequence[str],
    pins: tuple[str, ...],
    certificate: str | None,
    key: str | None,
    timeout: float,
) -> None:
    """Tell what a server speaks and shows, and if we would connect.

    The server is one with TLS; we are the filter. HOST:PORT is as in the configuration:
    [ADDRESS]:PORT for IPv6, or the path of a unix socket. So are the terms that the options set. It
    must be TLS from the first octet: STARTTLS is not spoken. The exit status is 0 if the filter
    would connect, 1 if not.
    """
    if key is not None and certificate is None:
        raise click.UsageError("--key is for --certificate")
    terms = Terms(
        authorities=ca or "",
        revoked=tuple(crl),
        pins=pins,
        certificate=certificate or "",
        key=key or "",
    )
    try:
        findings = probe(peer, name or peer.host or "localhost", terms, timeout)
    except (Unreachable, TlsError) as error:
        fail(f"no: {escape(str(error))}")
    click.echo(findings_text(findings, time.time()))
    if not would_connect(findings):
        raise SystemExit(1)
