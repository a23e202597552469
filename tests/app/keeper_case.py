"""A keeper of certificates whose clock is the test's."""

from time import time
from typing import Any, cast

from twisted.internet.defer import execute
from twisted.internet.task import Clock
from twisted.logger import LogEvent, Logger, LogLevel

from mailfilter.app import keeper as module
from mailfilter.app.hub import Hub
from mailfilter.app.keeper import CLOCK_SECONDS, Keeper
from mailfilter.app.plan import draft
from mailfilter.codec.control import Credentials
from mailfilter.report.alarms import Alarms
from tests.app.credential_case import TEXT, CredentialCase

DAY = 86400.0
WATCH = 10.0


class KeeperCase(CredentialCase):
    """A keeper whose time is the test's; it looks at the files every ten seconds."""

    def setUp(self) -> None:
        super().setUp()
        self.clock = Clock()
        self.begun = time()
        self.hub = Hub(Alarms(), "/nowhere")
        self.pushed: list[Credentials] = []
        self.is_settled = True
        self.lines: list[LogEvent] = []
        self.patch(module, "log", Logger(observer=cast(Any, self.lines.append)))
        self.patch(module, "in_background", lambda _, work: execute(work))

    def keep(self, text: str = TEXT) -> None:
        first = draft(self.write("m.toml", text))
        self.keeper = Keeper(
            self.clock,
            self.hub,
            first,
            is_settled=lambda: self.is_settled,
            push=self.pushed.append,
            wall_clock=lambda: self.begun + self.clock.seconds(),
        )
        self.keeper.adopt(first)
        self.addCleanup(self.keeper.stop)

    def reload(self, text: str = TEXT) -> None:
        self.keeper.adopt(draft(self.write("m.toml", text), self.keeper.held))

    def alarms(self) -> list[str]:
        """Those raised since it was asked last."""
        found = [item.text for item in self.hub.alarms.raised]
        self.hub.alarms.raised.clear()
        return found

    def said(self) -> list[str]:
        """Lines of the log since it was asked last."""
        found = [event["text"] for event in self.lines if event["log_level"] is LogLevel.info]
        self.lines.clear()
        return found

    def look(self, times: int = 1) -> None:
        self.clock.pump([WATCH] * times)

    def days(self, count: int) -> None:
        self.clock.pump([CLOCK_SECONDS] * int(count * DAY / CLOCK_SECONDS))
