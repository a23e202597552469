"""The check of DMARC: symbols and options, who is not asked for, actions."""

from collections.abc import Sequence
from dataclasses import replace
from ipaddress import ip_address

from mailfilter.checks.dmarc import Dmarc
from mailfilter.config.model import Scan
from mailfilter.scan.check import Check, Findings, Force, Given, Note
from mailfilter.scan.task import Task
from mailfilter.scan.verdict import Action, AuthResult
from mailfilter.testing.checks import run_check, scan_message, symbols_of

from .dmarc_case import ENVELOPE, NO_SPF, CheckCase, Drawn, dkim, spf

AUTHOR = "reject.test"
DOUBTFUL = (
    ("a@reject.test, b@missing.test", "Duplicate From header"),
    ("a@reject.test\r\nFrom: a@reject.test", "Duplicate From header"),
    ("Team: a@reject.test;", "No domain in From header"),
    ("a@reject.test@missing.test", "No domain in From header"),
    ("a@missing.test@reject.test", "No domain in From header"),
    ("a@reject.test(.missing.test)", "No domain in From header"),
    ('"a@missing.test"@reject.test', "No domain in From header"),
    ("<@missing.test:a@reject.test>", "No domain in From header"),
    ("a@reject.test\0.missing.test", "No domain in From header"),
    ("Bob, Smith <a@reject.test>", "No domain in From header"),
    ("a@reject.test.", "No domain in From header"),
    ("a@\u200breject\u3002test", "No domain in From header"),
    ("a@reject\r\n .test", "No domain in From header"),
    ("=?utf-8?q?a=40reject.test?=", "No domain in From header"),
    ("b@missing.test\r\nX: y\rFrom: a@reject.test", "No domain in From header"),
)
"""Authors, and how Rspamd says what is wrong."""

UNTOLD = "its author cannot be told"


