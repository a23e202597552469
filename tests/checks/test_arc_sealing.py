"""Sealing: whose mail, by which key, what is said, and that the chain of what leaves is whole."""

from dataclasses import replace
from ipaddress import ip_address
from typing import Any

from dkim import arc_verify  # type: ignore[import-untyped]
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.auth.arc_seal import UnsealableError
from mailfilter.auth.arc_set import arc_sets, results_of, value_of
from mailfilter.auth.results_text import read_results
from mailfilter.auth.signing_keys import SigningKeys
from mailfilter.auth.tags import parse_tags
from mailfilter.checks.arc_sealing import MAX_READ, ArcSealing
from mailfilter.checks.dkim_signing import DkimSigning
from mailfilter.config.model import CheckSettings, Config, HeaderSettings, Scan
from mailfilter.mail import parse
from mailfilter.mail.canon import Canonical
from mailfilter.scan.check import Check, Findings, Force, Given, Note
from mailfilter.scan.envelope import Envelope, Recipient
from mailfilter.scan.task import Task
from mailfilter.scan.verdict import Action, RemoveHeader, Verdict
from mailfilter.testing.checks import run_check, scan_message
from mailfilter.testing.fake_dns import FakeDns

from ..auth.arc_case import ED, LIST, NOW, OTHER, RAW, ZONE, sealed
from ..auth.dkim_signer import ED25519, OTHER_RSA, RSA, record
from ..scan.case import finding
from .signing_case import rewritten
from .test_arc import Frozen

KEYS = SigningKeys([replace(ED, domain="list.test"), LIST, OTHER])
RECORDS = {
    b"rsa._domainkey.list.test.": record(RSA).encode(),
    b"ed._domainkey.list.test.": record(ED25519).encode(),
    b"rsa._domainkey.other.test.": record(OTHER_RSA).encode(),
}
ENVELOPE = Envelope(
    "test",
    client_ip=ip_address("192.0.2.1"),
    sender="bob@author.test",
    recipients=(Recipient("list@list.test"),),
    mta_host="mx.list.test",
)
RECEIVED = b"Received: from author.test\r\n\tby mx.list.test\r\n"
BROKEN = sealed().replace(b"Cats", b"Rats")


def key_of(name: bytes, timeout: int = 5) -> bytes | None:
    """What DNS has for dkimpy."""
    return RECORDS.get(name)


class Sealing(ArcSealing):
    """The check at one time."""

    clock = staticmethod(lambda: float(NOW))


class Case(SynchronousTestCase):
    def setUp(self) -> None:
        self.options: dict[str, object] = {}
        self.headers = HeaderSettings()
        self.checks: list[type[Check]] = [Frozen, DkimSigning, Sealing]
        self.dns = FakeDns(ZONE)
        self.dns.fail("fails._domainkey.list.test")

    def scan(self, raw: bytes = RAW, keys: SigningKeys = KEYS, **changes: Any) -> Verdict:
        """The verdict on a message; `changes` are of the envelope."""
        config = Config(
            headers=self.headers, checks={"arc_sealing": CheckSettings(options=self.options)}
        )
        scanned = scan_message(
            raw,
            self.checks,
            replace(ENVELOPE, **changes),
            config=config,
            keys=keys,
            resolver=self.dns,
        )
        return self.successResultOf(scanned)

    def sealed(self, raw: bytes = RAW, **given: Any) -> bytes:
        """The message as it leaves, below the field that the MTA has put on top."""
        raw = RECEIVED + raw
        return rewritten(raw, self.scan(raw, **given))

    def option(self, raw: bytes = RAW, **given: Any) -> str | None:
        """Who seals, and as which instance; None if nobody does."""
        verdict = self.scan(raw, **given)
        found = [item.options for item in verdict.symbols if item.name == "ARC_SIGNED"]
        has_fields = any("ARC-" in getattr(edit, "name", "") for edit in verdict.edits)
        self.assertEqual(bool(found), has_fields)
        return found[0][0] if found else None

    def why_not(self, raw: bytes = RAW, **given: Any) -> str:
        """What the trace says of why a message is not sealed."""
        verdict = self.scan(raw, **given)
        self.assertNotIn("ARC_SIGNED", [item.name for item in verdict.symbols])
        (text,) = [entry.text for entry in verdict.trace if "not sealed" in entry.text]
        return text.removeprefix("not sealed: ")


