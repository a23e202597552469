"""The helper of CommuniGate Pro asks the filter, and reads what it says."""

from dataclasses import replace

from twisted.internet.address import IPv4Address

from mailfilter.scan.verdict import Action, AddHeader

from .client_case import MAIL
from .communigate import CommuniGate
from .every_case import EveryCase, EveryTests
from .outcome import Fate
from .verdicts import PLAIN

FATES: dict[str, Fate] = {
    "no action": "accepted",
    "greylist": "marked",
    "add header": "marked",
    "rewrite subject": "marked",
    "soft reject": "marked",
    "reject": "marked",
    "discard": "accepted",
    "quarantine": "accepted",
}


class CommuniGateTests(EveryTests, EveryCase):
    client = CommuniGate()
    fates = FATES

    def test_login(self) -> None:
        """`Auth` says what others say by `User`."""
        self.outcome(PLAIN, replace(MAIL, user="someone"))
        self.assertEqual(self.asked()[0].user, "someone")
        self.outcome(PLAIN)
        self.assertIsNone(self.asked()[0].user)

    def test_who_is_not_believed(self) -> None:
        """Neither a login nor an address is taken from another machine."""
        self.near = IPv4Address("TCP", "192.0.2.99", 1)
        self.outcome(PLAIN, replace(MAIL, user="someone"))
        envelope = self.asked()[0]
        self.assertFalse(envelope.is_trusted)
        self.assertFalse(envelope.knows_client)

    def test_fields_are_objects(self) -> None:
        """It is written in Go, too, but is not taken for filter-rspamd."""
        edits = (AddHeader("X-A", "1", 1), AddHeader("X-A", "2", 1))
        self.assertEqual(self.outcome(replace(PLAIN, edits=edits)).values("X-A"), ["1", "2"])
        (request,) = self.client.requests(MAIL)
        self.assertIn(b'"X-A":[{"value":"1","order":1},{"value":"2"', self.ask(request))

    def test_other_actions(self) -> None:
        """With classic_actions there are none."""
        self.settings = {"classic_actions": True}
        for action in (Action.DISCARD, Action.QUARANTINE):
            self.assertEqual(self.outcome(replace(PLAIN, action=action)).fate, "marked")
