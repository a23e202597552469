"""`mailfilteradm spf check`: what it shows of an evaluation."""

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from click.testing import CliRunner, Result
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.auth.spf_values import SpfResult
from mailfilter.client import spf
from mailfilter.client.adm import main
from mailfilter.codec.dns_answer import Answer, DnsError, Question
from tests.auth.spf_zone import Zone, lines_zone
from tests.live import dns_wire as wire
from tests.live.dns_wire import Query

from .dns_server import HOST, DnsServer

ZONE = {
    "example.com": [
        "TXT other=\x1b[1m",
        "TXT v=spf1 mx include:b.example.net -all exp=e.example.com",
        "MX 5 mx.example.com",
    ],
    "mx.example.com": "A 192.0.2.9",
    "b.example.net": "TXT v=spf1 ip4:192.0.2.0/28 ip6:2001:db8::/32 ?all",
    "e.example.com": "TXT %{i} is \x1b[1mnot %{d}'s",
}
PASSES = """\
example.com TXT: "v=spf1 mx include:b.example.net -all exp=e.example.com", 1 more
example.com MX: 5 mx.example.com
mx.example.com A: 192.0.2.9
+mx: no match
  b.example.net TXT: "v=spf1 ip4:192.0.2.0/28 ip6:2001:db8::/32 ?all"
  +ip4:192.0.2.0/28: match
+include:b.example.net: match

  client      192.0.2.1, MAIL FROM joe@example.com
  result      pass
  decided by  +ip4:192.0.2.0/28 of b.example.net, through +include:b.example.net
  terms       2 of 10 asked DNS
              0 of 2 had no answer
"""


class FakeResolver:
    """Answers from a zone."""

    def __init__(self, zone: Zone) -> None:
        self.zone = zone
        self.is_closed = False

    def peek(self, question: Question) -> Answer | None:
        return None

    async def lookup(self, question: Question) -> Answer:
        answer = self.zone.answer(question)
        if isinstance(answer, DnsError):
            raise answer
        return answer

    def close(self) -> None:
        self.is_closed = True