class ChainTests(Case):
    """What leaves is verified by dkimpy."""

    def assert_chain(self, raw: bytes, status: str, instance: int) -> Canonical:
        found, sets, reason = arc_verify(raw, dnsfunc=key_of)
        self.assertEqual((found.decode(), len(sets)), (status, instance), reason)
        return parse(raw).canonical

    def test_first(self) -> None:
        self.assertEqual(self.option(), "list.test:s=rsa:i=1")
        message = self.assert_chain(self.sealed(), "pass", 1)
        (one,) = arc_sets(message)
        self.assertEqual(parse_tags(value_of(one.seal))["cv"], b"none")

    def test_next(self) -> None:
        raw = sealed(sealed(), OTHER)
        self.assertEqual(self.option(raw), "list.test:s=rsa:i=3")
        message = self.assert_chain(self.sealed(raw), "pass", 3)
        self.assertEqual(parse_tags(value_of(arc_sets(message)[2].seal))["cv"], b"pass")

    def test_failed(self) -> None:
        """It is sealed as failed, once."""
        self.assertEqual(self.option(BROKEN), "list.test:s=rsa:i=2")
        left = self.sealed(BROKEN)
        self.assertNotEqual(arc_verify(left, dnsfunc=key_of)[0], b"pass")
        one = arc_sets(parse(left).canonical)[1]
        self.assertEqual(parse_tags(value_of(one.seal))["cv"], b"fail")
        self.assertEqual(self.why_not(left), "the chain is sealed as failed already")

    def test_goes_nowhere(self) -> None:
        """Mail that is refused has no seal, and no symbol that says so."""
        for action in (Action.REJECT, Action.SOFT_REJECT, Action.DISCARD):
            self.checks[3:] = [finding("force", Force(action))]
            self.assertIsNone(self.option(), action)
            self.assertEqual(
                self.why_not(), f"not sealed, unless that changes: its action is {action}"
            )

    def test_dns_fails(self) -> None:
        """Nobody knows whether the chain is whole: a later hop may."""
        raw = sealed(key=replace(LIST, selector="fails"))
        self.assertEqual(self.why_not(raw), "its chain has not been verified")

    def test_never_verified(self) -> None:
        """Without a chain there is nothing to verify."""
        self.checks = [DkimSigning, Sealing]
        self.assertEqual(self.option(), "list.test:s=rsa:i=1")

    def test_fields_edited(self) -> None:
        """Where somebody removes fields of the chain that was verified, no seal can be made."""

        class Removing(Check):
            name = "removing"

            def run(self, task: Task) -> Findings:
                return [RemoveHeader("ARC-Seal")]

        self.checks.append(Removing)
        verdict = self.scan(sealed())
        self.assertEqual(verdict.edits, (RemoveHeader("ARC-Seal"),))
        (error,) = self.flushLoggedErrors(UnsealableError)
        self.assertIn("fields of ARC are removed or added", str(error.value))

    def test_order(self) -> None:
        """AS, AMS, AAR, below the Received that the MTA adds."""
        verdict = self.scan()
        self.assertEqual(
            [getattr(edit, "name", "") for edit in verdict.edits],
            ["ARC-Seal", "ARC-Message-Signature", "ARC-Authentication-Results"],
        )
        self.assertEqual({getattr(edit, "order", 0) for edit in verdict.edits}, {1})

    def test_above_dkim(self) -> None:
        """Signed by both: the DKIM-Signature is under the seal."""
        self.options["sign_authenticated"] = True
        raw = RAW.replace(b"bob@author.test", b"bob@list.test")
        given: dict[str, Any] = {"user": "bob@list.test", "sender": "bob@list.test"}
        verdict = self.scan(raw, **given)
        self.assertEqual(
            [getattr(edit, "name", "") for edit in verdict.edits],
            [
                "ARC-Seal",
                "ARC-Message-Signature",
                "ARC-Authentication-Results",
                "DKIM-Signature",
                "DKIM-Signature",
            ],
        )
        self.assert_chain(self.sealed(raw, **given), "pass", 1)

    def test_signed_fields(self) -> None:
        raw = RAW.replace(b"Subject", b"DKIM-Signature: v=1\r\nSubject")
        (one,) = arc_sets(self.assert_chain(self.sealed(raw), "pass", 1))
        names = parse_tags(value_of(one.signature))["h"].translate(None, b" \t\r\n").split(b":")
        self.assertEqual(names.count(b"dkim-signature"), 1)
        self.assertEqual(names.count(b"from"), 2)
        self.assertFalse([name for name in names if name.startswith((b"arc-", b"auth"))])


