"""The composites of the package."""

import re
from collections.abc import Mapping
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.app.composites import shipped_composites
from mailfilter.app.plan import plan_of
from mailfilter.app.reference import built_in_plan
from mailfilter.client.known_symbols import known_symbols
from mailfilter.config import ConfigError
from mailfilter.config.model import Composite, RuleSettings
from mailfilter.scan.composites import Removal, make_composites
from tests.config.case import ConfigCase

SHIPPED = shipped_composites(RuleSettings())

LATER = {"SENDER_REP_SPAM": "policies", "RCVD_FROM_SMTP_AUTH": "policies"}
"""Names that no release of Rspamd declares either, though composites of its name them."""

OURS = {"REPLYTO_VIA_LIST": "headers"}
"""Symbols of ours alone."""

CASES: Mapping[str, tuple[str, str]] = {
    "RCVD_UNAUTH_PBL": ("RECEIVED_SPAMHAUS_PBL", "RECEIVED_SPAMHAUS_PBL RCVD_VIA_SMTP_AUTH"),
    "RCVD_DKIM_ARC_DNSWL_MED": ("ARC_ALLOW RCVD_IN_DNSWL_MED", "RCVD_IN_DNSWL_MED"),
    "RCVD_DKIM_ARC_DNSWL_HI": ("R_DKIM_ALLOW RCVD_IN_DNSWL_HI", "R_DKIM_ALLOW"),
    "AUTOGEN_PHP_SPAMMY": ("HAS_X_POS SUBJECT_ENDS_EXCLAIM", "SUBJECT_ENDS_EXCLAIM"),
    "FORGED_MUA_MAILLIST": ("FORGED_MUA_OUTLOOK MAILLIST", "FORGED_MUA_OUTLOOK"),
    "HAS_ANON_DOMAIN": ("HAS_ONION_URI", "REDIRECTOR_URL"),
    "HACKED_WP_PHISHING": ("HAS_X_POS HAS_WP_URI PHISHING", "HAS_WP_URI PHISHING"),
    "DMARC_POLICY_ALLOW_WITH_FAILURES": (
        "DMARC_POLICY_ALLOW R_SPF_SOFTFAIL",
        "DMARC_POLICY_ALLOW R_SPF_ALLOW",
    ),
    "VIOLATED_DIRECT_SPF": ("R_SPF_FAIL RCVD_COUNT_ZERO", "R_SPF_FAIL RCVD_COUNT_TWO"),
    "SHORT_PART_BAD_HEADERS": (
        "MISSING_ESSENTIAL_HEADERS SINGLE_SHORT_PART",
        "SINGLE_SHORT_PART",
    ),
    "IP_SCORE_FREEMAIL": ("FREEMAIL_FROM SENDER_REP_SPAM", "FREEMAIL_FROM"),
    "BROKEN_HEADERS_MAILLIST": ("BROKEN_HEADERS MAILLIST", "BROKEN_HEADERS"),
    "FORGED_SENDER_FORWARDING": ("FORGED_SENDER FWD_SRS", "FORGED_SENDER"),
    "LEAKED_PASSWORD_SCAM": ("BITCOIN_ADDR LEAKED_PASSWORD_SCAM_RE", "LEAKED_PASSWORD_SCAM_RE"),
    "SPF_FAIL_FORWARDING": ("FWD_GOOGLE R_SPF_FAIL", "R_SPF_FAIL"),
    "FREEMAIL_AFF": (
        "FREEMAIL_REPLYTO R_UNDISC_RCPT INTRODUCTION",
        "FREEMAIL_REPLYTO R_UNDISC_RCPT",
    ),
    "FORGED_RECIPIENTS_FORWARDING": ("FORGED_RECIPIENTS FWD_SIEVE", "FORGED_RECIPIENTS"),
    "FORGED_SENDER_VERP_SRS": ("FORGED_SENDER ENVFROM_VERP", "FORGED_SENDER"),
    "AUTH_NA": ("R_DKIM_NA R_SPF_NA DMARC_NA ARC_NA", "R_DKIM_NA R_SPF_NA DMARC_NA"),
    "AUTH_NA_OR_FAIL": (
        "R_DKIM_PERMFAIL R_SPF_NA DMARC_NA ARC_NA",
        "R_DKIM_NA R_SPF_NA DMARC_NA ARC_NA",
    ),
    "BOUNCE_NO_AUTH": ("R_DKIM_NA R_SPF_NA DMARC_NA ARC_NA BOUNCE", "BOUNCE R_DKIM_NA"),
    "MIME_BAD_EXT_WITH_BAD_UNICODE": ("MIME_BAD_EXTENSION MIME_BAD_UNICODE", "MIME_BAD_UNICODE"),
    "DKIM_MIXED": ("R_DKIM_ALLOW R_DKIM_REJECT", "R_DKIM_REJECT"),
    "ABUSE_FROM_INJECTOR": ("HAS_XOIP FAKE_REPLY", "FAKE_REPLY"),
    "APPLE_MAILER_COMMON": ("APPLE_MAILER MV_CASE", "MV_CASE"),
    "REDIRECTOR_URL_ONLY": ("HFILTER_URL_ONLY REDIRECTOR_URL", "REDIRECTOR_URL"),
    "SUSPICIOUS_URL_IN_SUSPICIOUS_MESSAGE": ("REDIRECTOR_URL ABUSE_SURBL", "REDIRECTOR_URL"),
    "APPLE_IOS_MAILER_COMMON": ("APPLE_IOS_MAILER MIME_MA_MISSING_TEXT", "MIME_MA_MISSING_TEXT"),
    "SUSPICIOUS_AUTH_ORIGIN": ("HAS_XOIP", "HAS_XOIP RECEIVED_SPAMHAUS_PBL"),
    "MIME_BAD_EXT_IN_OBFUSCATED_ARCHIVE": (
        "MIME_BAD_EXTENSION MIME_OBFUSCATED_ARCHIVE",
        "MIME_BAD_EXTENSION",
    ),
    "SUSPICIOUS_MDN": ("DISPOSABLE_MDN", "DISPOSABLE_MDN FREEMAIL_FROM"),
    "FREEMAIL_REPLYTO_NEQ_FROM": ("FREEMAIL_REPLYTO", "FREEMAIL_REPLYTO REPLYTO_EQ_FROM"),
    "COMPROMISED_ACCT_BULK": ("HAS_XOIP DCC_BULK", "DCC_BULK"),
    "FORGED_RECIPIENTS_MAILLIST": ("FORGED_RECIPIENTS MAILLIST", "FORGED_RECIPIENTS"),
    "BAD_REP_POLICIES": ("R_SPF_ALLOW BAYES_SPAM", "R_SPF_ALLOW BAYES_HAM"),
    "FORGED_SENDER_MAILLIST": ("FORGED_SENDER MAILLIST", "FORGED_SENDER"),
    "PHISH_EMOTION": ("PHISHING SUBJECT_ENDS_QUESTION", "PHISHING"),
    "UNDISC_RCPTS_BULK": ("DCC_BULK MISSING_TO", "MISSING_TO"),
}
"""Composite -> what it fires for, and what it does not fire for."""


