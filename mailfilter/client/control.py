"""Ask the running filter, over the socket in its state directory."""

import os
import socket
from collections.abc import Mapping, Sequence

from ..codec.control import Answer, ControlError, Request, answer_reader, encode
from ..config.paths import CONTROL_SOCKET, SYSTEM_STATE_DIR, control_address, find_state_dir
from .options import fail

CONNECT_SECONDS = 5.0
STATUS_SECONDS = 10.0
"""The master answers at once, or is stuck."""
RELOAD_SECONDS = 4 * 3600.0 + 300
"""A reload may follow one that has just begun, and each takes the longest server.reload_timeout, or
twice that where one process tries the configuration out before it takes it.
"""


class NotRunning(Exception):
    """No filter could be asked; the text says where it was looked for."""


def state_dirs(option: str | None, environ: Mapping[str, str], cwd: str) -> list[str]:
    """Where the filter's state may be: where it says itself, else where its service keeps it."""
    found = find_state_dir(option, environ, cwd)
    is_told = option or found != find_state_dir(None, {}, cwd)
    return [found] if is_told else [found, SYSTEM_STATE_DIR]


CHANGE_SECONDS = 60.0
"""What is saved is written to a disk that may be busy."""


def ask(
    directories: list[str], command: str, keys: Sequence[str] = (), *, is_all: bool = False
) -> Answer:
    """Send a command to the first filter that is there, and wait for its answer.

    Raises NotRunning, and ControlError if what answers is no filter.
    """
    reasons = []
    for directory in directories:
        try:
            connected = _connect(directory)
        except OSError as error:
            reasons.append(f"{os.path.join(directory, CONTROL_SOCKET)}: {error.strerror or error}")
            continue
        with connected:
            connected.settimeout(patience(command))
            return _ask(connected, Request(command=command, keys=tuple(keys), is_all=is_all))
    where = "\n  ".join(reasons)
    raise NotRunning(f"no filter answers; is it running, is this its --state-dir?\n  {where}")


def ask_or_exit(
    state_dir: str | None, command: str, keys: Sequence[str] = (), *, is_all: bool = False
) -> Answer:
    """The filter's answer; where there is none, or it is an error, say so and exit.

    `state_dir` is the option of the command line.
    """
    directories = state_dirs(state_dir, os.environ, os.getcwd())
    try:
        answer = ask(directories, command, keys, is_all=is_all)
    except (NotRunning, ControlError) as error:
        fail(str(error))
    if answer.error:
        fail(answer.error)
    return answer


def patience(command: str) -> float:
    """Seconds to wait for the answer to a command."""
    seconds = {"reload": RELOAD_SECONDS, "undo": CHANGE_SECONDS}
    return seconds.get(command, STATUS_SECONDS)


def _connect(directory: str) -> socket.socket:
    opened = socket.socket(socket.AF_UNIX)
    try:
        opened.settimeout(CONNECT_SECONDS)
        with control_address(directory) as address:
            opened.connect(address)
    except OSError:
        opened.close()
        raise
    return opened


def _ask(connected: socket.socket, request: Request) -> Answer:
    reader = answer_reader()
    try:
        connected.sendall(encode(request))
        while data := connected.recv(2**16):
            answers = reader.receive(data)
            if answers:
                return answers[0]
    except OSError as error:
        raise ControlError(f"the filter does not answer: {error.strerror or error}") from None
    raise ControlError("the filter ended before it answered")
