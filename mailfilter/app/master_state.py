"""What a master is doing, and why it does not do what it was asked for."""

from enum import Enum

STOPPING = "the filter is stopping"


class State(Enum):
    """What the master is doing."""

    STARTING = "starting"
    SERVING = "serving"
    RELOADING = "reloading"
    STOPPING = "stopping"


class ReloadError(Exception):
    """The old configuration goes on; the text says why."""


class StartError(Exception):
    """The filter cannot start; the text says why."""