class ShippedCompositesTests(SynchronousTestCase):
    def setUp(self) -> None:
        """As if every symbol of Rspamd were there."""
        known = known_symbols()
        self.groups = {**{name: item.group for name, item in known.items()}, **LATER, **OURS}
        self.scores = {name: item.score for name, item in known.items()}
        self.made, self.faults = make_composites(SHIPPED, self.groups)

    def apply(self, fired: str) -> tuple[list[str], dict[str, Removal]]:
        scores = {name: self.scores.get(name, 0.0) for name in fired.split()}
        return self.made.apply(scores, self.scores.get)

    def test_sound(self) -> None:
        """They can be read, name what there is or may be, and make no circle."""
        self.assertEqual(self.faults, [])
        self.assertEqual(set(CASES), set(SHIPPED))

    def test_scores_and_groups(self) -> None:
        for name, item in SHIPPED.items():
            known = known_symbols()[name]
            self.assertEqual((item.score, item.group), (known.score, known.group), name)
            self.assertTrue(item.description, name)

    def test_cases(self) -> None:
        for name, (hit, no_hit) in CASES.items():
            self.assertIn(name, self.apply(hit)[0])
            self.assertNotIn(name, self.apply(no_hit)[0])

    def test_lists(self) -> None:
        """A list that has put itself into From has not moved the answers elsewhere."""
        self.assertEqual(self.apply("FREEMAIL_REPLYTO REPLYTO_VIA_LIST")[0], [])

    def test_parts(self) -> None:
        """What they take from their parts, for each policy and mark."""
        both = Removal.SCORE | Removal.SYMBOL
        for fired, part, removal in (
            ("FORGED_SENDER MAILLIST", "FORGED_SENDER", both),
            ("FORGED_SENDER MAILLIST", "MAILLIST", Removal.NOTHING),
            ("R_DKIM_ALLOW R_DKIM_REJECT", "R_DKIM_REJECT", Removal.SCORE),
            ("R_DKIM_ALLOW R_DKIM_REJECT", "R_DKIM_ALLOW", Removal.NOTHING),
            ("PHISHING SUBJECT_ENDS_QUESTION", "PHISHING", Removal.NOTHING),
            ("R_SPF_ALLOW BAYES_SPAM", "R_SPF_ALLOW", Removal.SYMBOL),
        ):
            self.assertEqual(self.apply(fired)[1][part], removal, part)