class ResultsTests(Case):
    """ARC-Authentication-Results says what Authentication-Results does."""

    def results(self, raw: bytes = RAW, **given: Any) -> str:
        """What our set tells."""
        sets = arc_sets(parse(self.sealed(raw, **given)).canonical)
        return " ".join(results_of(sets[-1].results).decode().split())

    def test_results(self) -> None:
        self.assertEqual(self.results(), "mx.list.test; arc=none")
        self.assertEqual(
            self.results(sealed()), "mx.list.test; arc=pass (i=1) header.oldest-pass=0"
        )
        self.assertIn('arc=fail (i=1) reason="AMS of i=1', self.results(BROKEN))

    def test_name(self) -> None:
        self.headers = HeaderSettings(authserv_id="we.test")
        self.assertEqual(self.results(), "we.test; arc=none")
        self.headers = HeaderSettings()
        self.assertIn("; arc=none", self.results(mta_host=None))

    def test_reuse(self) -> None:
        """Of a filter of ours before us."""
        self.options["reuse_auth_results"] = True
        field = (
            b"Authentication-Results: mx.list.test; spf=pass (x)\r\n"
            b"Authentication-Results: mx.list.test; dmarc=pass header.from=author.test\r\n"
            b"Authentication-Results: mx.eve.test; dkim=pass\r\n"
        )
        self.assertEqual(
            self.results(field + RAW),
            "mx.list.test; spf=pass (x); dmarc=pass header.from=author.test",
        )
        self.assertEqual(self.results(), "mx.list.test; arc=none")
        long = b"Authentication-Results: mx.list.test; spf=pass (%b)\r\n" % (b"x" * 1000)
        self.assertEqual(self.results(long + RAW), "mx.list.test; arc=none")

    def test_many_to_reuse(self) -> None:
        """The topmost are read."""
        self.options["reuse_auth_results"] = True
        other = b"Authentication-Results: mx.eve.test; dkim=pass\r\n"
        own = b"Authentication-Results: mx.list.test; spf=pass\r\n"
        for above, wanted in ((MAX_READ - 1, "spf=pass"), (MAX_READ, "arc=none")):
            found = self.results(other * above + own + RAW)
            self.assertEqual(found, f"mx.list.test; {wanted}")

    def test_much_to_reuse(self) -> None:
        """There are pauses between long fields."""
        self.options["reuse_auth_results"] = True
        pauses: list[None] = []

        async def pause() -> None:
            pauses.append(None)

        self.patch(Task, "pause", lambda task: pause())
        field = b"Authentication-Results: mx.list.test; spf=pass (%b)\r\n" % (b"x" * 10_000)
        self.results(field + RAW)
        self.assertEqual(len(pauses), 0)
        self.results(field * 9 + RAW)
        self.assertEqual(len(pauses), 2)

    def test_foreign_fields(self) -> None:
        """Nothing of them is ours."""
        field = b"Authentication-Results: mx.list.test; dmarc=pass header.from=author.test\r\n"
        self.assertEqual(self.results(field + RAW), "mx.list.test; arc=none")

    def test_readable(self) -> None:
        text = self.results(sealed())
        self.assertEqual(read_results(text.encode()).results[0].result, "pass")


