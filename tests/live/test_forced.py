"""Whatever a check asks for, through Postfix."""

from pathlib import Path

from . import forced, forced_edits
from .harness import PostfixCase, Reply


class ForcedPostfixCase(PostfixCase, forced.ForcedCase):
    """What the cases need to know of Postfix."""

    def delivered(self) -> list[bytes]:
        """See `ForcedCase`."""
        return self.postfix.mailbox(self.box)

    def wait_delivered(self) -> bytes:
        """See `ForcedCase`."""
        return self.postfix.wait_mailbox(self.box)[0]

    def wait_idle(self) -> None:
        """See `ForcedCase`."""
        self.postfix.wait_idle()

    def held(self, reply: Reply) -> list[Path]:
        """See `ForcedCase`."""
        queue_id = reply.text.split()[-1]
        return [p for p in self.postfix.queued() if p.name == queue_id and "hold" in p.parts]


class ForcedTests(ForcedPostfixCase, forced.ActionCases, forced_edits.EditCases):
    """The cases of every MTA."""


class OldVersionTests(ForcedPostfixCase, forced_edits.EditCases):
    """Edits by version 2 of the protocol, where values come and go without the first blank."""

    service = "v2"

    def setUp(self) -> None:
        """Take mailboxes of our own."""
        super().setUp()
        self.box, self.out = f"old-{self.box}", f"old-{self.out}"