class LoadedTests(ConfigCase):
    """What becomes of them in a configuration."""

    def test_not_yet(self) -> None:
        """Those of whose parts too many are missing are not there, and may be the operator's."""
        path = self.write("m.toml", "[composites.A]\nexpression = 'COMPROMISED_ACCT_BULK'")
        error = self.assertRaises(ConfigError, plan_of, path)
        self.assertIn("no symbol is named COMPROMISED_ACCT_BULK", str(error))
        self.assertNotIn("COMPROMISED_ACCT_BULK", built_in_plan().symbols)
        self.assertIn("PHISH_EMOTION", built_in_plan().symbols)

    def test_operator(self) -> None:
        """They can be replaced, scored anew, switched off, and named."""
        path = self.write(
            "m.toml",
            "[composites.AUTH_NA]\nexpression = 'GTUBE'\nscore = 3\n"
            "[composites.PHISH_EMOTION]\nenabled = false\n"
            "[symbols.DKIM_MIXED]\nscore = 0.5\n"
            "[composites.MINE]\nexpression = 'DKIM_MIXED & PHISH_EMOTION'\n",
        )
        plan = plan_of(path)
        self.assertEqual(plan.symbols["AUTH_NA"].score, 3.0)
        self.assertEqual(plan.symbols["DKIM_MIXED"].score, 0.5)
        rules = {rule.name: rule for rule in plan.composites.rules}
        self.assertEqual(rules["AUTH_NA"].expression.text, "GTUBE")
        self.assertNotIn("PHISH_EMOTION", rules)
        self.assertIn("MINE", rules)

    def test_none(self) -> None:
        path = self.write("m.toml", "rules.built_in = false")
        self.assertEqual(plan_of(path).composites.rules, ())
        self.assertEqual(dict(shipped_composites(RuleSettings(built_in=False))), {})

    def test_docs(self) -> None:
        """What docs/rules.md shows."""
        text = (Path(__file__).parents[2] / "docs/rules.md").read_text("utf-8")
        (block,) = re.findall(r"(?s)```toml\n(\[composites.*?)```", text)
        plan = plan_of(self.write("m.toml", block))
        self.assertNotIn("SPF_FAIL_FORWARDING", [rule.name for rule in plan.composites.rules])
        self.assertEqual(plan.symbols["AUTH_NA"].score, 0.5)

    def test_form(self) -> None:
        """Expressions are one line, however they are written."""
        for item in SHIPPED.values():
            self.assertIsInstance(item, Composite)
            self.assertNotIn("\n", item.expression)
