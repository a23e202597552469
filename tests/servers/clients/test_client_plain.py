"""SmarterMail and EmailSuccess: a client that knows the least asks the filter."""

from .client_case import MAIL
from .every_case import CLASSIC, EveryCase, EveryTests
from .outcome import Fate
from .plain import Plain
from .verdicts import ACTIONS, PLAIN
from .wire import Broken, read_reply

FATES: dict[str, Fate] = {
    "no action": "accepted",
    "greylist": "accepted",
    "add header": "marked",
    "rewrite subject": "marked",
    "soft reject": "deferred",
    "reject": "refused",
    "discard": "refused",
    "quarantine": "marked",
}


class PlainTests(EveryTests, EveryCase):
    client = Plain()
    fates = FATES
    settings = CLASSIC

    def test_other_actions_break_it(self) -> None:
        """Without classic_actions."""
        self.settings = {}
        for action in ("discard", "quarantine"):
            self.assertRaises(Broken, self.outcome, ACTIONS[action])

    def test_old_version(self) -> None:
        """HTTP/1.0 without a host, and without a connection that is kept."""
        client = Plain(version="1.0")
        self.tell(PLAIN)
        reply = read_reply(self.ask(client.requests(MAIL)[0]))
        self.assertEqual(reply.header("connection"), "close")
        self.assertTrue(self.transport.disconnecting)
