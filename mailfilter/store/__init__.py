"""What the filter remembers with: one interface (`base.py`), and the stores that keep to it.

A store is a module here that passes the cases of `tests/store/case.py`, and a line in `make_store`.
"""

import os
from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IReactorTime

from ..config.model import StoreSettings
from .base import Store
from .embedded import EmbeddedStore
from .health import Health
from .memory import MemoryStore

FILE_NAME = "store.sqlite"
"""Of the embedded store in the state directory."""


def store_path(settings: StoreSettings, directory: str) -> str:
    """Where the embedded store is."""
    return settings.path or os.path.join(directory, FILE_NAME)


def make_store(
    reactor: Any,
    settings: StoreSettings,
    directory: str,
    alarm: Callable[[str], None],
    count: Callable[[str], None],
    *,
    is_service: bool = True,
    evicts: bool = True,
) -> Store:
    """The store of the configuration, not opened yet.

    `directory` is the state directory; `alarm` tells an administrator, `count` counts trouble by a
    name such as `store/timeout`. Without `is_service` no store is made where there is none;
    without `evicts` none of our own throws anything away for want of space.
    """
    health = Health(settings.kind, IReactorTime(reactor), alarm, count)
    if settings.kind == "memory":
        return MemoryStore(IReactorTime(reactor))
    if settings.kind == "redis":
        # txredisapi brings in the reactor, which whoever starts the process chooses.
        from .redis import RedisStore

        return RedisStore(reactor, settings, health)
    return EmbeddedStore(
        reactor,
        settings,
        store_path(settings, directory),
        health,
        alarm,
        is_service=is_service,
        evicts=evicts,
    )
