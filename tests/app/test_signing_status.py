"""Keys that sign mail as the live status shows them."""

from mailfilter.app.certificate_status import tls_page
from mailfilter.app.tls_files import page_of_files
from mailfilter.client.tls_show import show_text
from tests.app.credential_case import CredentialCase
from tests.app.signing_case import FOLDER, TABLE, pem

NAME = "2026._domainkey.example.org"


class StatusTests(CredentialCase):
    def setUp(self) -> None:
        super().setUp()
        (self.folder / "dkim").mkdir(0o700)
        self.put("ours.key", pem(1))
        self.put("dkim/a.example.s.key", pem(2))

    def test_good(self) -> None:
        held = self.held(TABLE + FOLDER)
        page = tls_page(self.loaded(TABLE + FOLDER).config, held, 0.0)
        self.assertEqual(
            page["signing_keys"][NAME],
            {
                "domain": "example.org",
                "selector": "2026",
                "key": "Ed25519",
                "file": str(self.folder / "ours.key"),
                "loaded": held.signing[NAME].since,
                "trouble": "",
                "expired": [],
            },
        )
        source = {"keys": 1, "trouble": "", "expired": []}
        self.assertEqual(page["signing_sources"], {f"{self.folder}/dkim": source})

    def test_trouble(self) -> None:
        """What is used is shown, and why not what is there."""
        before = self.held(TABLE + FOLDER)
        self.put("ours.key", b"junk!")
        (self.folder / "dkim").rename(self.folder / "away")
        held = self.held(TABLE + FOLDER, before)
        page = tls_page(self.loaded(TABLE + FOLDER).config, held, 0.0)
        self.assertIn("neither PEM", page["signing_keys"][NAME]["trouble"])
        self.assertEqual(page["signing_keys"][NAME]["selector"], "2026")
        source = page["signing_sources"][f"{self.folder}/dkim"]
        self.assertIn("cannot be read", source["trouble"])
        self.assertEqual(source["keys"], 1)

    def test_files(self) -> None:
        """What would be refused at a start, as text."""
        self.put("dkim/b.example.s.key", b"junk!")
        self.put("dkim/c.key", b"junk!")
        page = page_of_files(self.write("m.toml", TABLE + FOLDER))
        self.assertIn("neither PEM", page["signing_keys"]["s._domainkey.b.example"]["trouble"])
        text = show_text(page, 0.0).replace(str(self.folder), "")
        self.assertIn(f"signing key {NAME}\n  domain    example.org\n", text)
        self.assertIn("signing key s._domainkey.b.example\n  trouble", text)
        self.assertIn("signing keys from /dkim\n  keys  1", text)
        self.assertIn("signing keys from /dkim/c.key\n  trouble", text)
        self.assertNotIn("in use since", text)
