"""Whatever a check asks for, through Postfix."""

from pathlib import Path

from . import forced, forced_edits
from .delivered import header_lines, without_ours
from .harness import PostfixCase, Reply, message_file


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

    def test_places(self) -> None:
        """A field gets to its place, counted from the top or the end of the message as it came.

        Place 0 is above Postfix's own field.
        """
        wishes = [("Add", f"X-At: {place} @{place}") for place in (3, -2, -4)]
        delivered = self.arrive(*wishes, name="folded.eml")
        fields = [field for field in without_ours(delivered) if field[:7] != b"X-Test-"]
        plain = without_ours(message_file("folded.eml"))
        self.assertEqual(
            fields, [b"X-At: 3", *plain[:-3], b"X-At: -4", *plain[-3:-1], b"X-At: -2", plain[-1]]
        )
        names = [line.partition(b":")[0] for line in header_lines(delivered)]
        received = names.index(b"Received")
        self.assertEqual(names.index(b"X-At"), received + 3)


class OldVersionTests(ForcedPostfixCase, forced_edits.EditCases):
    """Edits by version 2 of the protocol, where values come and go without the first blank."""

    service = "v2"

    def setUp(self) -> None:
        """Take mailboxes of our own."""
        super().setUp()
        self.box, self.out = f"old-{self.box}", f"old-{self.out}"
