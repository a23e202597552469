"""What the fetching of peers from several sources has in common."""

import os
import subprocess
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
PEERS = CHECKOUT / ".peers"
SECONDS = 300.0
"""For one command: lists and archives come over the network."""


class CannotFetch(Exception):
    """The peers cannot be had here; the text says why."""


def run(*command: str, cwd: Path | None = None) -> str:
    """Run a command to its end; what it says. Raises CannotFetch with the last line of why not."""
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            env={**os.environ, "LANG": "C", "DEBIAN_FRONTEND": "noninteractive"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotFetch(f"{command[0]}: {error}") from error
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise CannotFetch(f"{command[0]}: {last}")
    return done.stdout
