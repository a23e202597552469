"""Files of certificates in states that are rare: what is taken, what is told of them."""

import time
from typing import Any

from mailfilter.app import credential_files
from mailfilter.app.certificate_status import tls_page
from mailfilter.app.certificates import Held, settings_of
from mailfilter.app.expiry import lives
from mailfilter.config.files import read_source
from mailfilter.config.toml_text import key_text
from tests.app.credential_case import MUTUAL, TEXT, CredentialCase
from tests.authority import Authority, load

DAY = 86400.0


class TrustTests(CredentialCase):
    def test_both_out_of_date(self) -> None:
        """Then the list in the files: it may revoke more."""
        self.root.revoke(days=(-9, -2))
        before = self.held(TEXT + MUTUAL)
        revoked = self.root.revoke(self.folder / "mx.pem", days=(-8, -1)).read_bytes()
        held = self.held(TEXT + MUTUAL, before)
        self.assertEqual(self.trouble(held), [])
        self.assertEqual(held.trusts["scan"].files.revoked, (revoked,))

    def test_other_files_out_of_date(self) -> None:
        """Who names others means them: they are not compared with those before."""
        self.root.revoke()
        before = self.held(TEXT + MUTUAL)
        other = Authority(self.folder, "other")
        other.revoke(days=(-9, -1))
        held = self.held(TEXT + MUTUAL.replace("root.", "other."), before)
        self.assertEqual(held.trusts["scan"].files.authorities, other.file.read_bytes())

    def test_off(self) -> None:
        """A listener that is off needs none of its files."""
        off = TEXT.replace("listeners.scan", "listeners.off").partition("[listeners")[2]
        text = TEXT + "[listeners" + off + 'enabled = false\nclient_auth = "required"\n'
        text += 'client_ca = "nowhere.pem"\n[identities.any]\nany_certificate = true\n'
        held = self.held(text)
        self.assertEqual((list(held.pairs), list(held.trusts)), (["mx"], []))


class SettingsTests(CredentialCase):
    def keys(self, text: str) -> set[str]:
        return {key_text(setting.key) for setting in settings_of(self.load(text).config)}

    def test_all(self) -> None:
        """All that is read again later, and so must be readable for the service."""
        mine = {"certificates.mx.chain", "certificates.mx.key"}
        self.assertEqual(self.keys(TEXT), mine)
        theirs = {"listeners.scan.client_ca", "listeners.scan.client_crl"}
        self.assertEqual(self.keys(TEXT + MUTUAL), mine | theirs)


class TellingTests(CredentialCase):
    def expired(self, held: Held, after: float = 0.0) -> list[str]:
        """What the status says of the certificate."""
        page = tls_page(self.load(TEXT).config, held, time.time() + after)
        found = page["certificates"]["mx"]["expired"]
        assert isinstance(found, list)
        return found

    def test_not_yet(self) -> None:
        self.renew((1, 10))
        (text,) = self.expired(self.held())
        self.assertIn("certificate mx does not hold before ", text)
        self.assertEqual(self.expired(self.held(), 2 * DAY), [])

    def test_chain(self) -> None:
        """The authorities that we show beside it end, too."""
        below = Authority(self.folder, "below", signed_by=self.root, days=(-2, 5))
        chain, key = below.issue("mx.example.org", stem="chained", chain=[below])
        self.put("mx.pem", chain.read_bytes())
        self.put("mx.key", key.read_bytes())
        held = self.held()
        now = time.time()
        texts = [life.trouble(now, 14 * DAY)[1] for life in lives(held)]
        (text,) = filter(None, texts)
        self.assertIn("certificate mx: CN=below in its chain expires in 5.0 days", text)
        self.assertIn("CN=below in its chain has expired", self.expired(held, 6 * DAY)[0])

    def test_in_use_since(self) -> None:
        held = self.held()
        for after in (0.0, 100.0):
            page = tls_page(self.load(TEXT).config, held, time.time() + after)
            item = page["certificates"]["mx"]
            self.assertEqual(item["loaded"], held.pairs["mx"].since)
            expires = load(self.folder / "mx.pem").not_valid_after_utc.timestamp()
            self.assertAlmostEqual(item["days"], (expires - time.time() - after) / DAY, 1)


class MeanwhileTests(CredentialCase):
    def test_written_while_it_is_read(self) -> None:
        """What comes behind the reading is noticed by the next look."""

        def read_and_replace(path: str, *arguments: Any) -> Any:
            found = read_source(path, *arguments)
            if path.endswith("mx.key"):
                self.put("mx.key", self.issue()[1])
            return found

        self.patch(credential_files, "read_source", read_and_replace)
        taken = self.taken()
        self.assertTrue(taken.held.has_changed())
