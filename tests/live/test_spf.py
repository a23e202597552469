"""SPF in the filter: its own resolver, a server of DNS, and clients by all ways."""

import functools
from collections.abc import Mapping
from typing import Any

from . import scan_client, spf_zone
from .delivered import header_lines, values
from .harness import Filter, LiveCase, PostfixCase, message_file, shared_sink
from .postfix import Postfix
from .postfix_cf import Smtpd
from .processes import free_port
from .smtp import Client
from .spf_zone import CASES, CLIENT, HELO, Case
from .zone_server import ZoneServer

RELAY = "203.0.113.200"
HAM = message_file("ham.eml")
FORGED = b"Received-SPF: pass (believe me)\r\nAuthentication-Results: mx.our.test; spf=pass\r\n"
SETTINGS = f"""
[headers]
use = ["authentication-results", "received-spf"]
authserv_id = "mx.our.test"

[scan]
trusted_relays = ["{RELAY}"]
"""
AUTH, RECEIVED = "Authentication-Results", "Received-SPF"


@functools.cache
def own_server() -> ZoneServer:
    """The server of DNS."""
    return ZoneServer(spf_zone.ZONE, fails=spf_zone.FAILS, silent=spf_zone.SILENT)


@functools.cache
def own_filter() -> Filter:
    """A filter that asks it, and writes header fields."""
    own = Filter(start=False, dns=own_server().address)
    own.configure(SETTINGS)
    own.start()
    return own


@functools.cache
def silent_filter() -> Filter:
    """One that writes no such fields, as by default."""
    own = Filter(start=False, workers=1, dns=own_server().address)
    own.start()
    return own


@functools.cache
def own_postfix() -> Postfix:
    """A Postfix that asks the filters."""
    filters = {"tcp": own_filter(), "silent": silent_filter()}
    services = {name: Smtpd(f"inet:127.0.0.1:{own.milter}") for name, own in filters.items()}
    return Postfix(services, shared_sink().port)


def spf_of(found: Any) -> dict[str, list[str]]:
    """The symbols of SPF in a reply or a line of the log, with their options."""
    symbols = found["symbols"]
    named = symbols.values() if isinstance(symbols, dict) else symbols
    return {
        symbol["name"]: symbol.get("options", []) for symbol in named if "SPF" in symbol["name"]
    }


def first_options(found: Any) -> dict[str, str]:
    """The same with the first option alone."""
    return {name: options[0] for name, options in spf_of(found).items()}


