"""Pages as an administrator reads them: their commands are run, their configurations used.

Only ports, paths and the address of the machine take other values here.
"""

import functools
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping
from itertools import takewhile
from pathlib import Path

from . import peers
from .harness import ADM, Filter
from .processes import free_port, private_directory

PAGE = peers.CHECKOUT / "docs/tls.md"
OURS = "A certificate of ours"
AUTHORITY = "From an authority of your own"
CERTBOT = "From a public authority"
OCSP = "OCSP"
REVOCATION = "Revocation"
HTTPS = "An MTA elsewhere, over HTTPS"
MILTER = "Milter over TLS, by stunnel"
LINES = "Exim, spamc, rspamc"
SELF_SIGNED = "Signed by itself"
WHO = "Who may connect"
TEAM = "The controller, for a team"
COMMANDS = "Commands"

FOLDER = "/etc/mailfilter/tls"
STUNNEL_FOLDER = "/etc/stunnel"
HARAKA_FOLDER = "/etc/haraka/tls"
SERVER = "filter.example.org"
"""The name of the filter's machine, and in its certificate."""

Files = tuple[Path, Path]
"""Of a certificate and its key."""

_FENCE = "```"


def blocks(heading: str, language: str, page: Path = PAGE) -> list[str]:
    """The blocks of a language under one heading."""
    wanted = (heading, language)
    found = [text for above, kind, text in all_blocks(page) if (above, kind) == wanted]
    assert found, (heading, language)
    return found


def all_blocks(page: Path = PAGE) -> Iterator[tuple[str, str, str]]:
    """All blocks of a page: heading, language, text."""
    heading = ""
    lines = iter(page.read_text("utf-8").splitlines(keepends=True))
    for line in lines:
        if line.startswith("#"):
            heading = line.lstrip("#").strip()
        elif line.startswith(_FENCE):
            kind = line.removeprefix(_FENCE).strip()
            yield heading, kind, "".join(takewhile(lambda text: not text.startswith(_FENCE), lines))


def block(heading: str, language: str, page: Path = PAGE) -> str:
    """The only one."""
    (text,) = blocks(heading, language, page)
    return text


def here(text: str, changes: Mapping[str, str]) -> str:
    """A text of the page with other values, each of which takes the place of one that is there."""
    for part, replacement in changes.items():
        assert part in text, part
        text = text.replace(part, replacement)
    return text


