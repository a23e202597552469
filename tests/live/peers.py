"""The real peers of the live tests: Debian's packages, unpacked under `.peers/`, never installed.

`python -m tests.live.peers fetch` downloads them with `apt-get download`, together with those
libraries they need and the host lacks, and unpacks them with `dpkg-deb -x`. Nothing outside
`.peers/` changes and root is not needed. Without apt or network it says so, leaves a note for the
tests to show when they skip, and exits with 1. Haraka comes from npm in the same way (npm.py).
"""

import fcntl
import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from . import fetching, npm
from .fetching import CannotFetch, run

CHECKOUT = fetching.CHECKOUT
PEERS = fetching.PEERS
DEBIAN = PEERS / "debian"
PACKAGES = (
    "postfix",
    "swaks",
    "rspamd",
    "systemd",
    "redis-server",
    "redis-sentinel",
    "redis-tools",
    "sendmail-bin",
    "sendmail-cf",
    "m4",
    "miltertest",
    "sasl2-bin",
    "libsasl2-modules",
    "exim4-daemon-heavy",
    "spamc",
    "opensmtpd",
    "opensmtpd-filter-rspamd",
    "nginx",
    "haproxy",
    "stunnel4",
    "fetchmail",
    "dovecot-core",
    "dovecot-pop3d",
    "dovecot-sieve",
    "procmail",
    "maildrop",
    "courier-authlib",
    "zsh",
    "zsh-common",
    "fish",
    "fish-common",
    "mandoc",
    "chromium",
    "chromium-common",
    "chromium-driver",
    "fonts-dejavu-core",
    "libjs-bootstrap4",
    "libjs-jquery",
    "libjs-popper.js",
    "libjs-requirejs",
    "fonts-glyphicons-halflings",
    "unbound",
    "ldnsutils",
    "opendkim",
    "opendkim-tools",
    "spamassassin",
)
"""What the tests talk to, Exim with the conditions of its ACL that scan; and systemd-analyze, m4
for Sendmail's configuration, saslpasswd2, the mechanisms of SASL; letters for the
browser, and what the pages that come with rspamd need; a POP3 server, who fetches from it, and
who delivers into folders; shells, and a reader of manual pages; a DNS resolver, and what signs
a zone and asks about it; a milter of DKIM, and its tools; and what accuracy is compared with."""
OF_THE_HOST = ("curl", "openssl")
"""These come with them where the host has none."""
FOLLOWED = re.compile(r"lib(?!js-)|perl")
"""Dependencies worth having: libraries and Perl, not what sets up users, menus or web pages."""
STAMP = "packages.json"
NOTE = PEERS / "why-not.txt"


def fetch() -> None:
    """Download and unpack the peers unless they are there.

    Raises CannotFetch: no apt, no network, or a package that the sources do not have.
    """
    if _complete():
        return
    for tool in ("apt-get", "apt-cache", "dpkg-deb", "dpkg-query"):
        if shutil.which(tool) is None:
            raise CannotFetch(f"there is no {tool} on this host")
    try:
        _fetch_with([])
    except CannotFetch:
        _fetch_with(_private_lists())


def why_missing(*commands: str) -> str:
    """Why these programs cannot be used, or an empty string if they can."""
    if all(find(command) for command in commands):
        return ""
    missing = ", ".join(command for command in commands if not find(command))
    note = NOTE.read_text().strip() if NOTE.exists() else "run `python -m tests.live.peers fetch`"
    return f"no {missing}: {note}"


def find(command: str) -> Path | None:
    """A program among the peers, else on the host."""
    for folder in ("usr/bin", "bin", "usr/sbin", "usr/lib/postfix/sbin"):
        if (DEBIAN / folder / command).exists():
            return DEBIAN / folder / command
    found = shutil.which(command)
    return Path(found) if found else None


def environment() -> dict[str, str]:
    """Environment variables with which the peers find their libraries and modules."""
    usr = DEBIAN / "usr"
    libraries = [usr / "lib", usr / "lib/postfix", usr / "lib/rspamd"]
    libraries += sorted(DEBIAN.glob("usr/lib/*-linux-*")) + sorted(DEBIAN.glob("lib/*-linux-*"))
    libraries += sorted(usr.glob("lib/*-linux-*/systemd"))
    modules = [*usr.glob("share/perl/5.*"), *usr.glob("lib/*/perl/5.*"), usr / "share/perl5"]
    modules += sorted(usr.glob("lib/*/perl5/5.*"))
    return {
        "PATH": os.environ.get("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"),
        "LANG": "C",
        "LD_LIBRARY_PATH": _path(libraries),
        "PERL5LIB": _path(modules),
        "SASL_PATH": _path(sasl_plugins()),
    }


