"""Authentication-Results of ours as authres reads it."""

from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any

import authres  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.checks.arc import Arc
from mailfilter.checks.dkim import Dkim
from mailfilter.checks.dmarc import Dmarc
from mailfilter.checks.spf import Spf
from mailfilter.scan.auth_results import auth_results, field_value
from mailfilter.scan.envelope import Envelope
from mailfilter.scan.verdict import AuthResult
from mailfilter.testing.checks import scan_message
from mailfilter.testing.fake_dns import FakeDns
from tests.auth.dkim_signer import ED25519, RSA, record, sign

bounded = settings(derandomize=True, max_examples=200, deadline=None, database=None)

NAME = "mx.our.test"
CHECKS = (Arc, Dkim, Dmarc, Spf)
ZONE = f"""
signed.test                 TXT "v=spf1 ip4:203.0.113.5 -all"
_dmarc.signed.test          TXT "v=DMARC1; p=reject"
rsa._domainkey.signed.test  TXT "{record(RSA)}"
ed._domainkey.signed.test   TXT "{record(ED25519)}"
"""
RAW = (
    b"From: Bob <bob@signed.test>\r\nTo: x@our.test\r\nSubject: x\r\n"
    b"Date: Sat, 28 Nov 2026 10:00:00 +0000\r\n\r\nHello\r\n"
)
ENVELOPE = Envelope("test", client_ip=ip_address("203.0.113.5"), sender="bob@signed.test")
Read = tuple[str, str, dict[str, str]]


def read(results: Sequence[AuthResult]) -> list[Read]:
    """Method, result and properties of each, as authres reads the field."""
    text = field_value(NAME, results).replace("\n", "\r\n")
    found = authres.all_features().parse(f"Authentication-Results: {text}")
    assert found.authserv_id == NAME
    return [(one.method, one.result, _properties(one)) for one in found.results]


def _properties(result: Any) -> dict[str, str]:
    return {f"{item.type}.{item.name}": item.value for item in result.properties}


class ReadTests(SynchronousTestCase):
    def scanned(self, raw: bytes) -> list[Read]:
        """What the field says of a message, and that it says all that was found."""
        scanned = scan_message(raw, CHECKS, ENVELOPE, resolver=FakeDns(ZONE))
        results = auth_results(ENVELOPE, self.successResultOf(scanned))
        found = read(results)
        self.assertEqual(
            found,
            [(one.method, one.result, dict(one.properties)) for one in results],
        )
        return found

    def test_pass(self) -> None:
        raw = sign(sign(RAW), ED25519, selector="ed")
        spf, one, other, dmarc, arc = self.scanned(raw)
        self.assertEqual(spf, ("spf", "pass", {"smtp.mailfrom": "bob@signed.test"}))
        self.assertEqual(
            dmarc[1:], ("pass", {"header.from": "signed.test", "policy.dmarc": "reject"})
        )
        self.assertEqual(arc, ("arc", "none", {}))
        for found, selector, algorithm in (
            (one, "ed", "ed25519-sha256"),
            (other, "rsa", "rsa-sha256"),
        ):
            method, result, properties = found
            self.assertEqual((method, result), ("dkim", "pass"))
            self.assertEqual(len(properties.pop("header.b")), 8)
            expected = {
                "header.d": "signed.test",
                "header.i": "@signed.test",
                "header.s": selector,
                "header.a": algorithm,
            }
            self.assertEqual(properties, expected)

    def test_others(self) -> None:
        """None, failures, and results without properties."""
        for raw, expected in (
            (RAW, ["spf=pass", "dkim=none", "dmarc=pass", "arc=none"]),
            (sign(RAW) + b"more\r\n", ["spf=pass", "dkim=fail", "dmarc=pass", "arc=none"]),
            (
                b"DKIM-Signature: v=1; a=what\r\n" + RAW.replace(b"From:", b"X-From:"),
                ["spf=pass", "dkim=permerror", "dmarc=permerror", "arc=none"],
            ),
            (b"ARC-Seal: i=1\r\n" + RAW, ["spf=pass", "dkim=none", "dmarc=pass", "arc=fail"]),
        ):
            found = [f"{method}={result}" for method, result, _ in self.scanned(raw)]
            self.assertEqual(found, expected)

    @bounded
    @given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
    def test_any(self, identity: str, selector: str, reason: str) -> None:
        """Whatever others have written, it is what it is, and there is no more of it."""
        results = [
            AuthResult("spf", "fail", reason, reason, (("smtp.mailfrom", identity),)),
            AuthResult(
                "dkim",
                "fail",
                reason,
                reason,
                (("header.d", "a.test"), ("header.i", identity), ("header.s", selector)),
            ),
            AuthResult("dmarc", "fail", reason, reason, (("header.from", identity),)),
            AuthResult("arc", "fail", reason, reason),
        ]
        found = [(method, result) for method, result, _ in read(results)]
        self.assertEqual(found, [(one.method, "fail") for one in results])
