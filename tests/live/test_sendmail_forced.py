"""Whatever a check asks for, through Sendmail."""

from . import forced, forced_edits
from .delivered import header_lines
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

    def test_places(self) -> None:
        """Sendmail counts places from the top with fields that nobody sees.

        So a field in the middle gets to one further up, but in its order and never above
        Sendmail's own. At the top and the end places are exact.
        """
        wishes = [("Add", f"X-At: {place} @{place}") for place in (0, 1, 12, -4, -2, -1)]
        delivered = self.arrive(*wishes, name="folded.eml")
        order = [b"X-At: %d" % place for place in (0, 1, 12, -4, -2, -1)]
        fields = header_lines(delivered)
        self.assertEqual([field for field in fields if field.startswith(b"X-At")], order)
        self.assertEqual((fields[0], fields[2], fields[-1]), (order[0], order[1], order[-1]))
        self.assertTrue(fields[1].startswith(b"Received: from client.live.test"))
        sent = header_lines(wish(wishes, "folded.eml"))
        others = [field for field in fields if field not in order]
        self.assertEqual(names(others)[1:], names(sent)[:-1])


def names(fields: list[bytes]) -> list[bytes]:
    """Names of fields."""
    return [field.partition(b":")[0] for field in fields]
