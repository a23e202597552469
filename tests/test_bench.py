"""The benchmarks still fit the code that they measure. Nothing is timed here."""

import os
from pathlib import Path

from twisted.internet import reactor
from twisted.trial.unittest import SynchronousTestCase, TestCase

from bench import (
    content,
    dkim,
    dns,
    http_cost,
    httpcrypt,
    lda,
    maps,
    messages,
    metrics_cost,
    milter_cost,
    parts,
    rules,
    run,
    spf,
    tls_cost,
    tls_target,
)
from bench.http_target import VERDICTS
from mailfilter.app.checks import load_checks
from mailfilter.config.model import Config
from mailfilter.mail import parse
from mailfilter.report.series_steps import RANGES
from mailfilter.scan.plan import build_plan


class BenchTests(SynchronousTestCase):
    """A short run of each."""

    def test_load(self) -> None:
        """The load generator gets every message answered, by both protocols."""
        data = str(messages.ROOT / "tests/data/messages")
        with run.running() as started:
            for protocol in ("http", "milter"):
                for more in ((), ("--per-connection", "3")):
                    options = ("--count", "20", "--seconds", "60", "--messages", data, *more)
                    figures = run.load(started, protocol, 4, *options)
                    self.assertEqual(figures["messages"], 20)
            self.assertGreater(started.cpu(), 0)
            self.assertGreater(started.memory(), 1)

    def test_lda(self) -> None:
        """Each way to deliver is measured, and so is memory."""
        with run.running() as started:
            _, *lines, peak = lda.costs(started, 2)
        self.assertEqual(len(lines), 1 + len(lda.WAYS))
        self.assertIn("MiB", peak)

    def test_maps(self) -> None:
        """Every kind of map is measured."""
        _, *lines = maps.costs(10)
        self.assertEqual([line.split(",")[0] for line in lines], ["networks", "names", "patterns"])

    def test_spf(self) -> None:
        """Every form of record is measured, and comes to what it must."""
        _, *lines = spf.costs(2)
        self.assertEqual(len(lines), len(spf.CASES))

    def test_dkim(self) -> None:
        """Signatures of each kind are verified, and each part is measured."""
        _, *lines = dkim.costs(1, [2048])
        self.assertEqual(lines.index(""), 7)
        self.assertEqual(len(lines[8:]), 8)

    def test_milter_cost(self) -> None:
        """Every way to use the protocol is measured, and so is memory."""
        folder = self.message_folder()
        _, *lines = milter_cost.costs(folder, 20)
        self.assertEqual(len(lines), len(milter_cost.CASES))
        _, *lines = milter_cost.growth(folder, (5, 10))
        self.assertEqual([line.split()[0] for line in lines], ["5", "10"])

    def test_http_cost(self) -> None:
        """Every client of the scan protocols is answered, one at a time and in a crowd."""
        folder = self.message_folder()
        _, *lines = http_cost.costs(folder, 5, 1)
        self.assertEqual(len(lines), len(http_cost.CASES))
        _, *lines = http_cost.crowds(folder, 60, 20)
        self.assertEqual(len(lines), len(http_cost.CROWDED))

    def test_http_memory(self) -> None:
        """Memory is measured for many requests, and for large ones."""
        folder = self.message_folder()
        _, *lines = http_cost.growth(folder, (5, 10))
        self.assertEqual(len(lines), len(http_cost.GROWING))
        _, *lines = http_cost.peaks(folder, 300_000)
        self.assertEqual(len(lines), len(http_cost.LARGE_CASES))

    def test_tls_cost(self) -> None:
        """Every way to connect is measured, and so is the memory of idle connections."""
        folder = Path(self.mktemp()).absolute()
        folder.mkdir()
        tls_target.certify(folder)
        ways = sum(map(len, tls_cost.KEPT.values()))
        _, *lines = tls_cost.handshakes(folder, 10, 1)
        self.assertEqual(len(lines), 1 + len(tls_cost.CONNECTIONS))
        _, *lines = tls_cost.kept(folder, 5, 1)
        self.assertEqual(len(lines), ways)
        _, *lines = tls_cost.idle(folder, 10)
        self.assertEqual(len(lines), ways)

    def test_httpcrypt(self) -> None:
        """Every way to ask is answered and measured, and so are the parts."""
        for verdict in VERDICTS:
            _, *lines = httpcrypt.whole(verdict, 3, 1)
            self.assertEqual(len(lines), len(httpcrypt.WAYS))
        _, *lines = httpcrypt.parts(3, 1)
        self.assertEqual(len(lines), 4)

    def message_folder(self) -> str:
        """A directory with one message."""
        folder = Path(self.mktemp())
        folder.mkdir()
        (folder / "message.eml").write_bytes(milter_cost.message())
        return str(folder)

    def test_parts(self) -> None:
        """Each part of a scan is in the table."""
        config = Config()
        plan = build_plan(config, load_checks())
        costs = parts.measure(plan, config, [next(messages.made_up())])
        for name in ("parse", *(f"check {step.name}" for step in plan.steps), "log line"):
            self.assertIn(name, costs)

    def test_content(self) -> None:
        """The scan, each check and the longest turn have their lines."""
        bench = content.Bench(content.make_plan())
        found = [next(messages.made_up())]
        self.assertEqual(len(list(content.costs(bench, found, 1))), 2)
        self.assertEqual(len(list(content.dearest(bench, found))), content.SHOWN)
        (line,) = content.turns_of(bench, [("name", found[0])])
        self.assertIn("name", line)

    def test_rules(self) -> None:
        """A first and a second start are measured, with all rules in both."""
        _, cold, warm = rules.costs(3)
        self.assertEqual(cold.split()[:2][1:], warm.split()[:2][1:])

    def test_metrics_cost(self) -> None:
        """What is counted, told and kept has its line each."""
        lines = list(metrics_cost.table(symbols=40, checks=8, workers=1))
        ranges = sum("series: read" in line for line in lines)
        self.assertEqual(ranges, len(RANGES))
        self.assertTrue(lines[-1].startswith("a scrape of OpenMetrics"))

    def test_made_up(self) -> None:
        """The made-up messages are always the same, and sound."""
        first, second = list(messages.made_up()), list(messages.made_up())
        self.assertEqual(first, second)
        self.assertNotIn(b"\n", first[0].replace(b"\r\n", b""))
        self.assertTrue(all(len(parse(raw).leaves) >= 1 for raw in first))
        self.assertEqual(len(parse(first[-1]).leaves), 2)

    def test_sample(self) -> None:
        """Of a large directory some are taken, from all of it."""
        self.patch(messages, "MOST", 4)
        folder = Path(self.mktemp())
        os.makedirs(folder / "deeper")
        for number in range(10):
            (folder / "deeper" / f"{number}.eml").touch()
        taken = [path.stem for path in messages.sample(folder)]
        self.assertEqual(taken, ["0", "2", "5", "7"])
        self.assertRaises(FileNotFoundError, messages.sample, folder / "none")


class DnsTests(TestCase):
    """The one that needs a reactor."""

    timeout = 120

    async def test_dns(self) -> None:
        """Every way to ask is answered and measured."""
        lines = [line async for line in dns.costs(reactor, 20)]
        self.assertEqual(len(lines), 1 + len(dns.CASES) + 2)
