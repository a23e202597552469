"""`mailfilteradm dkim`: keys that sign mail, made and looked at."""

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import click
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from ..auth.dkim import key_question
from ..auth.private_key import MAX_BITS, MAX_FILE, PrivateKey, PrivateKeyError, read_private_key
from ..codec.dns_answer import Answer, DnsError, Kind, Question
from ..codec.dns_name import BadName, normal_name
from ..config import load
from ..config.files import read_source
from ..config.model import Dns
from ..config.problem import Unfit
from ..config.secrets import exposed
from ..config.signing_rules import check_domain, check_selector
from ..config.toml_text import part_text, string_text
from ..net.resolver import Resolver
from ..net.servers import Server
from ..report.escape import escape
from .dkim_check import KeyFindings, judge
from .dkim_text import findings_lines, plain_findings, zone_line
from .dns_option import SERVER_OPTION, chosen_servers
from .new_file import create, replace
from .options import CONFIG_OPTION, FILE, JSON_OPTION, Knowledge, echo_json, fail, load_or_exit
from .own_key import OwnKey
from .with_store import run_in_reactor

MODE = 0o600
MIN_BITS = 2048
"""Of new ones; shorter ones that are there may go on (RFC 8301 3.2)."""


@click.group()
def dkim() -> None:
    """Make keys that sign mail, and look at what is published of them."""


@dkim.command()
@click.argument("domain")
@click.argument("selector")
@click.option(
    "--out",
    type=FILE,
    metavar="FILE",
    required=True,
    help="The file to write, which nobody else may read.",
)
@click.option(
    "--algorithm",
    "kind",
    type=click.Choice(("rsa", "ed25519")),
    default="rsa",
    show_default=True,
    metavar="NAME",
    help="rsa or ed25519. Not all who verify mail know ed25519: let it be a second key.",
)
@click.option(
    "--bits",
    type=click.IntRange(MIN_BITS, MAX_BITS),
    default=MIN_BITS,
    show_default=True,
    metavar="COUNT",
    help="Size of a key of RSA. Larger ones sign slowly, and others may not verify them.",
)
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
def keygen(domain: str, selector: str, out: str, kind: str, bits: int, force: bool) -> None:
    """Make a key by which mail of DOMAIN is signed.

    Prints the record to publish, as a line of a zone, and what goes into the configuration.
    """
    domain = usable(domain, selector)
    key = Ed25519PrivateKey.generate() if kind == "ed25519" else generate_private_key(65537, bits)
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path = Path(os.path.abspath(out))
    try:
        (replace if force else create)(path, text, MODE)
    except FileExistsError as error:
        reason = "is there already; --force replaces it" if not force else str(error)
        fail(escape(f"{path}: {reason}"))
    except (OSError, ValueError) as error:
        fail(escape(f"{path}: cannot be written: {getattr(error, 'strerror', None) or error}"))
    click.echo("\n".join(_about(domain, selector, key, path)))


@dkim.command()
@click.argument("domain")
@click.argument("selector")
@click.option(
    "--key",
    "key_file",
    type=FILE,
    metavar="FILE",
    help="The private key. Otherwise the one of the configuration, if there is one.",
)
@SERVER_OPTION
@JSON_OPTION
@CONFIG_OPTION
@click.pass_obj
def check(
    knowledge: Knowledge,
    domain: str,
    selector: str,
    key_file: str | None,
    servers: Sequence[str],
    as_json: bool,
    option: str | None,
) -> None:
    """Tell if mail that is signed by a key would verify.

    Reads what is published for DOMAIN and SELECTOR, compares it with our key, and verifies a
    signature that is made for it. The exit status is 1 if it would not, or if that cannot be
    told.
    """
    domain = usable(domain, selector)
    settings = load_or_exit(load, option).config.dns
    chosen = chosen_servers(servers, settings)
    own = (
        _key_of(key_file)
        if key_file is not None
        else _configured(knowledge, option, domain, selector)
    )
    found = run_in_reactor(lambda reactor: _look(reactor, settings, chosen, domain, selector, own))
    if as_json:
        echo_json(plain_findings(found))
    else:
        click.echo("\n".join(findings_lines(found)))
    if found.problems:
        raise SystemExit(1)


def usable(domain: str, selector: str) -> str:
    """The domain in lower case, if there can be a key of that name. Raises click.BadParameter."""
    part = "DOMAIN"
    try:
        check_domain(domain)
        part = "SELECTOR"
        check_selector(selector, domain)
    except Unfit as unfit:
        raise click.BadParameter(unfit.expected, param_hint=part) from None
    return domain.lower()


def _configured(knowledge: Knowledge, option: str | None, domain: str, selector: str) -> OwnKey:
    return load_or_exit(lambda path: knowledge.own_key(path, domain, selector), option)


def _key_of(file: str) -> OwnKey:
    source, problems = read_source(file, MAX_FILE)
    if source is None:
        fail(escape(f"{file}: {'; '.join(problem.expected for problem in problems)}"))
    found = exposed(source, None, "a private key")
    try:
        return OwnKey(read_private_key(source.data), file, "; ".join(found or ()))
    except PrivateKeyError as error:
        fail(escape(f"{file}: {error}"))


async def _look(
    reactor: Any,
    settings: Dns,
    servers: Sequence[Server],
    domain: str,
    selector: str,
    own: OwnKey,
) -> KeyFindings:
    resolver = Resolver(reactor, settings, servers)
    try:
        question = key_question(domain, selector)
        answer = await _asked(resolver, question)
        doubled = None
        if isinstance(answer, Answer) and answer.status != "found":
            with suppress(BadName):
                name = normal_name(f"{question.name}.{domain}")
                doubled = await _asked(resolver, Question(name, Kind.TXT))
        return await judge(domain, selector, own, answer, time.time(), doubled)
    finally:
        resolver.close()


async def _asked(resolver: Resolver, question: Question) -> Answer | DnsError:
    try:
        return await resolver.lookup(question)
    except DnsError as error:
        return error


def _about(domain: str, selector: str, key: PrivateKey, path: Path) -> list[str]:
    name = part_text(f"{domain}-{selector}".replace(".", "-"))
    owner = "# The filter must be able to read it: give it to its user, or chgrp and chmod 640"
    return [
        f"; To be published in the zone of {domain}, before mail is signed:",
        zone_line(domain, selector, key),
        "",
        f"# Then the filter signs by it; mailfilteradm dkim check {domain} {selector} tells if all"
        " is well",
        *([owner] if os.geteuid() == 0 else []),
        f"[signing_keys.{name}]",
        f"domain = {string_text(domain)}",
        f"selector = {string_text(selector)}",
        f"file = {string_text(str(path))}",
    ]