def run(commands: str, folder: Path, environment: Mapping[str, str] = {}) -> str:
    """Run commands in a folder; what they print.

    Raises AssertionError with what they said if one fails.
    """
    done = subprocess.run(
        ["sh", "-e", "-c", commands],
        cwd=folder,
        env={"PATH": peers.environment()["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def with_adm(folder: Path) -> Mapping[str, str]:
    """An environment in which `mailfilteradm` is a command, which is put into this folder."""
    program = folder / "mailfilteradm"
    program.write_text(f"#!{sys.executable}\n{ADM}\n")
    program.chmod(0o755)
    path = os.environ.get("PATH", "")
    return {"PATH": f"{folder}:{path}", "PYTHONPATH": str(peers.CHECKOUT)}


def make_authority() -> Path:
    """A folder in which the page's commands have made an authority, and what it signs."""
    folder = private_directory()
    run(blocks(AUTHORITY, "sh")[0], folder)
    return folder


def issue(authority: Path, name: str) -> Files:
    """Have it sign a certificate for another MTA as the page does; its file, that of its key."""
    command = blocks(AUTHORITY, "sh")[0].rpartition("\n\n")[2]
    stem = name.partition(".")[0]
    changes = {"mx1.example.net": name, "mx1.key": f"{stem}.key", "mx1.pem": f"{stem}.pem"}
    run(f"umask 077\n{here(command, changes)}", authority)
    return authority / f"{stem}.pem", authority / f"{stem}.key"


class MtaFiles:
    """What lies on the MTA's machine: the authority it trusts, and what it shows."""

    def __init__(self, authority: Path, group: str = "") -> None:
        """`group` may read them, too."""
        self.folder = private_directory()
        self._group = group
        self.own = authority / "mx1.pem", authority / "mx1.key"
        put(authority / "ca.pem", self.folder / "ca.pem", group)
        self.show(*self.own)

    def show(self, certificate: Path, key: Path) -> None:
        """Show another certificate from now on."""
        put(certificate, self.folder / "mx1.pem", self._group)
        put(key, self.folder / "mx1.key", self._group)


def put(source: Path, target: Path, group: str = "") -> None:
    """Copy a file so that it is there as a whole, for its owner alone, or for a group too."""
    new = target.with_name(f"{target.name}.new")
    new.touch(mode=0o600)
    new.write_bytes(source.read_bytes())
    if group:
        shutil.chown(new, group=group)
        new.chmod(0o640)
    new.rename(target)


class PageFilter(Filter):
    """A filter with a configuration of the page.

    `tls` has the port of each on 127.0.0.1 by the one in the page; `files` is where certificates
    and keys lie, `authority` where they were made.
    """

    def __init__(self, text: str, authority: Path | None = None, start: bool = True) -> None:
        super().__init__(start=False)
        self.authority = authority or make_authority()
        self.files = self.home / "tls"
        self.files.mkdir()
        for name in ("ca.pem", "filter.pem", "filter.key"):
            if (self.authority / name).exists():
                put(self.authority / name, self.files / name)
        self.tls: dict[str, int] = {}
        self.configure(self._here(text))
        self.configure('[tls]\nwatch = "200ms"\n')
        if start:
            self.start()

    def ping(self, shown: Files | None = None) -> bytes:
        """Ask over HTTPS whether it is there, with a certificate and its key; all that comes.

        Raises OSError if the handshake fails.
        """
        context = self.context(shown)
        address = ("127.0.0.1", self.tls["11443"])
        with (
            socket.create_connection(address, 30) as plain,
            context.wrap_socket(plain, server_hostname=SERVER) as stream,
        ):
            stream.sendall(b"GET /ping HTTP/1.0\r\n\r\n")
            return b"".join(iter(lambda: stream.recv(4096), b""))

    def context(self, shown: Files | None = None) -> ssl.SSLContext:
        """What a client uses that trusts the authority."""
        context = ssl.create_default_context(cafile=str(self.authority / "ca.pem"))
        if shown is not None:
            context.load_cert_chain(*shown)
        return context

    def _here(self, text: str) -> str:
        changes = {FOLDER: str(self.files)} if FOLDER in text else {}
        for shown in re.findall(r'"tcp:(\d+)"', text):
            self.tls[shown] = free_port()
            changes[f'"tcp:{shown}"'] = f'"tcp:{self.tls[shown]}:interface=127.0.0.1"'
        return here(text, changes)


def stunnel_text(
    heading: str, server: PageFilter, files: Path, port: int, changes: Mapping[str, str] = {}
) -> str:
    """A section of stunnel's configuration: with these files, and at this port of ours.

    `changes` come first.
    """
    text = block(heading, "ini")
    text = here(text[text.index("[") :], changes)
    accepted, connected = re.findall(r"^accept = (\S+)\nconnect = (\S+)$", text, re.MULTILINE)[0]
    asked = server.tls[connected.rpartition(":")[2]]
    local = {
        f"accept = {accepted}": f"accept = 127.0.0.1:{port}",
        f"connect = {connected}": f"connect = 127.0.0.1:{asked}",
        f"{STUNNEL_FOLDER}/": f"{files}/",
    }
    return here(text, local)


def refusals(asked: Filter) -> str:
    """What the log of a filter says of refused handshakes: of each source one in a minute."""
    lines = asked.log().splitlines()
    return "\n".join(line for line in lines if "TLS refused" in line)


def refused(asked: Filter, kind: str) -> int:
    """How many handshakes it has refused for one kind of reason."""
    counters: Mapping[str, int] = asked.status()["counters"]
    return counters.get(f"tls/refused/{kind}", 0)


def stunnel_head(user: str) -> str:
    """What is above the sections; stunnel goes on as this user."""
    text = block(MILTER, "ini")
    return here(text[: text.index("[")], {"stunnel4": user})


@functools.cache
def milter_filter() -> PageFilter:
    """The one of the set-up with stunnel, which takes lines, too."""
    return PageFilter(block(MILTER, "toml") + block(LINES, "toml"))


@functools.cache
def https_filter() -> PageFilter:
    """The one of the set-up over HTTPS."""
    return PageFilter(block(HTTPS, "toml"))