class SymbolTests(CheckCase):
    def test_pass(self) -> None:
        """By SPF or by a signature; the option is the domain with the record."""
        allowed = {"DMARC_POLICY_ALLOW": ("reject.test", "reject")}
        passed = spf("pass", '"a@b"@reject.test')
        self.assertEqual(self.symbols("a@reject.test", [passed]), allowed)
        results = [NO_SPF, dkim("fail", "reject.test"), dkim("pass", "mail.REJECT.test")]
        self.assertEqual(self.symbols("a@reject.test", results), allowed)
        helo = AuthResult("spf", "pass", properties=(("smtp.helo", "reject.test"),))
        self.assertEqual(self.symbols("a@reject.test", [helo]), allowed)

    def test_fail(self) -> None:
        reason = "No valid SPF, No valid DKIM"
        for author, symbol, options in (
            ("reject.test", "DMARC_POLICY_REJECT", (f"reject.test : {reason}", "reject")),
            (
                "quarantine.test",
                "DMARC_POLICY_QUARANTINE",
                (f"quarantine.test : {reason}", "quarantine"),
            ),
            ("none.test", "DMARC_POLICY_SOFTFAIL", (f"none.test : {reason}", "none")),
            (
                "half.test",
                "DMARC_POLICY_QUARANTINE",
                (f"half.test : {reason}", "reject", "sampled_out"),
            ),
            ("try.test", "DMARC_POLICY_QUARANTINE", (f"try.test : {reason}", "reject", "testing")),
        ):
            self.assertEqual(self.symbols(f"a@{author}"), {symbol: options})

    def test_reasons(self) -> None:
        results = [spf("pass", "a@mail.reject.test"), dkim("pass", "list.test")]
        self.assertEqual(
            self.symbols("a@reject.test", results)["DMARC_POLICY_REJECT"][0],
            "reject.test : SPF not aligned (strict), DKIM not aligned (relaxed)",
        )

    def test_no_policy(self) -> None:
        self.assertEqual(self.symbols("a@missing.test"), {"DMARC_NA": ("missing.test",)})
        self.assertEqual(
            self.symbols("a@two.test", [spf("pass", "a@two.test")]),
            {"DMARC_BAD_POLICY": ("two.test : Multiple policies defined in DNS",)},
        )

    def test_dns_failure(self) -> None:
        self.dns.fail("_dmarc.reject.test")
        ((symbol, options),) = self.symbols("a@reject.test").items()
        self.assertEqual(symbol, "DMARC_DNSFAIL")
        self.assertIn("reject.test : _dmarc.reject.test TXT", options[0])

    def test_temporary_error(self) -> None:
        """What could have passed, had DNS answered."""
        words = ("none.test : SPF/DKIM temp error", "none")
        for results in (
            [spf("temperror", "a@none.test")],
            [NO_SPF, dkim("temperror", "none.test")],
        ):
            self.assertEqual(self.symbols("a@none.test", results), {"DMARC_DNSFAIL": words})

    def test_no_answer(self) -> None:
        """A check that gave no answer could have passed, too; DKIM if there is a signature."""
        failed = ("DMARC_POLICY_SOFTFAIL",)
        open_ = ("DMARC_DNSFAIL",)
        signed = b"DKIM-Signature: v=1; d=none.test\r\n"
        for results, header, expected in (
            ([], b"", open_),
            ([dkim("pass", "x.test")], signed, open_),
            ([NO_SPF], signed, open_),
            ([NO_SPF], b"", failed),
            ([NO_SPF, dkim("fail", "none.test")], signed, failed),
            ([dkim("pass", "none.test")], signed, ("DMARC_POLICY_ALLOW",)),
        ):
            symbols = self.symbols("a@none.test", results, header=header)
            self.assertEqual(tuple(symbols), expected, (results, header))
        unreadable = replace(ENVELOPE, sender=None, lacks_sender=True)
        self.assertEqual(tuple(self.symbols("a@none.test", [], unreadable)), failed)

    def test_odd_domains(self) -> None:
        """What is no name is nobody's; other scripts are compared as DNS has them."""
        for domain in ("", "reject..test", r"a\.reject.test", "a" * 64 + ".reject.test"):
            found = self.symbols("a@reject.test", [NO_SPF, dkim("pass", domain)])
            self.assertEqual(list(found), ["DMARC_POLICY_REJECT"], domain)
        found = self.symbols("a@bücher.test", [spf("pass", "a@BÜCHER.test")])
        self.assertEqual(list(found), ["DMARC_POLICY_ALLOW"])


class AuthorTests(CheckCase):
    """Where the author is in doubt nothing passes (`test_author` has the forms)."""

    def test_doubtful(self) -> None:
        """It would pass if its author was who one may take for him."""
        passed = [spf("pass", "a@reject.test"), dkim("pass", "reject.test")]
        for author, words in DOUBTFUL:
            found = self.findings(author, passed)
            symbols = symbols_of(found)
            self.assertEqual(list(symbols), ["DMARC_NA"], author)
            self.assertEqual(symbols["DMARC_NA"][0], words)
            self.assertEqual((found[1].result, found[1].properties), ("permerror", ()))

    def test_strictest(self) -> None:
        """Of all domains that are named the policy holds that asks for most."""
        for author, _ in DOUBTFUL:
            found = self.findings(author)
            self.assertEqual(list(symbols_of(found)), ["DMARC_POLICY_REJECT"], author)
            self.assertEqual(found[1].result, "fail")
        symbols = self.symbols("a@none.test, b@quarantine.test, c@missing.test")
        words = "quarantine.test : Duplicate From header, 3 domains"
        self.assertEqual(symbols, {"DMARC_POLICY_QUARANTINE": (words, "quarantine")})

    def test_no_answer(self) -> None:
        """Where DNS does not tell all policies, it says of whom."""
        self.dns.fail("_dmarc.broken.test")
        symbols = self.symbols("a@missing.test, b@broken.test")
        self.assertEqual(list(symbols), ["DMARC_DNSFAIL"])
        options = symbols["DMARC_DNSFAIL"]
        self.assertIn("broken.test : _dmarc.broken.test TXT", options[0])
        self.assertEqual(options[1:], ("Duplicate From header", "2 domains"))

    def test_no_rescue(self) -> None:
        """Nor does a forwarder help."""
        facts = (("sealer", "list.test"), ("dmarc-pass", "reject.test"))
        results = [NO_SPF, AuthResult("arc", "pass", facts=facts)]
        found = self.symbols("a@reject.test\r\nFrom: a@reject.test", results)
        self.assertEqual(list(found), ["DMARC_POLICY_REJECT"])

    def test_budget(self) -> None:
        """Many names cost no more than one message may."""
        names = ", ".join(f"a@d{index}.test" for index in range(100))
        options = self.symbols(names)["DMARC_NA"]
        self.assertEqual(options[2], "not all of it was looked at")
        self.assertLessEqual(self.dns.asked.total(), 20)

    def test_missing(self) -> None:
        found = run_check(Dmarc, b"Subject: x\r\n\r\n", ENVELOPE, resolver=self.dns)
        self.assertEqual(symbols_of(found), {"DMARC_NA": ("No From header", "there is no From")})


