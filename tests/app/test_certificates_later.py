"""What comes in place of certificates that are served already, and what does not."""

import os
import shutil
import time
from pathlib import Path

from mailfilter.app.certificates import Held
from mailfilter.app.expiry import lives
from mailfilter.app.plan import draft
from mailfilter.config import ConfigError
from tests.app.credential_case import MUTUAL, NAME, TEXT, CredentialCase
from tests.authority import Authority, self_signed

DAY = 86400.0


class LaterTests(CredentialCase):
    """Something is served already."""

    def setUp(self) -> None:
        super().setUp()
        self.before = self.held()

    def keeps(self, expected: str, after: float = 0.0) -> Held:
        """The pair before goes on, and why is told."""
        taken = self.taken(before=self.before, after=after)
        self.assertEqual(taken.problems, ())
        self.assertEqual(taken.held.credentials(), self.before.credentials())
        (text,) = self.trouble(taken.held)
        self.assertIn(expected, text)
        self.assertTrue(text.endswith("; what was used before goes on"), text)
        return taken.held

    def takes(self, before: Held | None = None) -> Held:
        """The files are used as they are now."""
        held = self.held(before=before or self.before)
        self.assertEqual(self.trouble(held), [])
        self.assertEqual(held.pairs["mx"].files.chain, (self.folder / "mx.pem").read_bytes())
        return held

    def test_unchanged(self) -> None:
        self.assertFalse(self.before.has_changed())
        held = self.takes()
        self.assertEqual(held.pairs["mx"].since, self.before.pairs["mx"].since)
        self.assertEqual(list(held.renewed(self.before)), [])

    def test_renewed(self) -> None:
        self.renew()
        self.assertTrue(self.before.has_changed())
        ((event, text),) = self.takes().renewed(self.before)
        self.assertEqual(event, "certificates_renewed")
        self.assertIn("certificate mx renewed: ", text)

    def test_mismatched(self) -> None:
        """Half of a renewal; then the other."""
        chain, key = self.issue()
        self.put("mx.pem", chain)
        held = self.keeps("m.toml:3: certificates.mx.key")
        self.put("mx.key", key)
        self.takes(held)

    def test_half_written(self) -> None:
        chain, key = self.issue()
        for name, data in (("mx.pem", chain), ("mx.key", key)):
            for end in (0, 20, len(data) // 2, len(data) - 3):
                self.put(name, data[:end])
                self.keeps(f"certificates.mx.{name.removeprefix('mx.').replace('pem', 'chain')}")
            self.put("mx.pem", self.before.pairs["mx"].files.chain)

    def test_gone(self) -> None:
        (self.folder / "mx.pem").unlink()
        held = self.keeps("cannot be read: No such file or directory")
        self.put("mx.pem", self.before.pairs["mx"].files.chain)
        self.takes(held)

    def test_folder_gone(self) -> None:
        """With the files in it, and back again."""
        live = self.folder / "live"
        live.mkdir()
        for name in ("mx.pem", "mx.key"):
            shutil.move(self.folder / name, live / name)
        text = TEXT.replace('"mx.', '"live/mx.')
        before = self.held(text)
        live.rename(self.folder / "away")
        taken = self.taken(text, before)
        self.assertEqual(taken.held.credentials(), before.credentials())
        self.assertEqual(len(self.trouble(taken.held)), 1)
        (self.folder / "away").rename(live)
        self.assertEqual(self.trouble(self.held(text, taken.held)), [])

    def test_links_that_are_switched(self) -> None:
        """As certbot does, one after the other."""
        for number in (1, 2):
            chain, key = self.issue()
            self.put(f"chain{number}", chain)
            self.put(f"key{number}", key)
        self.link(chain="chain1", key="key1")
        held = self.takes()
        self.link(chain="chain2")
        self.assertTrue(held.has_changed())
        self.before = held
        held = self.keeps("does not belong to the certificate")
        self.link(key="key2")
        self.assertTrue(held.has_changed())
        self.assertEqual(self.takes(held).pairs["mx"].files.chain, chain)

    def link(self, **names: str) -> None:
        for part, target in names.items():
            path = self.folder / {"chain": "mx.pem", "key": "mx.key"}[part]
            fresh = Path(f"{path}.new")
            fresh.symlink_to(target)
            os.replace(fresh, path)

    def test_exposed(self) -> None:
        """Also where nothing but the permissions has changed."""
        (self.folder / "mx.key").chmod(0o644)
        self.assertTrue(self.before.has_changed())
        self.keeps("a private key in a file that everybody may read; chmod o-rw")

    def test_expired(self) -> None:
        """One that holds is not given up for one that does not."""
        self.renew((-20, -10))
        self.keeps("the certificate has expired at ")
        self.renew((1, 10))
        self.keeps("the certificate does not hold before ")
        self.assertEqual(self.trouble(self.taken(before=self.before, after=2 * DAY).held), [])

    def test_expired_above(self) -> None:
        """The same of one in its chain: it would be refused, too."""
        for days, expected in (((-9.0, -1.0), " has expired at "), ((1.0, 9.0), " does not hold ")):
            middle = Authority(self.folder, "middle", signed_by=self.root, days=days)
            chain, key = middle.issue(NAME, chain=[middle])
            self.put("mx.pem", chain.read_bytes())
            self.put("mx.key", key.read_bytes())
            self.keeps(f"CN=middle in its chain{expected}")
        # What is no better is not waited for.
        held = self.taken(before=self.before, after=100 * DAY).held
        self.assertEqual(held.pairs["mx"].files.chain, chain.read_bytes())
        self.before = self.held(TEXT)
        self.renew((-20, -10))
        self.keeps("the certificate has expired at ")
        self.renew()
        self.takes()

    def test_shorter_chain(self) -> None:
        """A good chain is a good chain."""
        middle = Authority(self.folder, "middle", signed_by=self.root)
        chain, key = middle.issue(NAME, chain=[middle])
        self.put("mx.pem", chain.read_bytes())
        self.put("mx.key", key.read_bytes())
        held = self.takes()
        self.renew()
        self.takes(held)

    def test_both_expired(self) -> None:
        """Then the one in the files."""
        self.renew((-20, -10))
        taken = self.taken(before=self.before, after=100 * DAY)
        self.assertEqual(self.trouble(taken.held), [])
        self.assertNotEqual(taken.held.credentials(), self.before.credentials())

    def test_one_of_two(self) -> None:
        """The other one is renewed all the same."""
        chain, key = self_signed(self.folder, "other.example.org")
        self.put("o.pem", chain.read_bytes())
        self.put("o.key", key.read_bytes())
        text = '[certificates.other]\nchain = "o.pem"\nkey = "o.key"\n' + TEXT
        text = text.replace('["mx"]', '["mx", "other"]')
        before = self.held(text)
        self.renew()
        self.put("o.key", b"")
        held = self.taken(text, before).held
        self.assertEqual(held.pairs["other"].files, before.pairs["other"].files)
        self.assertNotEqual(held.pairs["mx"].files, before.pairs["mx"].files)
        self.assertEqual(len(self.trouble(held)), 1)

    def test_new_name(self) -> None:
        """Without anything before it a bad pair is a mistake of the configuration."""
        text = TEXT.replace("certificates.mx", "certificates.new").replace('["mx"]', '["new"]')
        self.put("mx.key", b"")
        self.assertEqual(len(self.texts(self.taken(text, self.before))), 1)

    def test_other_file(self) -> None:
        """Who names other files has not renewed them: if they are bad the reload fails."""
        text = TEXT.replace("mx.key", "new.key").replace("mx.pem", "new.pem")
        path = self.write("m.toml", text)
        with self.assertRaises(ConfigError) as caught:
            draft(path, self.before)
        self.assertIn("certificates.mx.chain", str(caught.exception))
        for days in ((-20.0, -10.0), (-1.0, 90.0)):
            chain, key = self.issue(days)
            self.put("new.pem", chain)
            self.put("new.key", key)
            texts = self.texts(self.taken(text, self.before))
            self.assertEqual(len(texts), int(days[1] < 0), texts)
        self.assertEqual(self.held(text, self.before).pairs["mx"].files.chain, chain)


class LaterTrustTests(CredentialCase):
    def setUp(self) -> None:
        super().setUp()
        self.root.revoke()
        self.before = self.held(TEXT + MUTUAL)

    def test_renewed(self) -> None:
        client, _ = self.root.issue("client.example.net")
        self.root.revoke(client)
        held = self.held(TEXT + MUTUAL, self.before)
        self.assertEqual(
            list(held.renewed(self.before)),
            [
                (
                    "certificates_renewed",
                    "listener scan: authorities and lists of revoked certificates renewed",
                )
            ],
        )

    def test_bad(self) -> None:
        self.put("root.crl", b"-----BEGIN X509 CRL-----\n")
        held = self.taken(TEXT + MUTUAL, self.before).held
        self.assertEqual(held.credentials(), self.before.credentials())
        self.assertIn("listeners.scan.client_crl", self.trouble(held)[0])

    def test_out_of_date(self) -> None:
        """All would be refused; the one before still holds."""
        self.root.revoke(days=(-9, -1))
        held = self.taken(TEXT + MUTUAL, self.before).held
        self.assertEqual(held.credentials(), self.before.credentials())
        self.assertIn("is out of date", self.trouble(held)[0])

    def test_old_list_beside(self) -> None:
        """A new list, or a new authority, may come beside one that is out of date."""
        old = self.root.revoke(days=(-9, -1)).read_bytes()
        self.put("root.crl", old + self.root.revoke().read_bytes())
        ended = Authority(self.folder, "ended", days=(-9, -1))
        self.put("root.pem", self.root.file.read_bytes() + ended.file.read_bytes())
        held = self.held(TEXT + MUTUAL, self.before)
        self.assertEqual(self.trouble(held), [])
        self.assertEqual(len(held.trusts["scan"].parsed.revoked), 2)
        texts = [life.trouble(time.time(), 0)[1] for life in lives(held)]
        (text,) = filter(None, texts)
        self.assertIn("the authority CN=ended has expired at ", text)

    def test_other_authorities(self) -> None:
        """Who names others is not answered with the old ones."""
        other = Authority(self.folder, "other")
        text = TEXT + MUTUAL.replace("root.pem", "other.pem")
        other.file.write_bytes(b"")
        (problem,) = self.texts(self.taken(text, self.before))
        self.assertIn("listeners.scan.client_ca", problem)
