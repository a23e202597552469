"""Whatever a check asks for, through Sendmail."""

from . import forced, forced_edits
from .harness import wish
from .sendmail_case import SendmailCase


class SendmailForcedTests(SendmailCase, forced.ActionCases, forced_edits.EditCases):
    """The cases of every MTA."""

    def test_quarantine_reason(self) -> None:
        """The reason is in Sendmail's queue."""
        reply = self.send(wish([("Action", "quarantine"), ("Message", "100% odd")]))
        held = {path.name[:2]: path for path in self.held(reply)}
        for path in held.values():
            self.addCleanup(path.unlink)
        self.assertIn(b"\nq100% odd\n", held["hf"].read_bytes())
