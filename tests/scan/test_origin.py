"""Who sent a message that a relay passes on."""

from dataclasses import replace
from ipaddress import ip_address

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.config.model import Config, Scan
from mailfilter.mail import parse
from mailfilter.scan.check import Findings, Hit
from mailfilter.scan.envelope import Envelope
from mailfilter.scan.networks import Networks
from mailfilter.scan.origin import Origin, origin_of
from mailfilter.scan.plan import build_plan
from mailfilter.scan.run import Scanner
from mailfilter.scan.task import Task
from mailfilter.scan.verdict import Verdict
from mailfilter.testing.checks import make_task

from .case import doing

RELAY = "198.51.100.7"
RELAYS = (RELAY, "2001:db8:7::/64", "10.7.0.0/16")

OUR_HOP = f"from relay.example (relay.example [{RELAY}]) by us.example"
CLIENT = "from h.example (n.example [192.0.2.1]) by relay.example"
FAKE = "from good.example (good.example [203.0.113.1]) by relay.example"
LOOPBACK = "from localhost (localhost [127.0.0.1]) by relay.example"
LOOPBACK_6 = "from localhost (localhost [IPv6:::1]) by relay.example"
BY_CLIENT = ("192.0.2.1", "h.example", "n.example")
UNKNOWN = (None, None, None)

Facts = tuple[str | None, str | None, str | None]
"""Address, HELO, host name."""

