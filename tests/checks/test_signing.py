"""Whose mail is signed and for which domain: the conditions, one by one."""

from dataclasses import replace
from ipaddress import ip_address
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.auth.signing_keys import SigningKey, SigningKeys
from mailfilter.checks._signing import OPTIONS, NotSignedError, SigningRules
from mailfilter.config.model import Config, Scan
from mailfilter.scan.check import Given
from mailfilter.scan.envelope import Envelope, Recipient
from mailfilter.scan.verdict import Action
from mailfilter.testing.checks import make_maps, make_task

from .signing_case import CLIENT, ED25519, ENVELOPE, KEYS, LOCAL

FROM = b"From: alice@example.org\r\n\r\n"
OUTSIDE = replace(ENVELOPE, user=None)
INSIDE = replace(OUTSIDE, client_ip=LOCAL)
NETWORK: dict[str, Any] = {"sign_networks": ["198.51.100.0/24"]}


class Case(SynchronousTestCase):
    def signed(self, envelope: Envelope = ENVELOPE, raw: bytes = FROM, **options: Any) -> str:
        """The domain that signs, or why none does."""
        scan = Scan(local_networks=("192.0.2.0/24",), trusted_relays=("203.0.113.9",))
        maps = make_maps(friends=("networks", "198.51.100.7\n"))
        rules = SigningRules(Given(scan, options, maps, KEYS))
        task = make_task(raw, envelope, config=Config(scan=scan))
        task.action = self.action
        try:
            return rules.keys(task)[0].domain
        except NotSignedError as error:
            return str(error)

    def assert_not(self, reason: str, *args: Any, **options: Any) -> None:
        self.assertIn(reason, self.signed(*args, **options))

    action = Action.NO_ACTION


class ClientTests(Case):
    def test_login(self) -> None:
        self.assertEqual(self.signed(), "example.org")
        self.assert_not("has not logged in", sign_authenticated=False)
        self.assert_not("has not logged in", sign_authenticated=False, sign_inbound=True)

    def test_local(self) -> None:
        for ip in ("127.0.0.1", "::1", "192.0.2.7", "::ffff:192.0.2.7"):
            envelope = replace(OUTSIDE, client_ip=ip_address(ip))
            self.assertEqual(self.signed(envelope), "example.org", ip)
            self.assert_not("of networks", envelope, sign_local=False, sign_inbound=True)

    def test_networks(self) -> None:
        self.assert_not("of networks", OUTSIDE)
        self.assert_not("of networks", OUTSIDE, sign_networks=["192.0.2.0/24"])
        self.assertEqual(self.signed(OUTSIDE, **NETWORK), "example.org")
        self.assertEqual(self.signed(OUTSIDE, sign_networks_map="friends"), "example.org")
        self.assert_not("of networks", replace(OUTSIDE, client_ip=None), **NETWORK)

    def test_inbound(self) -> None:
        for ip in (CLIENT, None):
            envelope = replace(OUTSIDE, client_ip=ip)
            self.assert_not("of networks", envelope)
            self.assertEqual(self.signed(envelope, sign_inbound=True), "example.org")

    def test_relay(self) -> None:
        """Its login is not the client's; the client's with it counts, but has no name."""
        field = b"Received: from x (x [198.51.100.7]) by relay with %b;\r\n"
        envelope = replace(ENVELOPE, client_ip=ip_address("203.0.113.9"))
        inside = field % b"ESMTP" + FROM
        self.assert_not("has not logged in", envelope, inside)
        self.assertEqual(self.signed(envelope, inside, **NETWORK), "example.org")
        self.assert_not("login name tells no domain", envelope, field % b"ESMTPSA" + FROM)
        allowed: dict[str, Any] = {"allow_username_mismatch": True}
        self.assertEqual(self.signed(envelope, field % b"ESMTPSA" + FROM, **allowed), "example.org")

    def test_not_trusted(self) -> None:
        """Nobody gets signatures by saying that they are due."""
        envelope = replace(OUTSIDE, is_trusted=False)
        for options in (NETWORK, {"sign_inbound": True}):
            self.assert_not("not trusted", envelope, **options)