class HttpTests(LiveCase):
    """The client is that of the field IP."""

    def make_filter(self) -> Filter:
        """See `LiveCase`."""
        return own_filter()

    def scan(
        self, case: Case, message: bytes = HAM, filter: Filter | None = None, **more: str
    ) -> Mapping[str, Any]:
        """The reply for a message."""
        connection = scan_client.Connection((filter or self.filter).http)
        self.addCleanup(connection.close)
        fields = {"From": f"<{case.sender}>", "IP": case.ip, "Helo": case.helo, "Rcpt": "x@y.test"}
        return connection.scan(scan_client.with_length(message, [*(fields | more).items()]))

    def test_table(self) -> None:
        for case in CASES:
            self.assertEqual(first_options(self.scan(case)), {case.symbol: case.option}, case)

    def test_problem(self) -> None:
        """What is the matter comes second."""
        for case, part in (
            (Case("bob@bad.test", "R_SPF_PERMFAIL", ""), "999.1.1.1"),
            (Case("bob@eleven.test", "R_SPF_PERMFAIL", ""), "10"),
            (Case("bob@broken.test", "R_SPF_DNSFAIL", ""), "SERVFAIL"),
        ):
            self.assertIn(part, spf_of(self.scan(case))[case.symbol][1])

    def test_fields(self) -> None:
        added = self.scan(Case("bob@fail.test", "", ""), FORGED + HAM)["milter"]["add_headers"]
        self.assertEqual(
            added[AUTH]["value"].split(),
            ["mx.our.test;", "spf=fail", "smtp.mailfrom=bob@fail.test"],
        )
        self.assertTrue(added[RECEIVED]["value"].startswith("fail (fail.test forbids 203.0.113.5)"))

    def test_not_asked(self) -> None:
        before = len(own_server().queries)
        case = Case("bob@never.test", "", "")
        self.assertEqual(spf_of(self.scan(case._replace(ip="127.0.0.1"))), {})
        self.assertEqual(spf_of(self.scan(case, User="alice")), {})
        self.assertEqual(len(own_server().queries), before)

    def test_relay(self) -> None:
        """Behind a relay that is trusted the client is whom it has the message from."""
        field = "Received: from {} (mx.test [{}])\r\n\tby relay.test with ESMTP id 1;\r\n"
        field += "\tSat, 28 Nov 2026 10:00:00 +0000\r\n"
        relayed = Case("bob@ip4.test", "", "", ip=RELAY, helo="relay.test")
        for ip, symbol in ((CLIENT, "R_SPF_ALLOW"), ("198.51.100.9", "R_SPF_FAIL")):
            message = field.format("mail.example.test", ip).encode() + HAM
            self.assertEqual(list(spf_of(self.scan(relayed, message))), [symbol])
        # Of what stands below it, nothing is believed.
        forged = field.format("x.test", "198.51.100.9") + field.format("y.test", CLIENT)
        self.assertEqual(list(spf_of(self.scan(relayed, forged.encode() + HAM))), ["R_SPF_FAIL"])
        bounce = relayed._replace(sender="")
        message = field.format("mail.example.test", CLIENT).encode() + HAM
        self.assertEqual(first_options(self.scan(bounce, message)), {"R_SPF_ALLOW": "+a"})

    def test_remembered(self) -> None:
        """One worker asks once; there are two."""
        for _ in range(6):
            reply = self.scan(Case("bob@known.test", "", ""))
            self.assertEqual(first_options(reply), {"R_SPF_FAIL": "-all"})
        self.assertIn(own_server().asked().count("known.test TXT"), (1, 2))

    def test_login_at_the_relay(self) -> None:
        """A user of a relay that is trusted sends from anywhere."""
        field = "Received: from pc (pc.test [198.51.100.9])\r\n\tby relay.test with {} id 1;\r\n"
        field += "\tSat, 28 Nov 2026 10:00:00 +0000\r\n"
        relayed = Case("bob@ip4.test", "", "", ip=RELAY, helo="relay.test")
        for protocol, symbols in (("ESMTPS", ["R_SPF_FAIL"]), ("ESMTPSA", [])):
            reply = self.scan(relayed, field.format(protocol).encode() + HAM)
            self.assertEqual(list(spf_of(reply)), symbols, protocol)

    def test_no_fields(self) -> None:
        """There are none unless they are asked for."""
        reply = self.scan(Case("bob@ip4.test", "", ""), filter=silent_filter())
        self.assertEqual(first_options(reply), {"R_SPF_ALLOW": "+ip4:203.0.113.0/24"})
        added = reply.get("milter", {}).get("add_headers", {})
        self.assertFalse({AUTH, RECEIVED} & set(added))

    def test_silence(self) -> None:
        """A server that says nothing: the scan ends in time, without an answer of SPF."""
        reply = self.scan(Case("bob@silent.test", "", ""))
        self.assertEqual(first_options(reply), {"R_SPF_DNSFAIL": "temporary DNS error"})
        self.assertNotIn("SPF_FAIL", reply["symbols"])

    def test_no_server(self) -> None:
        """Nobody is there to be asked."""
        alone = Filter(start=False, workers=1, dns=f"127.0.0.1:{free_port()}")
        alone.start()
        self.addCleanup(alone.stop)
        reply = self.scan(Case("bob@ip4.test", "", ""), filter=alone)
        self.assertEqual(first_options(reply), {"R_SPF_DNSFAIL": "temporary DNS error"})
        self.assertNotIn("SPF_FAIL", reply["symbols"])


