"""curl, with the certificates of a page's authority."""

import subprocess
from pathlib import Path
from typing import NamedTuple

from . import peers
from .tls_page import SERVER


class Answer(NamedTuple):
    """What curl has got."""

    status: int
    """0 is no answer at all."""
    body: str


def curl(authority: Path, port: int, who: str, path: str, *arguments: str) -> Answer:
    """Ask the server of the page, at a port of this machine, with the certificate of somebody, or
    of nobody.
    """
    shown = ("--cert", f"{who}.pem", "--key", f"{who}.key") if who else ()
    done = subprocess.run(
        (
            str(peers.find("curl")),
            *("-sS", "--max-time", "50", "--resolve", f"{SERVER}:{port}:127.0.0.1"),
            *("--cacert", "ca.pem", "-w", "\n%{http_code}", *shown, *arguments),
            f"https://{SERVER}:{port}{path}",
        ),
        cwd=authority,
        env=peers.environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    body, _, status = done.stdout.rpartition("\n")
    return Answer(int(status), body)
