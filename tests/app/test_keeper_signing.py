"""Keys that sign mail over time: what is noticed when, who is told, and what people hear of it."""

import os

from tests.app.keeper_case import WATCH, KeeperCase
from tests.app.signing_case import FOLDER, MAP, TABLE, pem, seed

STAYS = "; what was used before goes on"


class KeeperTests(KeeperCase):
    def setUp(self) -> None:
        super().setUp()
        (self.folder / "dkim").mkdir(0o700)
        self.put("ours.key", pem(1))
        self.keep(TABLE + FOLDER)

    def pushed_keys(self) -> list[list[bytes]]:
        """What workers were handed since it was asked last."""
        found = [[item.data for item in message.signing] for message in self.pushed]
        self.pushed.clear()
        return found

    def test_quiet(self) -> None:
        self.look(100)
        self.assertEqual((self.pushed, self.alarms(), dict(self.hub.events)), ([], [], {}))

    def test_added(self) -> None:
        """A file in a folder is enough."""
        self.put("dkim/a.example.s.key", pem(2))
        self.look()
        self.assertEqual(self.pushed_keys(), [[pem(1), pem(2)]])
        self.assertEqual(dict(self.hub.events), {"signing_keys_added": 1})
        self.assertEqual(self.alarms(), [])
        text = "mail is signed by a new key: ed25519-sha256, selector s of a.example"
        self.assertEqual(self.said(), [text])

    def test_gone(self) -> None:
        self.put("dkim/a.example.s.key", pem(2))
        self.look()
        self.pushed_keys()
        (self.folder / "dkim/a.example.s.key").unlink()
        self.look()
        self.assertEqual(self.pushed_keys(), [[pem(1)]])
        self.assertEqual(
            self.alarms(), ["mail of a.example is signed no more: there is no key for it"]
        )

    def test_renewed(self) -> None:
        self.put("ours.key", pem(2))
        self.look()
        self.assertEqual(self.pushed_keys(), [[pem(2)]])
        (text,) = self.alarms()
        self.assertIn("another key has the same name, 2026._domainkey.example.org: mail", text)
        self.assertEqual(dict(self.hub.events), {"signing_keys_renewed": 1})

    def test_refused(self) -> None:
        """Said once, after a second look, and when it is over."""
        self.put("ours.key", pem(2), mode=0o604)
        self.look()
        self.assertEqual(self.alarms(), [])
        self.look(3)
        (text,) = self.alarms()
        self.assertIn("a private key in a file that everybody may read; chmod o-rw", text)
        self.assertTrue(text.endswith(STAYS), text)
        self.assertEqual(dict(self.hub.events), {"signing_keys_refused": 1})
        self.assertEqual(self.pushed, [])
        self.put("ours.key", pem(1))
        self.look(3)
        text = "signing key 2026._domainkey.example.org: its files can be used again"
        self.assertEqual(self.said(), [text])

    def test_new_and_refused(self) -> None:
        """There is none before it: others go on, and it is told."""
        self.put("dkim/a.example.s.key", b"junk!")
        self.put("dkim/b.example.s.key", pem(2))
        self.look(3)
        self.assertEqual(self.pushed_keys(), [[pem(1), pem(2)]])
        (text,) = self.alarms()
        self.assertIn("a.example.s.key", text)
        self.put("dkim/a.example.s.key", pem(3))
        self.look(3)
        self.assertEqual(self.pushed_keys(), [[pem(1), pem(3), pem(2)]])
        self.assertEqual(self.alarms(), [])

    def test_half_written(self) -> None:
        """What cannot be used for a moment is no trouble."""
        self.put("dkim/a.example.s.key", pem(2)[:50])
        self.look()
        self.put("dkim/a.example.s.key", pem(2))
        self.look(3)
        self.assertEqual(self.pushed_keys(), [[pem(1), pem(2)]])
        self.assertEqual(self.alarms(), [])

    def look_soon(self, name: str) -> None:
        """A look half a second after something was changed."""
        self.begun = os.stat(self.folder / name).st_ctime + 0.5 - self.clock.seconds() - WATCH
        self.look()

    def test_folder_in_two_steps(self) -> None:
        """Who takes a file away and puts another one there loses no key in between."""
        self.put("dkim/a.example.s.key", pem(2))
        self.look()
        self.pushed_keys()
        (self.folder / "dkim/a.example.s.key").unlink()
        self.look_soon("dkim")
        self.assertEqual(self.pushed, [])
        self.put("dkim/a.example.s.key", pem(3))
        self.look_soon("dkim")
        self.assertEqual(self.pushed, [])
        self.look()
        self.assertEqual(self.pushed_keys(), [[pem(1), pem(3)]])

    def test_map_in_two_steps(self) -> None:
        """What is written in place may be cut short at the end of a line."""
        lines = [f"{name}.example s {seed(number)}\n".encode() for number, name in enumerate("abc")]
        self.put("dkim.map", b"".join(lines))
        self.reload(MAP)
        self.alarms()
        self.put("dkim.map", lines[0])
        self.look_soon("dkim.map")
        self.assertEqual((self.pushed, self.alarms()), ([], []))
        self.put("dkim.map", b"".join(reversed(lines)))
        self.look_soon("dkim.map")
        self.assertEqual(self.pushed, [])
        self.look()
        self.assertEqual([len(keys) for keys in self.pushed_keys()], [3])

    def test_reload_at_once(self) -> None:
        """Who asks for it has written all of it."""
        self.put("dkim.map", f"a.example s {seed(1)}\n".encode())
        self.reload(MAP)
        self.put("dkim.map", f"b.example s {seed(1)}\n".encode())
        self.reload(MAP)
        self.assertEqual(list(self.keeper.held.signing), ["s._domainkey.b.example"])

    def test_folder(self) -> None:
        """One that is not there for a while takes no key away."""
        self.put("dkim/a.example.s.key", pem(2))
        self.look()
        self.pushed_keys()
        self.said()
        (self.folder / "dkim").rename(self.folder / "away")
        self.look(3)
        (text,) = self.alarms()
        self.assertIn('signing.folders = "', text)
        self.assertTrue(text.endswith(STAYS), text)
        (self.folder / "away").rename(self.folder / "dkim")
        self.look(3)
        self.assertEqual(self.pushed, [])
        self.assertEqual(self.said(), [f"{self.folder}/dkim: its files can be used again"])
