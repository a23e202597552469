"""`mailfilteradm dmarc check`: what it shows of a policy."""

import json
from pathlib import Path

from click.testing import CliRunner, Result
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.client import dmarc_check
from mailfilter.client.adm import main
from mailfilter.testing.fake_dns import FakeDns

ZONE = """
_dmarc.example.com  TXT  "v=DMARC1; p=reject; sp=none; pct=50; adkim=s; aspf=x; rua=mailto:a@b.c"
_dmarc.example.com  TXT  "other=1"
_dmarc.two.test     TXT  "v=DMARC1; p=none"
_dmarc.two.test     TXT  "v=DMARC1; p=reject"
_dmarc.bank         TXT  "v=DMARC1; p=reject; psd=y; t=y"
"""
SHOWN = """\
_dmarc.mail.example.com TXT: no such name
_dmarc.example.com TXT: "v=DMARC1; p=reject; sp=none; pct=50; adkim=s; aspf=x; rua=mailto:a@b.c", \
1 other

  domain    mail.example.com
  found by  the Public Suffix List
  record    of example.com
  policy    none, pct=50
  SPF       relaxed
  DKIM      strict
  reports   mailto:a@b.c
  problem   aspf: expected r or s, got 'x'
"""
BY_TREE = """\
_dmarc.own.bank TXT: no such name
_dmarc.bank TXT: "v=DMARC1; p=reject; psd=y; t=y"

  domain    own.bank
  found by  the tree of DNS
  record    of bank
  policy    reject
            t=y: the domain is testing its policy
  SPF       relaxed
  DKIM      relaxed
  reports   none are asked for
"""
NONE = """\
_dmarc.example.net TXT: no such name

  domain    example.net
  found by  the Public Suffix List
  policy    none: there is no record
"""


class Dns(FakeDns):
    """One that is closed in the end."""

    is_closed = False

    def close(self) -> None:
        """See `Resolver`."""
        self.is_closed = True


class CheckTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.config = Path(self.mktemp())
        self.config.write_text('[dns]\nservers = ["127.0.0.1:1"]\n')
        self.dns = Dns(ZONE)

    def run_it(self, *words: str) -> Result:
        """The command, with a resolver of the tests."""
        self.patch(dmarc_check, "Resolver", lambda _reactor, _settings, _servers: self.dns)

        def run_in_reactor(work: object) -> object:
            assert callable(work)
            try:
                work(Clock()).send(None)
            except StopIteration as stop:
                return stop.value
            raise AssertionError("it waits")

        self.patch(dmarc_check, "run_in_reactor", run_in_reactor)
        command = ["dmarc", "check", "--config", str(self.config), *words]
        return CliRunner().invoke(main, command)

    def test_found(self) -> None:
        """By the list, of an address as well as of a domain; what is wrong is told."""
        for domain in ("mail.example.com", "bob@Mail.Example.COM."):
            result = self.run_it(domain)
            self.assertEqual((result.output, result.exit_code), (SHOWN, 0))
        self.assertTrue(self.dns.is_closed)

    def test_tree(self) -> None:
        """By option, or as the configuration says."""
        self.assertEqual(self.run_it("own.bank", "--discovery", "tree").output, BY_TREE)
        with self.config.open("a") as file:
            file.write('[checks.dmarc.options]\ndiscovery = "tree"\n')
        self.dns.forget()
        self.assertEqual(self.run_it("own.bank").output, BY_TREE)
        self.assertEqual(self.run_it("own.bank", "--discovery", "psl").exit_code, 1)

    def test_nothing(self) -> None:
        result = self.run_it("example.net")
        self.assertEqual((result.output, result.exit_code), (NONE, 1))

    def test_trouble(self) -> None:
        self.dns.fail("_dmarc.broken.test")
        for domain, words in (
            ("two.test", "problem   two.test : Multiple policies defined in DNS"),
            ("broken.test", "problem   _dmarc.broken.test TXT: failure"),
        ):
            result = self.run_it(domain)
            self.assertIn(words, result.output)
            self.assertEqual(result.exit_code, 1)

    def test_json(self) -> None:
        found = json.loads(self.run_it("mail.example.com", "--json").output)
        self.assertEqual((found["result"], found["policy"]), ("found", "none"))
        self.assertEqual(found["record"]["domain"], "example.com")
        self.assertEqual(found["record"]["problems"], ["aspf: expected r or s, got 'x'"])
        self.assertEqual(len(found["asked"]), 2)
        found = json.loads(self.run_it("example.net", "--json").output)
        self.assertEqual((found["result"], found["record"]), ("none", None))

    def test_bad_name(self) -> None:
        result = self.run_it("a..b")
        self.assertEqual(result.exit_code, 2)
        self.assertIn("empty label", result.output)
