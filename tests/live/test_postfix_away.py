"""The filter is killed or stalled at each step of a session with Postfix: nothing is lost."""

import functools

from . import away
from .harness import Filter, PostfixCase, shared_sink
from .postfix import Postfix
from .postfix_cf import Smtpd

HASTY = {"milter_connect_timeout": "2s", "milter_command_timeout": "2s"}
CURT = {"milter_content_timeout": "6s"}


@functools.cache
def own_filter() -> Filter:
    """A filter that these tests may treat as they like; its check may take its time."""
    own = Filter(start=False, workers=1)
    own.configure('[scan]\ntimeout = "25s"\n[checks.force]\ntimeout = "20s"\n')
    return own


@functools.cache
def own_postfix() -> Postfix:
    """A Postfix with services for each default action, patient and impatient ones."""
    milter = f"inet:127.0.0.1:{own_filter().milter}"
    services = {
        f"{action}{haste}": Smtpd(milter, action, options=options)
        for action in away.ACTIONS
        for haste, options in (("", {}), ("-hasty", HASTY), ("-curt", CURT))
    }
    return Postfix(services, shared_sink().port)


class PostfixAwayTests(PostfixCase, away.KilledCases, away.StalledCases):
    """Postfix."""

    def setUp(self) -> None:
        """Take a Postfix of our own."""
        super().setUp()
        self.postfix = own_postfix()

    def make_filter(self) -> Filter:
        """Start the filter again if a test has left it dead."""
        own = own_filter()
        own.ensure_running()
        return own

    def port(self, action: str) -> int:
        """See `AwayCase`."""
        return self.postfix.ports[action]

    def address(self, name: str) -> str:
        """See `AwayCase`."""
        return f"{name}@box.test"

    def count(self, recipient: str) -> int:
        """See `AwayCase`."""
        self.postfix.wait_idle()
        return len(self.postfix.mailbox(recipient))
