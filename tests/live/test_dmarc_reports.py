"""Aggregate reports over real stores and real SMTP: each is sent once, whatever ends a command."""

import gzip
import signal
from email import message_from_bytes, policy
from xml.etree import ElementTree

from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults

from mailfilter.config.model import StoreSettings
from mailfilter.store import make_store
from mailfilter.store.base import Store
from tests.authority import Authority
from tests.report.dmarc_schema import problems

from . import redis
from .dmarc_reports_case import ReportCase
from .processes import free_port
from .sink import Sink, Taken

TO = "dmarc@example.com"


def counts(taken: Taken, domain: str) -> list[int]:
    """What the report of a message counts; it must be right in all else."""
    message = message_from_bytes(taken.message, policy=policy.default)
    assert not message.defects
    assert message["Subject"].startswith(f"Report Domain: {domain} Submitter: example.org")
    _text, attached = message.iter_parts()
    root = ElementTree.fromstring(gzip.decompress(attached.get_content()))
    assert not list(problems(root))
    assert root.findtext("policy_published/domain") == domain
    return [int(item.text or "") for item in root.findall("record/row/count")]


class EmbeddedReportTests(ReportCase):
    async def open_store(self) -> Store:
        """A file in the state directory."""
        store = make_store(reactor, StoreSettings(), str(self.home), self.fail, self.fail)
        store.open()
        return store

    async def test_sent_once(self) -> None:
        """By two commands at the same time, and by one later."""
        for domain in ("example.com", "example.net"):
            await self.add(domain)
        running = [Deferred.fromCoroutine(self.run_it()) for _ in range(2)]
        self.assertEqual([status for status, _found in await gatherResults(running)], [0, 0])
        expected = [(TO, "sent before"), ("dmarc@example.net", "sent before")]
        self.assertEqual(await self.run_it(), (0, expected))
        for domain in ("example.com", "example.net"):
            (taken,) = self.sink.to(f"dmarc@{domain}")
            self.assertEqual(taken.sender, "reports@example.org")
            self.assertEqual(counts(taken, domain), [1, 2, 3])

    async def test_dry(self) -> None:
        """Nobody connects, and all is sent afterwards."""
        await self.add()
        self.configure(port=free_port())
        self.assertEqual(await self.run_it("--dry-run"), (0, [(TO, "would send")]))
        self.configure()
        self.assertEqual(await self.run_it(), (0, [(TO, "sent")]))

    async def test_external(self) -> None:
        """By what DNS says of the other domains."""
        await self.add(rua="mailto:a@agreed.example,mailto:b@other.example")
        expected = [("a@agreed.example", "sent"), ("b@other.example", "refused")]
        self.assertEqual(await self.run_it(), (0, expected))
        name = "example.com._report._dmarc.other.example TXT"
        self.assertIn(name, self.dns.asked())

    async def test_mta_away(self) -> None:
        """It is told, and tried again."""
        await self.add()
        self.configure(port=free_port())
        self.assertEqual(await self.run_it(), (1, [(TO, "failed")]))
        self.configure()
        self.assertEqual(await self.run_it(), (0, [(TO, "sent")]))

    async def test_killed(self) -> None:
        """Between message and confirmation: it is not sent again, and that is told."""
        await self.add()
        self.hold()
        process = self.start("report")
        await self.arrived(TO)
        process.kill()
        await self.finish(process)
        self.sink.hold(None)
        self.assertEqual(await self.run_it("--resend"), (0, [(TO, "under way")]))
        self.assertEqual(len(self.sink.to(TO)), 1)

    async def test_interrupted(self) -> None:
        """It may have been sent: only those who want that send it again."""
        await self.add()
        self.hold()
        process = self.start("report")
        await self.arrived(TO)
        process.send_signal(signal.SIGINT)
        status, out, _err = await self.finish(process)
        self.assertEqual(status, 130)
        self.assertIn("doubtful", out)
        self.sink.hold(None)
        self.assertEqual(await self.run_it(), (1, [(TO, "doubtful")]))
        self.assertEqual(await self.run_it("--resend"), (0, [(TO, "sent")]))
        first, second = self.sink.to(TO)
        ids = {message_from_bytes(item.message)["Message-ID"] for item in (first, second)}
        self.assertEqual(len(ids), 1)

    async def test_tls(self) -> None:
        """By TLS with whom the authorities know, or not at all."""
        await self.add()
        good, bad = Authority(self.home, "good"), Authority(self.home, "bad")
        tls = "smtp_starttls = true\nsmtp_ca = '{}'\n"
        sink = Sink(good.issue("127.0.0.1"))
        named = Sink(good.issue("mta.example"))
        for other, more in (
            (sink, ""),
            (sink, tls.format(bad.file)),
            (named, tls.format(good.file)),
            (self.sink, tls.format(good.file)),
        ):
            self.configure(other, more=more)
            self.assertEqual(await self.run_it(), (1, [(TO, "failed")]))
            self.assertEqual(other.to(TO), [])
        self.configure(sink, more=tls.format(good.file))
        self.assertEqual(await self.run_it(), (0, [(TO, "sent")]))
        self.assertEqual(counts(sink.to(TO)[0], "example.com"), [1, 2, 3])


class RedisReportTests(EmbeddedReportTests):
    async def open_store(self) -> Store:
        """A server that all tests share, with a prefix of this test."""
        settings = redis.settings(redis.shared())
        (server,), prefix = settings.redis.servers, settings.redis.prefix
        self.where = (
            f'[store]\nkind = "redis"\nredis.servers = ["{server}"]\nredis.prefix = "{prefix}"\n'
        )
        return redis.make_store(settings)