class DomainTests(Case):
    def test_sources(self) -> None:
        envelope = replace(
            ENVELOPE,
            sender="alice@example.net",
            user="alice@a.example.net",
            recipients=(Recipient("bob@Sub.Example.COM"), Recipient("x@example.org")),
        )
        free: dict[str, Any] = {"allow_hdrfrom_mismatch": True, "allow_username_mismatch": True}
        for source, expected in (
            ("header", "example.org"),
            ("envelope", "example.net"),
            ("auth", "example.net"),
            ("recipient", "sub.example.com"),
            ("example.NET", "example.net"),
            ("other.example", "there is no key of other.example"),
        ):
            self.assertEqual(self.signed(envelope, use_domain=source, **free), expected)

    def test_nothing_there(self) -> None:
        envelope = replace(INSIDE, sender="", recipients=())
        for source in ("envelope", "auth", "recipient"):
            self.assertEqual(
                self.signed(envelope, use_domain=source),
                f"use_domain = {source}: there is no domain",
            )

    def test_by_client(self) -> None:
        """Each kind of client may have a domain of its own."""
        uses: dict[str, Any] = {
            "use_domain_sign_networks": "example.net",
            "use_domain_sign_local": "sub.example.com",
            "use_domain_sign_inbound": "recipient",
        }
        self.assertEqual(self.signed(OUTSIDE, **NETWORK, **uses), "example.net")
        self.assertEqual(self.signed(INSIDE, **uses), "sub.example.com")
        self.assertEqual(
            self.signed(OUTSIDE, sign_inbound=True, **uses), "there is no key of example.com"
        )
        self.assertEqual(self.signed(**uses), "example.org")

    def test_registered_domain(self) -> None:
        """A domain signs by its own keys, or by those of the one that it belongs to."""
        for author, with_it, without in (
            ("a.example.org", "example.org", "there is no key of a.example.org"),
            ("sub.example.com", "sub.example.com", "sub.example.com"),
            ("example.com", "there is no key of example.com", "there is no key of example.com"),
        ):
            raw = b"From: alice@%b\r\n\r\n" % author.encode()
            envelope = replace(INSIDE, sender=f"alice@{author}")
            self.assertEqual(self.signed(envelope, raw), with_it)
            self.assertEqual(self.signed(envelope, raw, use_esld=False), without)

    def test_sender(self) -> None:
        """Its domain must be the author's."""
        for sender, is_same, is_owner in (
            ("bob@example.org", True, True),
            ("bob@EXAMPLE.org", True, True),
            ("bounce@lists.example.org", False, True),
            ("bob@example.net", False, False),
            ("bob@org", False, False),
        ):
            envelope = replace(ENVELOPE, sender=sender)
            for use_esld, expected in ((True, is_owner), (False, is_same)):
                found = self.signed(envelope, use_esld=use_esld, allow_username_mismatch=True)
                self.assertEqual(found == "example.org", expected, (sender, use_esld))
            self.assertEqual(self.signed(envelope, allow_hdrfrom_mismatch=True), "example.org")

    def test_own_keys_first(self) -> None:
        """Those of the domain itself before those of the one that it belongs to."""
        keys = SigningKeys(
            [SigningKey(name, "s", ED25519) for name in ("example.org", "mail.example.org")]
        )
        rules = SigningRules(Given(Scan(), {}, keys=keys))
        raw = b"From: alice@mail.example.org\r\n\r\n"
        (found,) = rules.keys(make_task(raw, replace(INSIDE, sender="")))
        self.assertEqual(found.domain, "mail.example.org")

    def test_rewritten_sender(self) -> None:
        """What the message leaves with counts, such as what the MTA makes of an alias."""
        for sender, rewritten, is_signed in (
            ("bob@example.net", "bob@example.org", True),
            ("bob@example.org", "bob@example.net", False),
        ):
            envelope = replace(ENVELOPE, sender=sender, rewritten_sender=rewritten)
            self.assertEqual(self.signed(envelope) == "example.org", is_signed, sender)

    def test_sender_by_client(self) -> None:
        outside = replace(OUTSIDE, sender="bob@example.net")
        inside = replace(INSIDE, sender="bob@example.net")
        local, networks = "allow_hdrfrom_mismatch_local", "allow_hdrfrom_mismatch_sign_networks"
        cases: tuple[tuple[Envelope, dict[str, Any], bool], ...] = (
            (inside, {local: True}, True),
            (inside, {networks: True}, False),
            (outside, {**NETWORK, networks: True}, True),
            (outside, {**NETWORK, local: True}, False),
        )
        for envelope, options, is_signed in cases:
            found = self.signed(envelope, **options)
            self.assertEqual(found == "example.org", is_signed, options)

    def test_no_sender(self) -> None:
        for sender in ("", None):
            envelope = replace(ENVELOPE, sender=sender)
            self.assertEqual(self.signed(envelope), "example.org")
            self.assert_not("envelope is empty", envelope, allow_envfrom_empty=False)
        self.assert_not("unreadable", replace(ENVELOPE, lacks_sender=True))

    def test_login_name(self) -> None:
        """Its domain must be the one that signs."""
        for user, reason in (
            ("bob@example.org", ""),
            ("bob@mail.example.org", ""),
            ("bob@example.net", "login name is of example.net, the signature would be of"),
            ("bob", "login name tells no domain"),
            ("bob@..", "login name tells no domain"),
        ):
            envelope = replace(ENVELOPE, user=user)
            found = self.signed(envelope)
            self.assertIn(reason or "example.org", found)
            self.assertEqual(found == "example.org", not reason)
            self.assertEqual(self.signed(envelope, allow_username_mismatch=True), "example.org")

    def test_login_of_a_domain_that_is_named(self) -> None:
        """It must be the one that signs, which need not be the author's."""
        self.assert_not("signature would be of example.net", use_domain="example.net")
        envelope = replace(ENVELOPE, user="bob@example.net")
        self.assertEqual(self.signed(envelope, use_domain="example.net"), "example.net")

    def test_international(self) -> None:
        self.assert_not(
            "no key of xn--bcher-kva.example",
            replace(INSIDE, sender="a@xn--bcher-kva.example"),
            "From: a@B\u00fccher.example\r\n\r\n".encode(),
        )


