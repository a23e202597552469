"""Haraka with its plugin for Rspamd, and axe-core, from npm, under `.peers/npm`.

The versions are those of `npm_packages/package-lock.json`. No script of a package is run.
"""

import hashlib
import re
import shutil
from pathlib import Path

from .fetching import PEERS, CannotFetch, run

PACKAGES = Path(__file__).with_name("npm_packages")
NPM = PEERS / "npm"
HARAKA = NPM / "node_modules/Haraka"
AXE = NPM / "node_modules/axe-core/axe.min.js"
"""Finds what keeps people from using a page."""
NOTE = PEERS / "why-not-npm.txt"
STAMP = "packages.sha256"
OLDEST_NODE = 18
_OPTIONS = ("--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund")


def fetch() -> None:
    """Fetch the packages unless they are there.

    Raises CannotFetch: no Node.js or one too old, no npm, no network.
    """
    check_node()
    wanted = _wanted()
    if _is_complete(wanted):
        return
    if shutil.which("npm") is None:
        raise CannotFetch("there is no npm on this host")
    work = NPM.with_name("npm.new")
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(PACKAGES, work)
    run("npm", "ci", *_OPTIONS, cwd=work)
    (work / STAMP).write_text(wanted)
    shutil.rmtree(NPM, ignore_errors=True)
    work.rename(NPM)


def check_node() -> None:
    """Raise CannotFetch unless this host has a Node.js on which Haraka runs."""
    found = re.match(r"v(\d+)\.", run("node", "--version"))
    if found is None or int(found[1]) < OLDEST_NODE:
        raise CannotFetch(f"Haraka wants Node.js {OLDEST_NODE} or later")


def why_missing() -> str:
    """Why Haraka cannot be used, or an empty string if it can."""
    if _is_complete(_wanted()) and shutil.which("node"):
        return ""
    note = NOTE.read_text().strip() if NOTE.exists() else "run `python -m tests.live.peers fetch`"
    return f"no Haraka: {note}"


def _wanted() -> str:
    return hashlib.sha256((PACKAGES / "package-lock.json").read_bytes()).hexdigest()


def _is_complete(wanted: str) -> bool:
    stamp = NPM / STAMP
    return stamp.exists() and stamp.read_text() == wanted
