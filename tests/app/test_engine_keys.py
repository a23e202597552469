"""The keys by which a process signs mail: there before its first scan, and renewed later."""

import os

from twisted.internet import reactor

from mailfilter.app import local as module
from mailfilter.app.engine import Engine
from mailfilter.app.hub import Hub
from mailfilter.app.local import LocalGeneration
from mailfilter.app.plan import Draft, draft
from mailfilter.app.worker import build_engine
from mailfilter.codec.control import Boot, Credentials, File, SigningFile
from mailfilter.report.alarms import Alarms
from tests.app.signing_case import pem
from tests.app.test_local import LocalCase

BAD = SigningFile(domain="b.example", selector="s", data=b"junk!")


class KeyTests(LocalCase):
    def draft_with_key(self) -> Draft:
        """A folder has it."""
        path = self.draft("store.kind = 'memory'\nsigning.folders = []").loaded.path
        assert path is not None
        os.mkdir(os.path.join(self.folder, "dkim"), 0o700)
        file = os.path.join(self.folder, "dkim", "a.example.s.key")
        with open(os.open(file, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as stream:
            stream.write(pem(1))
        with open(path) as old:
            text = old.read().replace("[]", "['dkim']")
        with open(path, "w") as new:
            new.write(text)
        return draft(path)

    def selectors(self, engine: Engine | None) -> list[str]:
        assert engine is not None
        return [key.selector for key in engine.plan.keys.find("a.example")]

    async def assert_renewed(self, engine: Engine | None) -> None:
        """What is saved in between takes no key away."""
        assert engine is not None
        fresh = SigningFile(domain="a.example", selector="s2", data=pem(2))
        await engine.renew(Credentials(signing=(fresh,)))
        await self.until(lambda: self.selectors(engine) == ["s2"])

    async def test_one_process(self) -> None:
        made = self.draft_with_key()
        self.patch(module, "settle", lambda: None)
        hub = Hub(Alarms(), os.path.join(self.folder, "state"))
        local = LocalGeneration(reactor, hub, 1, made, {})
        await local.start(is_strict=False)
        self.assertEqual(self.selectors(local._engine), ["s"])
        await self.assert_renewed(local._engine)
        await local.drain(is_stop=True, seconds=0)

    async def test_worker(self) -> None:
        """With an alarm for what cannot be used, though the master has looked at it."""
        made = self.draft_with_key()
        sources = made.loaded.sources
        files = tuple(File(each.file, each.data, each.mode, each.gid) for each in sources.files)
        signing = made.held.credentials().signing
        boot = Boot(
            generation=1,
            place=0,
            seconds=10.0,
            state_dir=self.folder,
            config=sources.path,
            directory=sources.directory,
            files=files,
            checks=(),
            sockets=(),
            is_strict=False,
            log="-",
            credentials=Credentials(signing=(BAD, *signing)),
        )
        alarms = Alarms()
        engine = build_engine(reactor, boot, alarms)
        self.assertEqual(self.selectors(engine), ["s"])
        (alarm,) = alarms.raised
        self.assertIn("key s of b.example: cannot be used", alarm.text)
        await self.assert_renewed(engine)
        await engine.close()