class CommandTests(SynchronousTestCase):
    """The command, with a resolver of the tests."""

    def setUp(self) -> None:
        self.zone = lines_zone(ZONE)
        self.config = Path(self.mktemp())
        self.config.write_text('[dns]\nservers = ["127.0.0.1:1"]\n')

    def run_it(self, *words: str) -> Result:
        resolver = FakeResolver(self.zone)
        self.patch(spf, "Resolver", lambda _reactor, _settings, servers: resolver)

        def run_in_reactor(work: object) -> SpfResult:
            assert callable(work)
            try:
                work(Clock()).send(None)
            except StopIteration as stop:
                result: SpfResult = stop.value
                return result
            raise AssertionError("it waits")

        self.patch(spf, "run_in_reactor", run_in_reactor)
        result = CliRunner().invoke(main, ["spf", "check", "-c", str(self.config), *words])
        if result.exit_code < 2:
            self.assertTrue(resolver.is_closed)
        return result

    def test_text(self) -> None:
        """Step by step, records within records."""
        for sender in ("joe@example.com", "<joe@example.com>"):
            result = self.run_it("--ip", "192.0.2.1", "--from", sender)
            self.assertEqual((result.exit_code, result.stdout), (0, PASSES))

    def test_fail(self) -> None:
        """With its explanation; what could change the terminal does not get there."""
        del self.zone.records[next(q for q in self.zone.records if q.name == "e.example.com")]
        result = self.run_it("--ip", "::ffff:198.51.100.1", "--from", "joe@example.com")
        self.assertIn("\ne.example.com TXT: no such record\n", result.stdout)
        self.assertIn("decided by  -all of example.com\n", result.stdout)
        self.zone = lines_zone(ZONE | {"e.example.com": "TXT %{i} is not %{d}'s"})
        result = self.run_it("--ip", "198.51.100.1", "--from", "joe@example.com")
        self.assertIn("explanation  198.51.100.1 is not example.com's\n", result.stdout)
        self.zone = lines_zone(ZONE)
        result = self.run_it("--ip", "198.51.100.1", "--from", "joe@example.com")
        self.assertNotIn("\x1b", result.stdout)
        self.assertIn("\\x1b", result.stdout)

    def test_helo(self) -> None:
        """Without a sender it is the name of HELO."""
        result = self.run_it("--ip", "2001:db8::1", "--helo", "b.example.net")
        self.assertIn("client      2001:db8::1, HELO b.example.net\n", result.stdout)
        self.assertIn("decided by  +ip6:2001:db8::/32 of b.example.net\n", result.stdout)

    def test_zone(self) -> None:
        """The interface of an address does not matter."""
        result = self.run_it("--ip", "[fe80::1%eth0]", "--helo", "b.example.net")
        self.assertEqual(result.exit_code, 0)
        self.assertIn("client      fe80::1, HELO b.example.net\n", result.stdout)

    def test_errors(self) -> None:
        """Say what is the matter, with an exit status of 1."""
        self.zone.slow.add("mx.example.com")
        self.zone.records.pop(next(q for q in self.zone.records if q.name == "mx.example.com"))
        result = self.run_it("--ip", "192.0.2.1", "--from", "joe@example.com")
        self.assertEqual(result.exit_code, 1)
        self.assertIn("reason  mx.example.com A: no answer in time (example.com)\n", result.stdout)
        result = self.run_it("--ip", "192.0.2.1", "--from", "a@example.com", "--max-lookups", "0")
        self.assertIn("0 of 0 asked DNS\n", result.stdout)
        self.assertEqual(result.exit_code, 1)

    def test_none(self) -> None:
        """Is no error."""
        result = self.run_it("--ip", "192.0.2.1", "--from", "joe@localhost")
        self.assertEqual(result.exit_code, 0)
        self.assertIn("reason  not a domain with a top label\n", result.stdout)

    def test_json(self) -> None:
        """The same for programs."""
        result = self.run_it("--ip", "192.0.2.1", "--from", "joe@example.com", "--json")
        found = json.loads(result.stdout)
        self.assertEqual((found["result"], found["mechanism"]), ("pass", "+ip4:192.0.2.0/28"))
        self.assertEqual(len(found["steps"]), 7)
        self.assertEqual(found["steps"][5]["depth"], 2)

    def test_command_line(self) -> None:
        """What makes no sense is refused."""
        for words in (
            ("--from", "joe@example.com"),
            ("--ip", "192.0.2.1"),
            ("--ip", "x\x1b", "--from", "joe@example.com"),
            ("--ip", "192.0.2.1", "--helo", "a.b", "--server", "nobody.example"),
            ("--ip", "192.0.2.1", "--helo", "a.b", "--max-void", "-1"),
        ):
            result = self.run_it(*words)
            self.assertEqual((result.exit_code, result.stdout), (2, ""), words)
            self.assertNotIn("\x1b", result.stderr)


class ProcessTests(SynchronousTestCase):
    """The command as it is, over a server of DNS."""

    def test_process(self) -> None:
        """Asks the server that it is told to."""

        def answer(query: Query) -> Iterable[bytes]:
            return [wire.reply(query, wire.text(b"v=spf1 ip4:192.0.2.1 -all"))]

        server = DnsServer(answer)
        self.addCleanup(server.stop)
        config = Path(self.mktemp())
        config.write_text('[dns]\ntimeout = "20s"\n')
        program = [sys.executable, "-c", "from mailfilter.app.adm import main; main()"]
        words = [
            "spf",
            "check",
            "--ip",
            "192.0.2.1",
            "--from",
            "joe@example.com",
            "-c",
            str(config),
        ]
        done = subprocess.run(
            [*program, *words, "--server", f"{HOST}:{server.port}"],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("decided by  +ip4:192.0.2.1 of example.com\n", done.stdout)