TABLE: list[tuple[str, list[str], Facts]] = [
    ("the hop of the relay", [CLIENT], BY_CLIENT),
    ("our own hop above", [OUR_HOP, CLIENT], BY_CLIENT),
    ("fakes below", [CLIENT, FAKE], BY_CLIENT),
    ("fakes below that look like our hops", [CLIENT, OUR_HOP, LOOPBACK, FAKE], BY_CLIENT),
    ("the relay hands it to itself", [LOOPBACK, CLIENT, FAKE], BY_CLIENT),
    ("the same by IPv6", [LOOPBACK_6, CLIENT, FAKE], BY_CLIENT),
    ("many relays", [OUR_HOP, LOOPBACK, OUR_HOP, OUR_HOP, CLIENT], BY_CLIENT),
    ("a relay by IPv6", ["from r ([IPv6:2001:db8:7::1])", CLIENT, FAKE], BY_CLIENT),
    ("a relay, mapped", [f"from r ([IPv6:::ffff:{RELAY}])", CLIENT, FAKE], BY_CLIENT),
    ("a relay's private network", ["from r ([10.7.0.1])", CLIENT, FAKE], BY_CLIENT),
    ("a private client", ["from pc ([10.8.0.1])", FAKE], ("10.8.0.1", "pc", None)),
    ("a client, mapped", ["from h ([IPv6:::ffff:192.0.2.1])"], ("192.0.2.1", "h", None)),
    ("a client by IPv6", ["from h ([IPv6:2001:db8::1])", FAKE], ("2001:db8::1", "h", None)),
    (
        "a client that calls itself by another's address",
        ["from [192.0.2.1] (helo=[203.0.113.1])", FAKE],
        ("192.0.2.1", "203.0.113.1", None),
    ),
    (
        "a client that calls itself the relay",
        [f"from [{RELAY}] (n.example [192.0.2.1])", FAKE],
        ("192.0.2.1", f"[{RELAY}]", "n.example"),
    ),
    (
        "an address as user, qmail",
        ["from unknown (HELO h) (203.0.113.66@192.0.2.1)", FAKE],
        ("192.0.2.1", "h", None),
    ),
    (
        "an address as user, Sendmail",
        ["from h.example (IDENT:[203.0.113.66]@n.example [192.0.2.1])", FAKE],
        BY_CLIENT,
    ),
    (
        "the same without a mark",
        ["from h.example ([203.0.113.66]@n.example [192.0.2.1])", FAKE],
        BY_CLIENT,
    ),
    (
        "a host name as user",
        ["from h.example (good.example [x@n.example [192.0.2.1])", FAKE],
        BY_CLIENT,
    ),
    ("a name that ends like HELO", ["from h (x.helo [192.0.2.1])"], ("192.0.2.1", "h", "x.helo")),
    (
        "a user that looks like HELO",
        ["from [203.0.113.66] (helo=[203.0.113.66]@n.example [192.0.2.1])", FAKE],
        ("192.0.2.1", "203.0.113.66", None),
    ),
    (
        "a HELO of many words",
        ["from unknown (HELO x y 203.0.113.66) (192.0.2.1)", FAKE],
        ("192.0.2.1", "x", None),
    ),
    (
        "a certificate's name",
        [f'{CLIENT[:44]} (using TLSv1.3) (Client CN "203.0.113.66")', FAKE],
        BY_CLIENT,
    ),
    (
        "a HELO with a comment",
        ["from [192.0.2.1] (helo=(203.0.113.66 [192.0.2.1]))", FAKE],
        UNKNOWN,
    ),
    (
        "a HELO with a comment, and no address before",
        ["from n.example (helo=(203.0.113.66 [192.0.2.1]))", FAKE],
        UNKNOWN,
    ),
    ("a HELO with an at sign", ["from n ([192.0.2.1] helo=x y@[203.0.113.66])", FAKE], UNKNOWN),
    ("a comment without address", ["from [203.0.113.66] (n.example)", FAKE], UNKNOWN),
    ("a user with parentheses", ["from h ([203.0.113.66]) (@n.example [192.0.2.1])"], UNKNOWN),
    ("addresses of two kinds", ["from h ([203.0.113.66] [IPv6:2001:db8::1])"], UNKNOWN),
    (
        "a reverse name that looks like an address",
        ["from h (203.0.113.66 [IPv6:2001:db8::1])", FAKE],
        ("2001:db8::1", "h", None),
    ),
    (
        "the same, that has not that address",
        ["from h (203.0.113.66 [192.0.2.1] (may be forged))", FAKE],
        ("192.0.2.1", "h", None),
    ),
    ("two bare addresses", ["from h (203.0.113.66 192.0.2.1)", FAKE], UNKNOWN),
    ("a HELO with a comment behind", ["from h(203.0.113.66) (n [192.0.2.1])", FAKE], UNKNOWN),
    ("the same with brackets", ["from h([203.0.113.66]) (n [192.0.2.1])", FAKE], UNKNOWN),
    ("the same without an address", ["from h(x) (n [192.0.2.1])", FAKE], UNKNOWN),
    ("a HELO that opens a comment", ["from h( (n [192.0.2.1]) by r (x) id <a)b>", FAKE], UNKNOWN),
    ("a HELO that is a comment", ["from (203.0.113.66) (n [192.0.2.1])", FAKE], UNKNOWN),
    (
        "a comment in what qmail says of HELO",
        ["from n (EHLO a (203.0.113.66)) ([192.0.2.1])", FAKE],
        ("192.0.2.1", None, None),
    ),
    (
        "an address in what qmail says of HELO",
        ["from n (HELO a [203.0.113.66]) (192.0.2.1)", FAKE],
        ("192.0.2.1", "a", "n"),
    ),
    ("a HELO that ends its comment", ["from n (EHLO a) (203.0.113.66) ([192.0.2.1])"], UNKNOWN),
    (
        "a HELO with a keyword",
        ["from n (EHLO a) ([203.0.113.66]) by h () ([192.0.2.1]) by r.example", FAKE],
        UNKNOWN,
    ),
    (
        "a HELO with a keyword that is out of order",
        ["from n (EHLO a) ([203.0.113.66]) id h () ([192.0.2.1]) by r.example", FAKE],
        UNKNOWN,
    ),
    (
        "a HELO that looks like a login",
        ["from h with ESMTPA (n [192.0.2.1]) by r.example with ESMTP", FAKE],
        UNKNOWN,
    ),
    ("a HELO from a HELO", ["from x from [203.0.113.66] by r.example", FAKE], UNKNOWN),
    ("a bare HELO", ["from 203.0.113.66 by r.example", FAKE], UNKNOWN),
    ("a bare HELO, and no name", ["from 203.0.113.66 (unknown)", FAKE], UNKNOWN),
    (
        "a bare HELO, and what Exim has",
        ["from 203.0.113.66 (port=1 helo=x)", FAKE],
        UNKNOWN,
    ),
    ("a user in front", ["from user@203.0.113.66", FAKE], UNKNOWN),
    (
        "a user that looks like HELO of qmail",
        ["from [203.0.113.66] (HELO x@n [192.0.2.1])", FAKE],
        UNKNOWN,
    ),
    ("brackets that cannot be read", ["from h (n [999.1.1.1]) (203.0.113.66)", FAKE], UNKNOWN),
    ("the same in one comment", ["from h (203.0.113.66 [999.1.1.1])", FAKE], UNKNOWN),
    ("brackets that do not end", ["from h (203.0.113.66 [192.0.2)", FAKE], UNKNOWN),
    ("sent by a user of the relay", ["by relay.example (Postfix, from userid 33)", FAKE], UNKNOWN),
    ("an address that is none", ["from h (n.example [192.0.2.999])", FAKE], UNKNOWN),
    ("a client without address", ["from h (unknown [unknown])", FAKE], UNKNOWN),
    ("what is no field of an MTA", ["\0(((", FAKE], UNKNOWN),
    ("an empty field", ["", FAKE], UNKNOWN),
    ("sent by the relay itself", [OUR_HOP, LOOPBACK], UNKNOWN),
    ("no hops", [], UNKNOWN),
    ("endless relays", [OUR_HOP] * 1000 + [FAKE], UNKNOWN),
]