class WhoTests(CheckCase):
    def test_not_asked(self) -> None:
        """Our own networks, and those who have logged in."""
        for envelope in (
            replace(ENVELOPE, client_ip=ip_address("127.0.0.1")),
            replace(ENVELOPE, user="bob"),
        ):
            (note,) = self.findings("a@reject.test", envelope=envelope)
            self.assertIsInstance(note, Note)
            asked = self.symbols(
                "a@reject.test", envelope=envelope, skip_local=False, skip_authenticated=False
            )
            self.assertEqual(list(asked), ["DMARC_POLICY_REJECT"])

    def test_unknown_client(self) -> None:
        """SPF could not be asked: a signature may pass, and nothing fails."""
        unknown = replace(ENVELOPE, client_ip=None)
        signed = [dkim("pass", "none.test")]
        found = self.symbols("a@none.test", signed, unknown)
        self.assertEqual(list(found), ["DMARC_POLICY_ALLOW"])
        self.assertEqual(list(self.symbols("a@none.test", [], unknown)), ["DMARC_DNSFAIL"])


class ActionTests(CheckCase):
    def forced(self, author: str, results: Sequence[AuthResult] = (NO_SPF,)) -> list[Action]:
        """The actions that are forced."""
        actions = {
            "reject": "reject",
            "quarantine": "add header",
            "softfail": "greylist",
            "na": "discard",
            "no_author": "rewrite subject",
            "badpolicy": "quarantine",
            "dnsfail": "soft reject",
        }
        found = self.findings(author, results, actions=actions)
        forces = [item for item in found if isinstance(item, Force)]
        self.assertTrue(all(force.is_least and force.message for force in forces))
        return [force.action for force in forces]

    def test_actions(self) -> None:
        """Each outcome may have one; what passes, none."""
        self.dns.fail("_dmarc.broken.test")
        for author, action in (
            ("a@reject.test", Action.REJECT),
            ("a@quarantine.test", Action.ADD_HEADER),
            ("a@half.test", Action.ADD_HEADER),
            ("a@none.test", Action.GREYLIST),
            ("a@missing.test", Action.DISCARD),
            ("Bob", Action.REWRITE_SUBJECT),
            ("a@two.test", Action.QUARANTINE),
            ("a@broken.test", Action.SOFT_REJECT),
        ):
            self.assertEqual(self.forced(author), [action], author)
        self.assertEqual(self.forced("a@none.test", []), [Action.SOFT_REJECT])
        self.assertEqual(self.forced("a@reject.test", [spf("pass", "a@reject.test")]), [])

    def test_no_author(self) -> None:
        """Whoever is in doubt, but not if all who are named have passed."""
        self.dns.fail("_dmarc.broken.test")
        passed = [spf("pass", "a@reject.test"), dkim("pass", "quarantine.test")]
        both = "a@reject.test, b@quarantine.test"
        ours = Action.REWRITE_SUBJECT
        for author, results, actions in (
            ("Bob", [NO_SPF], [ours]),
            ("a@test", [NO_SPF], []),
            ("a@test.", [NO_SPF], [ours]),
            (both, passed, []),
            ("a@reject.test.", passed, []),
            (f"{both}, c@missing.test", passed, [ours]),
            ("a@missing.test.", [NO_SPF], [ours]),
            ("a@none.test.", [NO_SPF], [Action.GREYLIST, ours]),
            (both, [NO_SPF], [Action.REJECT, ours]),
            ("a@reject.test, b@broken.test", passed, [Action.SOFT_REJECT, ours]),
            ("a@broken.test, b@reject.test", [NO_SPF], [Action.REJECT, Action.SOFT_REJECT, ours]),
        ):
            found = [action for action in self.forced(author, results) if action != Action.DISCARD]
            self.assertEqual(found, actions, author)
        many = ", ".join(["a@reject.test", *(f"a@d{index}.test" for index in range(9))])
        self.assertEqual(self.forced(many, passed), [ours])
        missing = run_check(
            Dmarc,
            b"Subject: x\r\n\r\n",
            ENVELOPE,
            resolver=self.dns,
            options={"actions": {"no_author": "reject"}},
        )
        self.assertEqual(missing[-1:], [Force(Action.REJECT, UNTOLD, is_least=True)])

    def test_none_by_default(self) -> None:
        self.assertFalse(any(isinstance(item, Force) for item in self.findings("a@reject.test")))


