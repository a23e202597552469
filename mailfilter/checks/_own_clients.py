"""Clients of ours, whose mail need not be authenticated: they submit it."""

from ..scan.check import Given
from ..scan.networks import local_networks
from ..scan.origin import Origin
from ._options import read_flag


class OwnClients:
    """What `skip_local` and `skip_authenticated` of a check say. Raises ValueError."""

    def __init__(self, given: Given) -> None:
        self._skip_local = read_flag(given.options, "skip_local", True)
        self._skip_authenticated = read_flag(given.options, "skip_authenticated", True)
        self._local = local_networks(given.scan.local_networks)

    def why(self, origin: Origin) -> str:
        """Why a client is one of ours; empty if it is none."""
        if self._skip_local and origin.ip is not None and origin.ip in self._local:
            return f"{origin.ip} is of our own networks"
        if self._skip_authenticated and origin.is_authenticated:
            return "the client has logged in"
        return ""