def with_hops(hops: list[str]) -> bytes:
    fields = [f"Received: {hop}; Fri, 21 Nov 1997 09:55:06 -0600\r\n" for hop in hops]
    return "".join(fields).encode() + b"Subject: x\r\n\r\n"


def envelope(ip: str | None) -> Envelope:
    client = ip_address(ip) if ip else None
    return Envelope("test", client_ip=client, helo="helo.example", hostname="ptr.example")


def found(ip: str | None, hops: list[str]) -> Origin:
    return origin_of(envelope(ip), parse(with_hops(hops)), Networks(RELAYS))


def facts(origin: Origin) -> Facts:
    return str(origin.ip) if origin.ip else None, origin.helo, origin.hostname


class Origins(SynchronousTestCase):
    def test_behind_a_relay(self) -> None:
        for what, hops, expected in TABLE:
            with self.subTest(what):
                origin = found(RELAY, hops)
                self.assertEqual(facts(origin), expected)
                self.assertTrue(origin.is_relayed)

    def test_login(self) -> None:
        """At the relay that has the message from the client, not at one further on."""
        for protocol in ("ESMTPA", "esmtpsa", "LMTPSA", "UTF8SMTPSA", "SMTPA"):
            self.assertTrue(found(RELAY, [f"{CLIENT} with {protocol} id 1"]).is_authenticated)
        for protocol in ("ESMTP", "ESMTPS", "LMTP", "UTF8SMTP", "xSMTPA", "(ESMTPA)"):
            self.assertFalse(found(RELAY, [f"{CLIENT} with {protocol} id 1"]).is_authenticated)
        hops = [f"{OUR_HOP} with ESMTPSA id 1", CLIENT, f"{FAKE} with ESMTPSA"]
        self.assertFalse(found(RELAY, hops).is_authenticated)
        relay = replace(envelope(RELAY), user="relay")
        origin = origin_of(relay, parse(with_hops([CLIENT])), Networks(RELAYS))
        self.assertFalse(origin.is_authenticated)
        self.assertTrue(origin_of(relay, parse(b""), Networks(())).is_authenticated)

    def test_relay_by_a_mapped_address(self) -> None:
        self.assertEqual(facts(found(f"::ffff:{RELAY}", [CLIENT])), BY_CLIENT)

    def test_clients_that_are_no_relay(self) -> None:
        """What they wrote into the message does not matter."""
        for ip in ("192.0.2.77", "127.0.0.1", "10.8.0.1", "2001:db8::1", None):
            for hops in ([], [OUR_HOP, CLIENT], [LOOPBACK, FAKE]):
                with self.subTest(ip=ip, hops=hops):
                    origin = found(ip, hops)
                    self.assertEqual(facts(origin), (ip, "helo.example", "ptr.example"))
                    self.assertEqual((origin.is_relayed, origin.how), (False, ""))

    def test_mapped_client(self) -> None:
        self.assertEqual(found("::ffff:192.0.2.77", []).ip, ip_address("192.0.2.77"))

    def test_no_relays(self) -> None:
        task = make_task(with_hops([CLIENT]), envelope(RELAY))
        self.assertEqual(facts(task.origin), (RELAY, "helo.example", "ptr.example"))

    def test_of_a_task(self) -> None:
        config = Config(scan=Scan(trusted_relays=RELAYS))
        task = make_task(with_hops([CLIENT]), envelope(RELAY), config=config)
        self.assertEqual(facts(task.origin), BY_CLIENT)
        self.assertIs(task.origin, task.origin)


class Traces(SynchronousTestCase):
    """What the trace says of it."""

    def texts(self, hops: list[str], ip: str = RELAY) -> list[str]:
        def look(task: Task) -> Findings:
            return [Hit("SEEN", options=(str(task.origin.ip),))]

        config = Config(scan=Scan(trusted_relays=RELAYS))
        scanner = Scanner(build_plan(config, [doing("look", look)]), config.scan, Clock())
        scan = scanner.scan(envelope(ip), with_hops(hops))
        verdict: Verdict = self.successResultOf(Deferred.fromCoroutine(scan))
        return [entry.text for entry in verdict.trace if entry.source == "relay"]

    def test_client(self) -> None:
        self.assertEqual(
            self.texts([OUR_HOP, CLIENT]),
            [f"192.0.2.1 is the client by Received field 2, behind relay {RELAY}"],
        )

    def test_nobody(self) -> None:
        unknown = "the client behind the relay is not known: "
        self.assertEqual(self.texts([]), [unknown + "there is no Received field"])
        self.assertEqual(self.texts([OUR_HOP]), [unknown + "no Received field tells of a client"])
        self.assertEqual(
            self.texts([OUR_HOP, "by relay.example"]),
            [unknown + "Received field 2 does not tell the address of a client"],
        )

    def test_no_relay(self) -> None:
        self.assertEqual(self.texts([CLIENT], "192.0.2.77"), [])
