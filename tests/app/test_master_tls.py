"""A master with certificates: who is handed what, and what a reload says of bad ones."""

import os

from mailfilter.app.master_state import ReloadError
from mailfilter.codec.control import Credentials
from tests.app.test_master import MasterCase
from tests.authority import Authority

TLS = (
    "listeners.tls = {{ protocol = 'http', endpoint = 'unix:{folder}/t.sock',"
    " certificates = ['mx'] }}",
    "certificates.mx = {{ chain = '{folder}/mx.pem', key = '{folder}/mx.key' }}",
    "tls.watch = '0.05s'",
)


class TlsCase(MasterCase):
    def setUp(self) -> None:
        super().setUp()
        self.authority = Authority(self.folder, "root")
        self.renew()

    def renew(self) -> None:
        chain, key = self.authority.issue("mx.example.org")
        os.replace(chain, self.folder / "mx.pem")
        os.replace(key, self.folder / "mx.key")

    def handed(self, number: int) -> list[object]:
        """What workers of a generation were told."""
        return list(self.generations[number - 1].told)


class TlsTests(TlsCase):
    async def test_renewed(self) -> None:
        """Those that serve are told; those that leave accept nothing any more."""
        made = await self.serve(*TLS)
        done = made.reload()
        (await self.candidate(2)).ready()
        self.assertEqual(await done, [])
        self.renew()
        await self.until(lambda: self.handed(2))
        (message,) = self.handed(2)
        assert isinstance(message, Credentials)
        self.assertEqual(message.pairs[0].chain, (self.folder / "mx.pem").read_bytes())
        self.assertEqual(self.handed(1), [])
        self.assertEqual(made.hub.events["certificates_renewed"], 1)

    async def test_bad_at_a_reload(self) -> None:
        """The one before goes on; who asked is told, and there is an alarm."""
        made = await self.serve(*TLS)
        (self.folder / "mx.key").write_bytes(b"")
        done = made.reload()
        (await self.candidate(2)).ready("a check")
        first, second = await done
        self.assertIn("certificates.mx.key", first)
        self.assertEqual(second, "a check")
        self.assertIn("the file is empty", made.alarms.raised[-1].text)
        self.assertEqual(made.hub.events["certificates_refused"], 1)

    async def test_new_and_bad(self) -> None:
        """With nothing before it, everything stays as it is."""
        made = await self.serve()
        (self.folder / "mx.key").write_bytes(b"")
        self.write(*TLS)
        error = await self.assertFailure(made.reload(), ReloadError)
        self.assertIn("certificates.mx.key", str(error))
        self.assertIn("the file is empty", str(error))
        self.assertEqual(len(self.generations), 1)

    async def test_reload_that_fails(self) -> None:
        """Those that go on are told of what is renewed later, as before."""
        made = await self.serve(*TLS)
        done = made.reload()
        (await self.candidate(2)).fail("no")
        await self.assertFailure(done, ReloadError)
        self.renew()
        await self.until(lambda: self.handed(1))

    async def test_status(self) -> None:
        made = await self.serve(*TLS)
        page = made._page()
        found = page["certificates"]
        self.assertEqual(found["mx"]["listeners"], ["tls"])
        self.assertEqual(page["client_trust"], {})
