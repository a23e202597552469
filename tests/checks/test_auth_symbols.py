"""The symbols of sender authentication: for each, mail that it fires for and mail that it does not.

Options, scores and results are tested with each check.
"""

from dataclasses import replace
from typing import Any

from mailfilter.auth.signing_keys import SigningKeys
from mailfilter.checks.arc import Arc
from mailfilter.checks.arc_sealing import ArcSealing
from mailfilter.checks.dkim import Dkim
from mailfilter.checks.dkim_signing import DkimSigning
from mailfilter.checks.dmarc import Dmarc
from mailfilter.checks.spf import Spf
from mailfilter.testing.checks import symbols_of

from ..auth.arc_case import LIST, OTHER, RAW, sealed
from ..auth.dkim_case import RAW as MAIL
from ..auth.dkim_signer import sign
from . import signing_case, test_arc, test_arc_sealing, test_dkim, test_spf
from .dmarc_case import NO_SPF, CheckCase, spf
from .signing_case import SigningCase
from .symbol_case import SymbolCase, alternatives


class SpfTests(SymbolCase, test_spf.Case):
    """By sender."""

    check = Spf

    def found(self, case: str) -> dict[str, tuple[str, ...]]:
        return self.symbols(case)

    def test_symbols(self) -> None:
        self.compare(
            alternatives(
                {
                    "R_SPF_ALLOW": ["bob@ip4.test", "bob@mx.test"],
                    "R_SPF_FAIL": ["bob@fail.test"],
                    "R_SPF_SOFTFAIL": ["bob@soft.test"],
                    "R_SPF_NEUTRAL": ["bob@neutral.test", "bob@silent.test"],
                    "R_SPF_NA": ["bob@none.test", "bob@nx.test", "bob@[192.0.2.1]"],
                    "R_SPF_DNSFAIL": ["bob@broken.test", "bob@temporary.test"],
                    "R_SPF_PERMFAIL": ["bob@bad.test", "bob@void.test"],
                    "R_SPF_PLUSALL": ["bob@all.test", "bob@hidden.test"],
                }
            )
        )


class DkimTests(SymbolCase, test_dkim.Case):
    """By message."""

    check = Dkim

    def found(self, case: bytes) -> dict[str, tuple[str, ...]]:
        return self.symbols(case)

    def test_symbols(self) -> None:
        signed = sign(MAIL)
        table = alternatives(
            {
                "R_DKIM_ALLOW": [signed],
                "R_DKIM_REJECT": [signed.replace(b"Cats", b"cats")],
                "R_DKIM_TEMPFAIL": [sign(MAIL, selector="fails")],
                "R_DKIM_PERMFAIL": [sign(MAIL, selector="nx"), sign(MAIL, tags={"l": "5"})],
                "R_DKIM_NA": [MAIL],
            }
        )
        self.compare({**table, "DKIM_TRACE": ([signed], [MAIL])})


class ArcTests(SymbolCase, test_arc.Case):
    """By message."""

    check = Arc

    def found(self, case: bytes) -> dict[str, tuple[str, ...]]:
        return symbols_of(self.findings(case))

    def test_symbols(self) -> None:
        whole = sealed()
        self.compare(
            alternatives(
                {
                    "ARC_ALLOW": [whole, sealed(whole, OTHER)],
                    "ARC_REJECT": [whole.replace(b"Cats", b"Rats")],
                    "ARC_INVALID": [whole.replace(b"Seal: i=1", b"Seal: i=0")],
                    "ARC_NA": [RAW],
                    "ARC_DNSFAIL": [sealed(key=replace(LIST, selector="fails"))],
                }
            )
        )


class DmarcTests(SymbolCase, CheckCase):
    """By the domain of the author, which sends as itself or not."""

    check = Dmarc

    def setUp(self) -> None:
        super().setUp()
        self.dns.fail("_dmarc.broken.test")

    def found(self, case: tuple[str, Any]) -> dict[str, tuple[str, ...]]:
        domain, result = case
        return self.symbols(f"a@{domain}", [result])

    def test_symbols(self) -> None:
        self.compare(
            alternatives(
                {
                    "DMARC_POLICY_ALLOW": [("reject.test", spf("pass", "a@reject.test"))],
                    "DMARC_POLICY_REJECT": [("reject.test", NO_SPF)],
                    "DMARC_POLICY_QUARANTINE": [("quarantine.test", NO_SPF)],
                    "DMARC_POLICY_SOFTFAIL": [("none.test", NO_SPF)],
                    "DMARC_NA": [("missing.test", NO_SPF)],
                    "DMARC_BAD_POLICY": [("two.test", spf("pass", "a@two.test"))],
                    "DMARC_DNSFAIL": [("broken.test", NO_SPF)],
                }
            )
        )


class DkimSigningTests(SymbolCase, SigningCase):
    """By the keys that there are."""

    check = DkimSigning

    def found(self, case: SigningKeys) -> list[str]:
        return [item.name for item in self.scan(keys=case).symbols]

    def test_symbols(self) -> None:
        self.compare({"DKIM_SIGNED": ([signing_case.KEYS], [SigningKeys()])})


class ArcSealingTests(SymbolCase, test_arc_sealing.Case):
    """By the keys that there are."""

    check = ArcSealing

    def found(self, case: SigningKeys) -> list[str]:
        return [item.name for item in self.scan(keys=case).symbols]

    def test_symbols(self) -> None:
        self.compare({"ARC_SIGNED": ([test_arc_sealing.KEYS], [SigningKeys()])})