class AuthorTests(Case):
    def test_doubtful(self) -> None:
        """Nothing is signed in the name of an author who may be another."""
        for raw in (
            b"Subject: x\r\n\r\n",
            b"From: alice\r\n\r\n",
            b"From: alice@example.org\r\nFrom: bob@example.org\r\n\r\n",
            b"From: alice@example.net@example.org\r\n\r\n",
            b"From: undisclosed:;\r\n\r\n",
            b"From: alice@example.org\r\nno field\r\n\r\n",
        ):
            self.assert_not("From tells no domain", INSIDE, raw)
            self.assert_not("From tells no domain", INSIDE, raw, use_domain="example.org")

    def test_several_addresses(self) -> None:
        """Those of one domain, if it is wanted."""
        raw = b"From: alice@example.org, bob@example.org\r\n\r\n"
        self.assert_not("several addresses", INSIDE, raw)
        self.assertEqual(self.signed(INSIDE, raw, allow_hdrfrom_multiple=True), "example.org")
        raw = b"From: alice@example.org, bob@example.net\r\n\r\n"
        self.assert_not("From tells no domain", INSIDE, raw, allow_hdrfrom_multiple=True)


class SpamTests(Case):
    action = Action.ADD_HEADER

    def test_action(self) -> None:
        self.assertEqual(self.signed(), "example.org")
        self.assert_not("its action is add header", skip_spam_sign=True)


class OptionTests(SynchronousTestCase):
    def test_wrong_ones(self) -> None:
        cases: list[tuple[dict[str, object], str]] = [
            *[({key: object()}, f"{key}: expected") for key in OPTIONS],
            ({"use_domain": "nowhere"}, "use_domain: expected header, envelope, auth, recipient"),
            ({"use_domain": "a..b"}, "use_domain: expected header"),
            ({"sign_networks": ["1.2.3.400"]}, "sign_networks: '1.2.3.400' does not"),
            ({"sign_networks": [7]}, "sign_networks: expected a list of networks"),
            ({"sign_networks_map": "lost"}, "no map is named lost"),
            ({"sign_networks_map": "words"}, "words is a map of names, expected one of networks"),
        ]
        maps = make_maps(words=("names", ""))
        for options, reason in cases:
            given = Given(Scan(), options, maps)
            error = self.assertRaises((ValueError, KeyError), SigningRules, given)
            self.assertIn(reason, str(error))

    def test_no_keys(self) -> None:
        rules = SigningRules(Given(Scan(), {}, keys=SigningKeys()))
        error = self.assertRaises(NotSignedError, rules.keys, make_task(FROM, ENVELOPE))
        self.assertEqual(str(error), "there are no keys")

    def test_defaults(self) -> None:
        """Another check that signs may have other flags; options go before them."""
        cases: list[tuple[dict[str, object], bool]] = [({}, True), ({"sign_inbound": False}, False)]
        for options, is_signed in cases:
            rules = SigningRules(Given(Scan(), options, keys=KEYS), {"sign_inbound": True})
            try:
                found = bool(rules.keys(make_task(FROM, OUTSIDE)))
            except NotSignedError:
                found = False
            self.assertEqual(found, is_signed)
