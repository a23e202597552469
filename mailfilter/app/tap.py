"""What `twistd mailfilter` runs: configuration in, services out."""

import os

from twisted.application.service import IService
from twisted.internet import reactor

from .master import Master
from .options import Options
from .systemd import Notifier

__all__ = ["Options", "makeService"]


def makeService(options: Options) -> IService:
    """The whole filter, by the configuration that the options have loaded."""
    daemon = options.parent is not None and not options.parent.get("nodaemon", True)
    return Master(
        reactor, options.draft, options.state_dir, daemon=daemon, notifier=Notifier(os.environ)
    )