class OptionTests(CheckCase):
    def test_tree(self) -> None:
        """Another way to find policies, without `pct`."""
        found = self.findings("a@x.owner", discovery="tree")
        self.assertEqual(list(symbols_of(found)), ["DMARC_POLICY_REJECT"])
        self.assertEqual(dict(found[-1].facts)["discovery"], "tree")
        self.assertEqual(list(self.symbols("a@x.owner")), ["DMARC_NA"])
        half = self.symbols("a@half.test", discovery="tree")
        self.assertEqual(list(half), ["DMARC_POLICY_REJECT"])

    def test_budget(self) -> None:
        """With too few questions nobody knows."""
        self.assertEqual(list(self.symbols("a@x.none.test", max_queries=1)), ["DMARC_DNSFAIL"])

    def test_wrong(self) -> None:
        wrong: tuple[dict[str, object], ...] = (
            {"discovery": "list"},
            {"discovery": 1},
            {"max_queries": 0},
            {"skip_local": "yes"},
            {"actions": "reject"},
            {"actions": {"reject": "refuse"}},
            {"actions": {"pass": "reject"}},
            {"actions": {"reject": []}},
        )
        for options in wrong:
            self.assertRaises(ValueError, Dmarc, Given(Scan(), options))


class Spf(Check):
    """Fails, as a check of that name."""

    name = "spf"

    def run(self, task: Task) -> Findings:
        """See `Check`."""
        return [NO_SPF]


class Dkim(Check):
    """Finds nothing."""

    name = "dkim"

    def run(self, task: Task) -> Findings:
        """See `Check`."""
        return ()


class Arc(Check):
    """Finds a chain of a trusted sealer."""

    name = "arc"

    def run(self, task: Task) -> Findings:
        """See `Check`."""
        return [AuthResult("arc", "pass", facts=(("sealer", "l.test"), ("dmarc-pass", AUTHOR)))]


class ScanTests(CheckCase):
    def test_order(self) -> None:
        """It comes after what it reads, however they are listed."""
        raw = b"From: a@reject.test\r\n\r\n"
        waiting = scan_message(raw, [Drawn, Arc, Dkim, Spf], ENVELOPE, resolver=self.dns)
        verdict = self.successResultOf(waiting)
        (symbol,) = verdict.symbols
        self.assertEqual((symbol.name, symbol.options[2]), ("DMARC_POLICY_SOFTFAIL", "arc:l.test"))
        self.assertEqual(
            {result.method for result in verdict.auth_results}, {"spf", "arc", "dmarc"}
        )
        self.assertEqual(len(dict(verdict.auth_results[-1].facts)), 14)
