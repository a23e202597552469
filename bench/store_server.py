"""Where the stores under measurement are."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.live import peers
from tests.live.processes import accepts, wait_until


@contextmanager
def serving(kind: str, folder: Path) -> Iterator[str | None]:
    """The place of an empty store of that kind; None if there is no server for it."""
    if kind != "redis":
        yield str(folder)
        return
    program = peers.find("redis-server")
    if program is None:
        yield None
        return
    path = str(folder / "redis.sock")
    command = [str(program), "--port", "0", "--unixsocket", path, "--save", ""]
    server = subprocess.Popen(
        command, cwd=folder, env=peers.environment(), stdout=subprocess.DEVNULL
    )
    try:
        wait_until(lambda: accepts(path), "the Redis server")
        yield path
    finally:
        server.terminate()
        server.wait()
