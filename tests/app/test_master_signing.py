"""A master with keys that sign mail: what a start, a reload and a check say of bad ones."""

from click.testing import CliRunner, Result

from mailfilter.app import certificates
from mailfilter.app.master_state import ReloadError
from mailfilter.app.plan import draft, load_all
from mailfilter.app.tls_files import page_of_files
from mailfilter.client.adm import main
from mailfilter.client.options import Knowledge
from mailfilter.codec.control import Credentials
from mailfilter.config import ConfigError
from tests.app.signing_case import FOLDER, MAP, SigningCase, pem
from tests.app.test_master import MasterCase

SETTINGS = ("signing.folders = ['{folder}/dkim']", "tls.watch = '0.05s'")


class MasterTests(MasterCase):
    def setUp(self) -> None:
        super().setUp()
        self.patch(certificates, "SETTLE_SECONDS", 0.0)
        (self.folder / "dkim").mkdir(0o700)
        self.put("a", pem(1))

    def put(self, domain: str, data: bytes) -> None:
        new = self.folder / "key.new"
        new.write_bytes(data)
        new.chmod(0o600)
        new.rename(self.folder / "dkim" / f"{domain}.example.s.key")

    async def test_added(self) -> None:
        """Workers are told, by the watch alone."""
        made = await self.serve(*SETTINGS)
        self.put("b", pem(2))
        await self.until(lambda: self.generations[0].told)
        (message,) = self.generations[0].told
        assert isinstance(message, Credentials)
        self.assertEqual([item.data for item in message.signing], [pem(1), pem(2)])
        self.assertEqual(made.hub.events["signing_keys_added"], 1)

    async def test_new_and_bad(self) -> None:
        """With nothing before it, everything stays as it is."""
        made = await self.serve()
        self.put("b", b"junk!")
        self.write(*SETTINGS)
        error = await self.assertFailure(made.reload(), ReloadError)
        self.assertIn("signing.folders = ", str(error))
        self.assertIn("neither PEM nor base64", str(error))
        self.assertEqual(len(self.generations), 1)


class CheckTests(SigningCase):
    """`config check` knows as much as the start."""

    def check(self, text: str) -> Result:
        path = self.write("m.toml", text)
        knowledge = Knowledge(load_all=load_all, tls_page=page_of_files)
        return CliRunner().invoke(main, ["config", "check", "--config", path], obj=knowledge)

    def assert_refused(self, text: str, expected: str) -> None:
        result = self.check(text)
        self.assertEqual(result.exit_code, 1)
        self.assertIn(expected, result.output)
        error = self.assertRaises(ConfigError, draft, str(self.folder / "m.toml"))
        self.assertIn(expected, str(error))

    def test_good(self) -> None:
        self.put("dkim/a.example.s.key", pem(1))
        result = self.check(FOLDER)
        self.assertEqual(result.exit_code, 0, result.output)

    def test_refused(self) -> None:
        """By file and line."""
        self.put("dkim/a.example.s.key", b"junk!")
        self.assert_refused(FOLDER, 'm.toml:2: signing.folders = "')
        self.put("dkim.map", b"# none\na.example s\n")
        self.assert_refused(MAP, "dkim.map:2: signing.maps: expected a domain, a selector")
