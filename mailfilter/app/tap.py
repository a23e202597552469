"""What `twistd mailfilter` runs: configuration in, services out."""

import os
import pwd
from collections.abc import Mapping
from typing import Any

from twisted.application.service import IService
from twisted.internet import reactor

from .master import Master
from .options import Options
from .privileges import Identity
from .steady import steady
from .systemd import Notifier

__all__ = ["Options", "makeService"]


def makeService(options: Options) -> IService:
    """The whole filter, by the configuration that the options have loaded."""
    steady(reactor)
    parent: Mapping[str, Any] = options.parent or {}
    return Master(
        reactor,
        options.draft,
        options.state_dir,
        daemon=not parent.get("nodaemon", True),
        notifier=Notifier(os.environ),
        heir=_heir(parent.get("uid"), parent.get("gid")),
    )


def _heir(uid: int | None, gid: int | None) -> Identity | None:
    """Whom `twistd --uid --gid` becomes."""
    if uid is None and gid is None:
        return None
    if gid is None:
        gid = pwd.getpwuid(uid or 0).pw_gid
    return Identity(os.geteuid() if uid is None else uid, gid)