def sasl_plugins() -> list[Path]:
    """Folders with plug-ins of Cyrus SASL: those of the peers, then those of the host."""
    return [*DEBIAN.glob("usr/lib/*-linux-*/sasl2"), *Path("/usr/lib").glob("*-linux-*/sasl2")]


def _path(folders: Iterable[Path]) -> str:
    return ":".join(str(folder) for folder in folders if folder.exists())


def _complete() -> bool:
    try:
        stamp = json.loads((DEBIAN / STAMP).read_text())
    except (OSError, ValueError):
        return False
    return bool(stamp.get("packages") == list(PACKAGES))


def _fetch_with(options: Sequence[str]) -> None:
    wanted = _closure(options)
    work = PEERS / "debian.new"
    shutil.rmtree(work, ignore_errors=True)
    archives = PEERS / "archives"
    shutil.rmtree(archives, ignore_errors=True)
    archives.mkdir()
    # The sandbox user could not write here; nothing runs as root that would not anyway.
    run("apt-get", *options, "-o", "APT::Sandbox::User=root", "download", *wanted, cwd=archives)
    for archive in sorted(archives.glob("*.deb")):
        run("dpkg-deb", "-x", str(archive), str(work))
    stamp = {"packages": list(PACKAGES), "unpacked": sorted(p.name for p in archives.iterdir())}
    (work / STAMP).write_text(json.dumps(stamp, indent=1) + "\n")
    shutil.rmtree(archives)
    shutil.rmtree(DEBIAN, ignore_errors=True)
    work.rename(DEBIAN)


def _private_lists() -> list[str]:
    """Fresh package lists in a folder of our own: the host's are missing or out of date."""
    state = PEERS / "apt"
    (state / "lists/partial").mkdir(parents=True, exist_ok=True)
    (state / "cache/archives/partial").mkdir(parents=True, exist_ok=True)
    options = ["-o", f"Dir::State::Lists={state}/lists", "-o", f"Dir::Cache={state}/cache"]
    run("apt-get", *options, "-o", "APT::Sandbox::User=root", "update")
    return options


def _closure(options: Sequence[str]) -> list[str]:
    """The packages and, of what they need, all that is not installed on the host."""
    installed = _installed()
    wanted: list[str] = []
    virtual: set[str] = set()
    queue = [*PACKAGES, *(name for name in OF_THE_HOST if shutil.which(name) is None)]
    while queue:
        name = queue.pop(0)
        if name in wanted or name in virtual:
            continue
        shown = run("apt-cache", *options, "show", "--no-all-versions", name)
        if not shown.strip() and name not in PACKAGES:
            # It is part of another package, such as those modules that come with perl.
            virtual.add(name)
            continue
        wanted.append(name)
        for choices in _depends(name, shown):
            if not installed.intersection(choices) and FOLLOWED.match(choices[0]):
                queue.append(choices[0])
    return wanted


def _installed() -> frozenset[str]:
    listing = run("dpkg-query", "-W", "-f", "${db:Status-Abbrev} ${Package}\n")
    return frozenset(line.split()[1] for line in listing.splitlines() if line.startswith("ii"))


def _depends(name: str, text: str) -> Iterator[tuple[str, ...]]:
    """Each dependency of a package, of what is said of it: the packages of which any one will
    do."""
    if not text.strip():
        raise CannotFetch(f"the package sources do not know {name}")
    for line in text.splitlines():
        field, _, value = line.partition(":")
        if field not in ("Depends", "Pre-Depends"):
            continue
        for dependency in value.split(","):
            yield tuple(re.split(r"[\s:(]", choice.strip())[0] for choice in dependency.split("|"))


def main(arguments: Sequence[str]) -> int:
    """Run from the command line; status 2 for wrong usage."""
    if list(arguments) != ["fetch"]:
        print("usage: python -m tests.live.peers fetch", file=sys.stderr)
        return 2
    sources = ((fetch, NOTE, DEBIAN), (npm.fetch, npm.NOTE, npm.NPM))
    # Both, whatever becomes of the first one.
    return max([_fetch_from(*source) for source in sources])


def _fetch_from(source: Callable[[], None], note: Path, folder: Path) -> int:
    PEERS.mkdir(exist_ok=True)
    try:
        with (PEERS / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            source()
    except CannotFetch as reason:
        note.write_text(f"{reason}\n")
        print(f"peers: not fetched, the live tests will skip: {reason}", file=sys.stderr)
        return 1
    note.unlink(missing_ok=True)
    print(f"peers: {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
