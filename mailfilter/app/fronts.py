"""What stands before the listeners that speak TLS, and how that is renewed while they serve."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from ..codec.control import Credentials
from ..config.model import Config
from ..servers.background import in_background
from ..servers.limited import LimitedFactory
from ..servers.tls_stream import TlsFactory
from ..tls.contexts import ServerSide, build_sides

ROTATION = 3600.0
"""Seconds after which all is made anew from the same files, for new keys of session tickets: old
ones must not open what was recorded long ago, and each resumption brings a new ticket, so that a
session could go on without end."""

MARGIN = 1.0
"""Seconds to be sure that what has an end is past it."""


class Fronts:
    """Those of one process."""

    def __init__(
        self,
        reactor: Any,
        config: Config,
        sites: Mapping[str, LimitedFactory[Any]],
        alarm: Callable[[str], None],
        credentials: Credentials,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        """`sites` are the factories of the listeners. Raises TlsError if the credentials are no
        good.
        """
        self._reactor = reactor
        self._clock = IReactorTime(reactor)
        self._config = config
        self._alarm = alarm
        self._wall_clock = wall_clock
        self._credentials = credentials
        self._begun = 0
        """How many renewals were."""
        self._used = 0
        """Which of them is in use."""
        self._rotation: IDelayedCall | None = None
        self.by_listener = {
            name: TlsFactory(side, sites[name], self._clock, config.tls)
            for name, side in self._build(credentials).items()
        }
        """Those that speak TLS."""

    def start(self) -> None:
        """Renew all from time to time."""
        if self.by_listener and self._rotation is None:
            self._plan(self._until_end())

    def stop(self) -> None:
        """Leave all as it is."""
        if self._rotation is not None:
            self._rotation.cancel()
            self._rotation = None

    def renew(self, credentials: Credentials) -> Deferred[None]:
        """Use these for new connections, once they are ready; if they are no good, the old ones.

        It never fails: that the old ones stay is an alarm.
        """
        return Deferred.fromCoroutine(self._renew(credentials))

    async def _renew(self, credentials: Credentials) -> None:
        self._begun = number = self._begun + 1
        try:
            sides = await in_background(self._reactor, lambda: self._build(credentials))
        except Exception as error:
            self._alarm(f"certificates are not renewed, the old ones stay: {error}")
            return
        if number < self._used:
            # Others came later, and were ready sooner.
            return
        self._used = number
        self._credentials = credentials
        for name, side in sides.items():
            self.by_listener[name].side = side
        if self._rotation is not None:
            self._plan(self._until_end())

    def _build(self, credentials: Credentials) -> Mapping[str, ServerSide]:
        return build_sides(self._config, credentials, self._wall_clock())

    def _until_end(self) -> float:
        """Seconds for which what is in use is good."""
        ends = min(front.side.ends for front in self.by_listener.values())
        return min(max(ends - self._wall_clock(), 0.0) + MARGIN, ROTATION)

    def _plan(self, seconds: float) -> None:
        self.stop()
        self._rotation = self._clock.callLater(seconds, self._rotate)

    def _rotate(self) -> None:
        # Unless it goes well, which says itself when the next one is.
        self._rotation = self._clock.callLater(ROTATION, self._rotate)
        self.renew(self._credentials)
