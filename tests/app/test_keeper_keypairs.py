"""Keypairs over time: what is noticed when, who is told, and what people hear of it."""

from mailfilter.app.certificate_status import tls_page
from mailfilter.app.credential_keypairs import public_text
from tests.app.keeper_case import KeeperCase
from tests.app.keypair_case import BOTH, FIRST, FRONT, SECOND, text_of

REFUSED = (
    f"keypair front is another one: who seals requests for the one before, {public_text(FIRST)},"
    " is refused"
)
STAYS = "; what was used before goes on"


class KeypairTests(KeeperCase):
    def setUp(self) -> None:
        super().setUp()
        self.put("front.key", text_of(FIRST))
        self.keep(FRONT)

    def pushed_keys(self) -> list[list[bytes]]:
        """What workers were handed since it was asked last."""
        found = [[item.data for item in message.keypairs] for message in self.pushed]
        self.pushed.clear()
        return found

    def test_quiet(self) -> None:
        self.look(100)
        self.assertEqual((self.pushed, self.alarms(), dict(self.hub.events)), ([], [], {}))

    def test_renewed(self) -> None:
        self.put("front.key", text_of(SECOND))
        self.look(3)
        self.assertEqual(self.pushed_keys(), [[text_of(SECOND)]])
        self.assertEqual(dict(self.hub.events), {"keypairs_renewed": 1})
        self.assertEqual(self.alarms(), [REFUSED])
        self.assertEqual(
            self.said(), [f"keypair front renewed: its public key is {public_text(SECOND)}"]
        )

    def test_rotated(self) -> None:
        """By a reload: the one before stays for as long as it is there by another name."""
        self.put("front.key", text_of(SECOND))
        self.put("back.key", text_of(FIRST))
        self.reload(BOTH)
        self.assertEqual(self.alarms(), [])
        self.reload(FRONT)
        self.assertEqual(self.alarms(), [])

    def test_refused(self) -> None:
        """Said once a day, and when it is over."""
        self.put("front.key", text_of(SECOND), mode=0o604)
        self.look(1)
        self.assertEqual(self.alarms(), [])
        self.look(3)
        (text,) = self.alarms()
        self.assertIn("a private key in a file that everybody may read; chmod o-rw", text)
        self.assertTrue(text.endswith(STAYS), text)
        self.assertEqual(dict(self.hub.events), {"keypairs_refused": 1})
        self.assertEqual(self.pushed, [])
        page = tls_page(self.keeper.loaded.config, self.keeper.held, self.begun)["keypairs"]
        self.assertEqual(page["front"]["trouble"], text)
        self.assertEqual(page["front"]["public_key"], public_text(FIRST))
        self.look(100)
        self.assertEqual(self.alarms(), [])
        self.days(1)
        self.assertEqual(len(self.alarms()), 1)
        self.put("front.key", text_of(FIRST))
        self.look(3)
        self.assertEqual(self.pushed, [])
        self.assertEqual(self.said(), ["keypair front: its files can be used again"])

    def test_half_written(self) -> None:
        """What cannot be used for a moment is no trouble."""
        self.put("front.key", text_of(SECOND)[:50])
        self.look(1)
        self.put("front.key", text_of(SECOND))
        self.look(3)
        self.assertEqual(self.pushed_keys(), [[text_of(SECOND)]])
        self.assertEqual(self.alarms(), [REFUSED])

    def test_reload_with_bad_one(self) -> None:
        """It is told at once, and the one before goes on."""
        self.put("front.key", b"junk!")
        self.reload(FRONT)
        (text,) = self.alarms()
        self.assertIn("line 1 is none of a keypair", text)
        self.assertEqual(self.keeper.held.keypairs["front"].parsed, FIRST)

    def test_never_expire(self) -> None:
        self.days(3)
        self.assertEqual(self.alarms(), [])