class PostfixTests(PostfixCase):
    """The client is that of XCLIENT."""

    def setUp(self) -> None:
        """One of our own."""
        super().setUp()
        self.postfix = own_postfix()

    def make_filter(self) -> Filter:
        """See `LiveCase`."""
        return own_filter()

    def deliver(
        self, case: Case, message: bytes = HAM, service: str = "tcp", **client: str
    ) -> bytes:
        """Send a message; what arrives of it."""
        address = f"IPV6:{case.ip}" if ":" in case.ip else case.ip
        attributes = {"ADDR": address, "NAME": "client.example.net", "HELO": case.helo} | client
        with Client(self.postfix.ports[service], stranger=False) as session:
            code, _text = session.docmd(
                "XCLIENT", " ".join(f"{name}={value}" for name, value in attributes.items())
            )
            self.assertEqual(code, 220)
            session.ehlo(case.helo)
            session.sendmail(case.sender, [self.box], message)
        return self.postfix.wait_mailbox(self.box)[-1].replace(b"\r\n", b"\n")

    def found(self) -> dict[str, str]:
        """The symbols of SPF in the log, with their first options."""
        return first_options(self.filter.wait_record(self.mark))

    def names(self, delivered: bytes) -> list[str]:
        """Names of the fields, in their order."""
        return [line.partition(b":")[0].decode() for line in header_lines(delivered)]

    def test_pass(self) -> None:
        delivered = self.deliver(Case("bob@ip4.test", "", ""), FORGED + HAM)
        self.assertEqual(self.found(), {"R_SPF_ALLOW": "+ip4:203.0.113.0/24"})
        (auth,) = values(delivered, AUTH)
        self.assertEqual(auth.split(), ["mx.our.test;", "spf=pass", "smtp.mailfrom=bob@ip4.test"])
        (received,) = values(delivered, RECEIVED)
        self.assertEqual(
            " ".join(received.split()),
            "pass (ip4.test allows 203.0.113.5) client-ip=203.0.113.5;"
            f' envelope-from="bob@ip4.test"; helo={HELO}; identity=mailfrom;'
            ' mechanism="+ip4:203.0.113.0/24"; receiver=mx.our.test',
        )
        names = self.names(delivered)
        at = names.index("Received")
        self.assertEqual(sorted(names[at + 1 : at + 3]), [AUTH, RECEIVED])

    def test_no_fields(self) -> None:
        """There are none unless they are asked for."""
        mark = silent_filter().log_size()
        delivered = self.deliver(Case("bob@ip4.test", "", ""), service="silent")
        found = first_options(silent_filter().wait_record(mark))
        self.assertEqual(found, {"R_SPF_ALLOW": "+ip4:203.0.113.0/24"})
        self.assertEqual(values(delivered, AUTH) + values(delivered, RECEIVED), [])

    def test_fail(self) -> None:
        delivered = self.deliver(Case("bob@fail.test", "", ""))
        self.assertEqual(self.found(), {"R_SPF_FAIL": "-all"})
        self.assertIn("spf=fail", values(delivered, AUTH)[0])

    def test_rewritten(self) -> None:
        """A sender counts as Postfix hands it on."""
        for sender in ("bob%fail.test", "fail.test!bob", '"bob@fail.test"'):
            with self.subTest(sender):
                self.mark = self.filter.log_size()
                delivered = self.deliver(Case(f"<{sender}>", "", ""))
                self.assertEqual(self.found(), {"R_SPF_FAIL": "-all"})
                self.assertIn(b"Return-Path: <bob@fail.test>", delivered)

    def test_ipv6(self) -> None:
        self.deliver(Case("bob@ip6.test", "", "", ip="2001:db8::5"))
        self.assertEqual(self.found(), {"R_SPF_ALLOW": "+ip6:2001:db8::/32"})

    def test_bounce(self) -> None:
        delivered = self.deliver(Case("", "", ""))
        self.assertEqual(self.found(), {"R_SPF_ALLOW": "+a"})
        self.assertIn(f"smtp.helo={HELO}", values(delivered, AUTH)[0].split())
        self.assertIn("identity=helo", values(delivered, RECEIVED)[0])

    def test_user(self) -> None:
        """Who has logged in is not asked for."""
        delivered = self.deliver(Case("bob@fail.test", "", ""), LOGIN="alice")
        self.assertEqual(self.found(), {})
        self.assertEqual(values(delivered, RECEIVED), [])

    def test_local(self) -> None:
        """Nor is our own network, and what somebody has forged goes all the same."""
        delivered = self.deliver(Case("bob@fail.test", "", "", ip="127.0.0.1"), FORGED + HAM)
        self.assertEqual(self.found(), {})
        self.assertEqual(values(delivered, RECEIVED), [])
