"""A master with keypairs: who is handed what, and what a start, a reload and a check say of bad
ones."""

from click.testing import CliRunner, Result

from mailfilter.app.certificates import NOTHING
from mailfilter.app.master_state import ReloadError
from mailfilter.app.plan import draft, load_all
from mailfilter.app.tls_files import page_of_files
from mailfilter.client.adm import main
from mailfilter.client.options import Knowledge
from mailfilter.codec.control import Credentials
from mailfilter.config import ConfigError
from tests.app.credential_case import CredentialCase
from tests.app.keypair_case import FIRST, FRONT, SECOND, text_of
from tests.app.test_master import MasterCase

SEALED = (
    "listeners.sealed = {{ protocol = 'http', endpoint = 'unix:{folder}/t.sock',"
    " keypairs = ['front'] }}",
    "keypairs.front.file = '{folder}/front.key'",
    "tls.watch = '0.05s'",
)


class KeypairTests(MasterCase):
    def setUp(self) -> None:
        super().setUp()
        self.put(text_of(FIRST))

    def put(self, data: bytes, mode: int = 0o600) -> None:
        new = self.folder / "front.key.new"
        new.write_bytes(data)
        new.chmod(mode)
        new.rename(self.folder / "front.key")

    async def test_renewed(self) -> None:
        """Workers are told, by the watch alone."""
        made = await self.serve(*SEALED)
        self.put(text_of(SECOND))
        await self.until(lambda: self.generations[0].told)
        (message,) = self.generations[0].told
        assert isinstance(message, Credentials)
        self.assertEqual([item.data for item in message.keypairs], [text_of(SECOND)])
        self.assertEqual(made.hub.events["keypairs_renewed"], 1)
        self.assertIn("keypair front is another one", made.alarms.raised[-1].text)

    async def test_bad_later(self) -> None:
        """The one before goes on, with an alarm, also through a reload."""
        made = await self.serve(*SEALED)
        self.put(text_of(SECOND), mode=0o644)
        await self.until(lambda: made.alarms.raised)
        self.assertIn("everybody may read", made.alarms.raised[-1].text)
        done = made.reload()
        await self.until(lambda: len(self.generations) == 2)
        self.generations[1].ready()
        (text,) = await done
        self.assertIn("keypairs.front.file", text)
        self.assertEqual(self.generations[0].told, [])
        self.assertEqual(made._keeper.held.keypairs["front"].parsed, FIRST)

    async def test_new_and_bad(self) -> None:
        """With nothing before it, everything stays as it is."""
        made = await self.serve()
        self.put(b"junk!")
        self.write(*SEALED)
        error = await self.assertFailure(made.reload(), ReloadError)
        self.assertIn("keypairs.front.file", str(error))
        self.assertIn("line 1 is none of a keypair", str(error))
        self.assertEqual(len(self.generations), 1)


class CheckTests(CredentialCase):
    """`config check` knows as much as the start."""

    def check(self, text: str = FRONT) -> Result:
        path = self.write("m.toml", text)
        knowledge = Knowledge(load_all=load_all, tls_page=page_of_files)
        return CliRunner().invoke(main, ["config", "check", "--config", path], obj=knowledge)

    def test_good(self) -> None:
        self.put("front.key", text_of(FIRST))
        result = self.check()
        self.assertEqual(result.exit_code, 0, result.output)

    def test_refused(self) -> None:
        """With key, file and line; the start says the same."""
        nistp256 = b'algorithm = "nistp256"\n' + text_of(FIRST)
        secret = text_of(SECOND).splitlines()[-1]
        halves = b"\n".join((*text_of(FIRST).splitlines()[:-1], secret))
        for data, mode, expected in (
            (text_of(FIRST), 0o604, "a private key in a file that everybody may read; chmod o-rw"),
            (halves, 0o600, "its two halves do not belong together"),
            (nistp256, 0o600, "nistp256 is not known any more"),
            (b"", 0o600, "the file is empty"),
            (None, 0, "cannot be read: No such file or directory"),
        ):
            if data is None:
                (self.folder / "front.key").unlink()
            else:
                self.put("front.key", data, mode=mode)
            result = self.check()
            self.assertEqual(result.exit_code, 1)
            self.assertIn("m.toml:2: keypairs.front.file = ", result.output)
            self.assertIn(expected, result.output)
            error = self.assertRaises(ConfigError, draft, str(self.folder / "m.toml"))
            self.assertIn(expected, str(error))

    def test_not_told_twice(self) -> None:
        """A key that has the wrong type names no file."""
        result = self.check(FRONT.replace('"front.key"', "5"))
        self.assertEqual(result.output.count("keypairs.front"), 1, result.output)

    def test_secret_is_not_shown(self) -> None:
        self.put("front.key", text_of(FIRST))
        made = draft(self.write("m.toml", FRONT), NOTHING)
        secret = text_of(FIRST).decode().splitlines()[-1].split('"')[1]
        self.assertNotIn(secret, repr(made))
