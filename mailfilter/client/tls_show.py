"""`mailfilteradm tls show`: what the running filter serves with, or what files hold, as text."""

import os
import time
from collections.abc import Iterator, Mapping
from typing import Any

import click

from ..codec.control import ControlError
from ..config.toml_text import printable
from ..report.escape import escape
from ..syntax import moment
from ..tls.errors import TlsError
from ..tls.pem import certificates
from ..tls.reading import read_file
from .control import NotRunning, ask, state_dirs
from .options import (
    CONFIG_OPTION,
    FILE,
    JSON_OPTION,
    STATE_OPTION,
    Knowledge,
    echo_json,
    fail,
    load_or_exit,
)
from .tls_text import certificate_lines, expiry, names_text, table

_TABLES = ("certificates", "client_trust", "keypairs", "signing_keys", "signing_sources")
"""Parts of the live status."""

MAX_SHOWN = 100
"""Certificates of a file."""


@click.command()
@click.argument("file", type=FILE, required=False)
@JSON_OPTION
@CONFIG_OPTION
@STATE_OPTION
@click.pass_obj
def show(
    knowledge: Knowledge,
    file: str | None,
    as_json: bool,
    option: str | None,
    state_dir: str | None,
) -> None:
    """Show the certificates and keys in use, and whom we believe.

    They are those that the running filter serves with. With --config what the files of that
    configuration hold now, also if no filter runs. With FILE the certificates in it. The exit
    status is 1 if something is wrong with them, or has expired.
    """
    if sum(given is not None for given in (file, option, state_dir)) > 1:
        raise click.UsageError("expected one of FILE, --config and --state-dir")
    if file is not None and as_json:
        raise click.UsageError("--json is not for FILE")
    if file is not None:
        _show_file(file)
        return
    page = _running(state_dir) if option is None else load_or_exit(knowledge.tls_page, option)
    if as_json:
        echo_json(page)
    else:
        click.echo(show_text(page, time.time()))
    items = [item for table in page.values() for item in table.values()]
    if any(item["trouble"] or item["expired"] for item in items):
        raise SystemExit(1)


def _show_file(file: str) -> None:
    try:
        found = certificates(read_file(file), MAX_SHOWN)
    except TlsError as error:
        text = str(error)
        fail(escape(text if text.startswith(file) else f"{file}: {text}"))
    parts = ["\n".join(certificate_lines(item, time.time())) for item in found]
    click.echo("\n\n".join(parts))


def _running(state_dir: str | None) -> Mapping[str, Any]:
    try:
        answer = ask(state_dirs(state_dir, os.environ, os.getcwd()), "status")
    except (NotRunning, ControlError) as error:
        fail(f"{error}\n--config FILE shows what the files of a configuration hold")
    if answer.error:
        fail(answer.error)
    page = answer.status or {}
    return {name: page.get(name, {}) for name in _TABLES}


def show_text(page: Mapping[str, Any], now: float) -> str:
    """For people; `now` is Unix time."""
    found = "\n\n".join("\n".join(lines) for lines in _parts(page, now))
    return found or "no TLS is configured, no HTTPCrypt, and no key that signs mail"


def _parts(page: Mapping[str, Any], now: float) -> Iterator[list[str]]:
    for name, item in sorted(page["certificates"].items()):
        yield [f"certificate {printable(name)}", *table(list(_certificate_rows(item, now)))]
    for name, item in sorted(page["client_trust"].items()):
        yield [f"listener {printable(name)} believes", *table(list(_trust_rows(item, now)))]
    for name, item in sorted(page["keypairs"].items()):
        yield [f"keypair {printable(name)}", *table(list(_keypair_rows(item)))]
    for name, item in sorted(page.get("signing_keys", {}).items()):
        yield [f"signing key {printable(name)}", *table(list(_signing_rows(item)))]
    for name, item in sorted(page.get("signing_sources", {}).items()):
        rows = [*_trouble(item), ("keys", str(item["keys"]))]
        yield [f"signing keys from {escape(name)}", *table(rows)]
    for name, item in sorted(page.get("connects", {}).items()):
        rows = [("authorities", escape(item["file"])), ("certificate", escape(item["certificate"]))]
        yield [f"{name} connects with", *table([*rows, *_trouble(item)])]


def _certificate_rows(item: Mapping[str, Any], now: float) -> Iterator[tuple[str, str]]:
    yield from _trouble(item)
    yield "file", escape(item["chain"])
    yield "listeners", escape(", ".join(item["listeners"])) or "(none)"
    if "subject" not in item:
        return
    yield "subject", escape(item["subject"]) or "(none)"
    yield "issuer", escape(item["issuer"])
    yield "names", names_text(item["names"])
    yield "begins", moment(item["begins"])
    yield "expires", expiry(item["expires"], now)
    yield "key", escape(item["key"])
    yield "fingerprint", escape(item["fingerprint"])
    yield "public key", escape(item["public_key"])
    if item["ocsp_expires"] is not None:
        yield "OCSP until", expiry(item["ocsp_expires"], now)
    if "loaded" in item:
        yield "in use since", moment(item["loaded"])


def _trust_rows(item: Mapping[str, Any], now: float) -> Iterator[tuple[str, str]]:
    yield from _trouble(item)
    yield "file", escape(item["file"]) or "(none)"
    for authority in item["authorities"]:
        subject = escape(authority["subject"]) or "(none)"
        yield "authority", f"{subject}, expires {expiry(authority['expires'], now)}"
    for found in item["lists"]:
        until = "without end" if found["expires"] is None else expiry(found["expires"], now)
        yield "revokes", f"{escape(found['issuer'])}, until {until}"


def _keypair_rows(item: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield from _trouble(item)
    yield "file", escape(item["file"])
    yield "listeners", escape(", ".join(item["listeners"])) or "(none)"
    if "public_key" in item:
        yield "public key", escape(item["public_key"])
        yield "short id", escape(item["short_id"])
    if "loaded" in item:
        yield "in use since", moment(item["loaded"])


def _signing_rows(item: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield from _trouble(item)
    if "file" not in item:
        return
    yield "domain", escape(item["domain"])
    yield "selector", escape(item["selector"])
    yield "key", item["key"]
    yield "file", escape(item["file"])
    if "loaded" in item:
        yield "in use since", moment(item["loaded"])


def _trouble(item: Mapping[str, Any]) -> list[tuple[str, str]]:
    found = [("trouble", item["trouble"])] if item["trouble"] else []
    found += [("expired", text) for text in item["expired"]]
    return [(name, escape(text)) for name, text in found]
