"""Where the configuration and the state are, when nobody says."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

DEFAULT_PATH = "/etc/mailfilter/mailfilter.toml"
STATE_VARIABLE = "MAILFILTER_STATE_DIR"
STATE_FOLDER = "mailfilter-state"
CONTROL_SOCKET = "control.sock"
"""In the state directory: what `mailfilteradm` talks to."""
SYSTEM_STATE_DIR = "/var/lib/mailfilter"
"""What systemd makes of `StateDirectory=mailfilter`."""


def default_path() -> str | None:
    """The main file that is read without `--config`; `None` when there is none."""
    return DEFAULT_PATH if os.path.lexists(DEFAULT_PATH) else None


def find_state_dir(option: str | None, environ: Mapping[str, str], cwd: str) -> str:
    """The absolute path of the state directory; it need not exist.

    The option, else MAILFILTER_STATE_DIR, else the first of systemd's STATE_DIRECTORY, else
    `mailfilter-state` in the working directory. Empty counts as not given.
    """
    systemd = environ.get("STATE_DIRECTORY", "").split(":")[0]
    chosen = option or environ.get(STATE_VARIABLE) or systemd or STATE_FOLDER
    return os.path.abspath(os.path.join(cwd, chosen))


@contextmanager
def control_address(directory: str) -> Iterator[str]:
    """The path by which to bind or connect the control socket in a state directory.

    It goes by way of an open descriptor, since the path of a socket must be short. Raises OSError.
    """
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{handle}/{CONTROL_SOCKET}"
    finally:
        os.close(handle)