class KeyTests(Case):
    def test_recipient(self) -> None:
        other = (Recipient("x@other.test"), Recipient("list@list.test"))
        self.assertEqual(self.option(recipients=other), "other.test:s=rsa:i=1")
        none = (Recipient("x@none.test"),)
        self.assertEqual(self.why_not(recipients=none), "there is no key of none.test")
        self.assertIn("there is no domain", self.why_not(recipients=()))

    def test_domain(self) -> None:
        self.options["use_domain"] = "other.test"
        self.assertEqual(self.option(), "other.test:s=rsa:i=1")

    def test_selector(self) -> None:
        self.options["selector"] = "ed"
        self.assertEqual(self.option(), "list.test:s=ed:i=1")
        self.options["selector"] = "none"
        self.assertEqual(self.why_not(), "list.test has no key none")

    def test_no_keys(self) -> None:
        """Then it is off, and says nothing."""
        verdict = self.scan(keys=SigningKeys())
        self.assertEqual([entry for entry in verdict.trace if entry.source == "arc_sealing"], [])

    def test_no_mail(self) -> None:
        verdict = self.scan(flags=frozenset({"raw"}))
        self.assertEqual(verdict.edits, ())

    def test_clients(self) -> None:
        """Only the mail of others, unless the configuration says otherwise."""
        local, user = {"client_ip": ip_address("127.0.0.1")}, {"user": "bob"}
        for given, option in ((local, "sign_local"), (user, "sign_authenticated")):
            self.assertIn("the client has not logged in", self.why_not(**given))
            self.options = {option: True}
            self.assertIsNotNone(self.option(**given))
            self.options = {}
        self.options = {"sign_inbound": False}
        self.assertIn("the client has not logged in", self.why_not())

    def test_wrong_options(self) -> None:
        for options, said in (
            ({"selector": 1}, "selector: expected a text"),
            ({"reuse_auth_results": 1}, "reuse_auth_results: expected true or false"),
            ({"sign_headers": "from:arc-seal"}, "RFC 8617 4.1.2 forbids arc-seal"),
            ({"sign_headers": "from:authentication-results"}, "forbids authentication-results"),
            ({"sign_headers": "to"}, "sign_headers: expected from"),
            ({"sign_inbound": 1}, "sign_inbound: expected true or false"),
        ):
            error = self.assertRaises(ValueError, ArcSealing, Given(Scan(), options))
            self.assertIn(said, str(error))

    def test_not_verified(self) -> None:
        (note,) = run_check(Sealing, sealed(), ENVELOPE, keys=KEYS)
        self.assertEqual(note, Note("not sealed: its chain has not been verified"))


class ListTests(Case):
    """A list of ours: mail is verified as it comes, then changed, then sealed as it leaves."""

    def setUp(self) -> None:
        super().setUp()
        self.options = {"reuse_auth_results": True}

    def left(self, raw: bytes, told: bytes) -> tuple[bytes, list[bytes]]:
        """What dkimpy finds of the chain that leaves, and what the seals say."""
        changed = raw.replace(b"Cats", b"[list] Cats")
        field = b"Authentication-Results: mx.list.test; " + told + b"\r\n"
        left = self.sealed(field + changed)
        status, _, _ = arc_verify(left, dnsfunc=key_of)
        sets = arc_sets(parse(left).canonical)
        return status, [parse_tags(value_of(one.seal))["cv"] for one in sets]

    def test_chain_was_whole(self) -> None:
        raw = sealed(key=OTHER)
        self.assertEqual(self.left(raw, b"arc=pass (i=1)"), (b"pass", [b"none", b"pass"]))

    def test_no_chain(self) -> None:
        self.assertEqual(self.left(RAW, b"arc=none; spf=pass"), (b"pass", [b"none"]))
        self.assertEqual(self.left(RAW, b"spf=pass"), (b"pass", [b"none"]))

    def test_chain_had_failed(self) -> None:
        status, said = self.left(sealed(key=OTHER), b"arc=fail")
        self.assertNotEqual(status, b"pass")
        self.assertEqual(said, [b"none", b"fail"])

    def test_not_told(self) -> None:
        """Then what is found now counts: the list has broken the chain."""
        for told in (b"spf=pass", b"arc=pass; arc=fail", b"arc=maybe"):
            self.assertEqual(self.left(sealed(key=OTHER), told)[1], [b"none", b"fail"])

    def test_told_of_other_chain(self) -> None:
        field = b"Authentication-Results: mx.list.test; arc=%b\r\n"
        self.assertIn("not the one", self.why_not(field % b"pass" + RAW))
        self.assertIn("not the one", self.why_not(field % b"none" + sealed()))
