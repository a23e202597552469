"""A filter for those who ask by lines, Exim and spamc: with a unix socket, and without patience."""

import functools

from .harness import Filter
from .processes import free_port

_CONFIG = """\
[scan]
timeout = "25s"
max_message = "11MiB"

[checks.force]
timeout = "20s"

[listeners.lines]
protocol = "scan"
endpoint = "unix:{unix}:mode=666"
"""
_HASTY = """
[listeners.hasty-{policy}]
protocol = "scan"
endpoint = "tcp:{port}:interface=127.0.0.1"
deadline = "1s"
on_failure = "{policy}"
"""


class LinesFilter(Filter):
    """It is at the socket `lines`, too.

    Those of `hasty` wait a second for a scan, then do what their names say.
    """

    def __init__(self) -> None:
        super().__init__(start=False)
        self.lines = str(self.home / "lines.sock")
        self.configure(_CONFIG.format(unix=self.lines))
        self.hasty = {policy: free_port() for policy in ("accept", "tempfail", "reject")}
        for policy, port in self.hasty.items():
            self.configure(_HASTY.format(policy=policy, port=port))
        self.start()


@functools.cache
def lines_filter() -> LinesFilter:
    """The one that most tests use."""
    return LinesFilter()


@functools.cache
def own_filter() -> LinesFilter:
    """One that may be stopped."""
    return LinesFilter()
