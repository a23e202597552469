"""Who may look at the filter over HTTP, and who may change it (http-controller.md 2.3)."""

from dataclasses import dataclass
from typing import Literal

from twisted.internet.interfaces import IReactorTime

from ..codec.http1 import RequestHead
from ..config.model import Controller
from ..tls.known import Known
from .http_reply import Reply, error_reply
from .peer import Peer

How = Literal["loopback", "unix", "secure_ip", "password", "identity", "nothing"]
"""By what somebody is let in; with `nothing` nobody was asked who it is."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """Somebody who is let in."""

    who: str
    """For the log, and kept with what is saved."""
    may_change: bool
    how: How


class Access:
    """Decides for all controllers of one process."""

    def __init__(self, controller: Controller, clock: IReactorTime) -> None:
        self._controller = controller
        self._clock = clock

    async def decide(
        self,
        head: RequestHead,
        peer: Peer,
        known: Known | None,
        *,
        is_change: bool,
        acts: bool = False,
    ) -> Allowed | Reply:
        """Let somebody in, or say why not (401, 403, 429).

        `known` is who has shown a certificate. `acts` is a request that does something, though it
        changes no setting, such as a scan: a page of somebody else must not cause it.
        """
        if self._controller.password or self._controller.enable_password:
            return error_reply(401, "Unauthorized")
        if peer.is_unix:
            return Allowed("unix", may_change=True, how="unix")
        if peer.name in ("127.0.0.1", "::1"):
            return Allowed("loopback", may_change=True, how="loopback")
        return error_reply(401, "Unauthorized")
