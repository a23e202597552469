"""Whatever a check asks for, through Postfix."""

from pathlib import Path

from . import forced, forced_edits
from .harness import PostfixCase, Reply


class ForcedTests(PostfixCase, forced.ActionCases, forced_edits.EditCases):
    """The cases of every MTA."""

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
