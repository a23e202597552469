"""ARC beside Debian's rspamd: the same symbols, but for what is listed."""

import functools
import http.client
import json
import time
from dataclasses import replace
from typing import NamedTuple

from mailfilter.auth.arc_seal import Place
from mailfilter.auth.arc_set import arc_sets
from mailfilter.mail import parse
from tests.auth.arc_case import (
    ED,
    LIST,
    NAMES,
    OTHER,
    PASSED,
    RAW,
    ZONE,
    hand_made,
    sealed,
    with_set,
)

from . import peers, scan_client
from .harness import Filter, LiveCase
from .rspamd import Rspamd, RspamdCase
from .zone_server import ZoneServer

NOW = int(time.time())
MODULES = """
options {{ filters = "dkim"; }}
modules {{ path = "{plugins}/arc.lua"; }}
dkim {{ }}
arc {{ sign_inbound = false; sign_local = false; sign_authenticated = false; }}
"""
ENVELOPE = {"From": "<bob@author.test>", "IP": "203.0.113.5", "Helo": "h.test", "Rcpt": "x@y.test"}
FAILS = ("fails._domainkey.list.test",)

ONE = sealed(time=NOW)
TWO = sealed(ONE, OTHER, time=NOW)
WITH_NAMES = ONE.replace(b"cv=none", b"h=from; cv=none", 1)
FAILING = sealed(key=replace(LIST, selector="fails"), time=NOW)
TOP = TWO.removesuffix(ONE)
"""The newest set of that."""

MANY = functools.reduce(lambda raw, _: sealed(raw, time=NOW), range(50), RAW)
MANY = with_set(
    MANY,
    LIST,
    Place(51, "pass", arc_sets(parse(MANY).canonical)),
    results=PASSED,
    names=NAMES,
    time=NOW,
)

PASS_OF_TWO = {"ARC_ALLOW": ("other.test:s=rsa:i=2",)}


class Case(NamedTuple):
    """A message, the symbol that we give it, and Rspamd if it is another one."""

    what: str
    message: bytes
    ours: str
    why: str = ""
    theirs: str = ""


def with_51_sets() -> bytes:
    """A message with one set more than there may be, all of them sound."""
    raw = RAW
    for _ in range(50):
        raw = sealed(raw, time=NOW)
    place = Place(51, "pass", arc_sets(parse(raw).canonical))
    return with_set(raw, LIST, place, results=PASSED, names=NAMES, time=NOW)


def results(raw: bytes) -> bytes:
    """The topmost field with results."""
    return parse(raw).canonical.named(b"arc-authentication-results")[0].raw


def without(raw: bytes, name: bytes) -> bytes:
    """A message without the topmost field of a name."""
    return raw.replace(parse(raw).canonical.named(name.lower())[0].raw, b"", 1)


COUNTS = "it counts only seals and signatures"
OPEN = "what is behind l= may be anybody's"
REJECT = "ARC_REJECT"

CASES = (
    Case("no chain", RAW, "ARC_NA"),
    Case("one set", ONE, "ARC_ALLOW"),
    Case("two sets", TWO, "ARC_ALLOW"),
    Case("Ed25519", sealed(key=ED, time=NOW), "ARC_ALLOW"),
    Case("changed between", sealed(ONE.replace(b"Cats", b"Rats"), OTHER, time=NOW), "ARC_ALLOW"),
    Case("header", TWO.replace(b"Cats", b"Rats"), "ARC_REJECT"),
    Case("body", TWO.replace(b"and more", b"and less"), "ARC_REJECT"),
    Case("results", TWO.replace(b"spf=fail", b"spf=pass"), "ARC_REJECT"),
    Case("older results", TOP + ONE.replace(b"spf=fail", b"spf=pass"), "ARC_REJECT"),
    Case("no key", sealed(key=replace(LIST, selector="gone"), time=NOW), "ARC_REJECT"),
    Case("revoked", sealed(key=replace(LIST, selector="revoked"), time=NOW), "ARC_REJECT"),
    Case("other key", sealed(key=replace(LIST, selector="wrong"), time=NOW), "ARC_REJECT"),
    Case("failed", sealed(ONE, validation="fail", time=NOW), "ARC_REJECT"),
    Case("none in the second", sealed(ONE, validation="none", time=NOW), "ARC_REJECT"),
    Case("pass in the first", sealed(validation="pass", time=NOW), "ARC_INVALID"),
    Case("fail in the first", sealed(validation="fail", time=NOW), "ARC_INVALID"),
    Case("gap", TOP + RAW, "ARC_INVALID"),
    Case("double", TOP + TWO, "ARC_INVALID"),
    Case("number 0", ONE.replace(b"Seal: i=1", b"Seal: i=0"), "ARC_INVALID"),
    Case("no results", without(ONE, b"ARC-Authentication-Results"), "ARC_INVALID", COUNTS, REJECT),
    Case("double results", results(ONE) + ONE, "ARC_INVALID", COUNTS, "ARC_ALLOW"),
    Case("only results", results(ONE) + RAW, "ARC_INVALID", COUNTS, "ARC_NA"),
    Case("no seal", without(ONE, b"ARC-Seal"), "ARC_INVALID", COUNTS, "ARC_NA"),
    Case("DNS fails", FAILING, "ARC_DNSFAIL", "a later hop may have an answer", "ARC_REJECT"),
    Case("part of the body", hand_made(l="4"), "ARC_REJECT", OPEN, "ARC_ALLOW"),
    Case("seal with h=", WITH_NAMES, "ARC_INVALID", "it stops without a word"),
    Case("expired", hand_made(x=str(NOW - 9999)), "ARC_REJECT"),
    Case("51 sets", with_51_sets(), "ARC_INVALID", "it says only that it failed", REJECT),
    Case("large number", ONE.replace(b"Seal: i=1", b"Seal: i=1000000000"), "ARC_INVALID"),
)


@functools.cache
def own_server() -> ZoneServer:
    """The server of DNS."""
    return ZoneServer(ZONE, fails=FAILS)


@functools.cache
def own_rspamd() -> Rspamd:
    """One that checks ARC, and asks our server."""
    plugins = peers.DEBIAN / "usr/share/rspamd/plugins"
    return Rspamd(more=MODULES.format(plugins=plugins), dns=own_server().port)


@functools.cache
def own_filter() -> Filter:
    """A filter that asks it."""
    own = Filter(start=False, workers=1, dns=own_server().address, senders=True)
    own.start()
    return own


def arc_of(found: object) -> dict[str, tuple[str, ...]]:
    """The symbols of ARC in a reply, with their options."""
    assert isinstance(found, dict)
    return {
        name: tuple(symbol.get("options") or ())
        for name, symbol in found["symbols"].items()
        if name.startswith("ARC_") and name != "ARC_CHECK"
    }


def theirs(case: Case) -> list[str]:
    """The symbols that Rspamd gives."""
    if case.why:
        return [case.theirs] if case.theirs else []
    return [case.ours]


class RspamdTests(RspamdCase):
    """What Rspamd says."""

    def server(self) -> Rspamd:
        """One of our own."""
        return own_rspamd()

    def ask(self, message: bytes) -> dict[str, tuple[str, ...]]:
        """Its symbols and options."""
        client = http.client.HTTPConnection("127.0.0.1", self.rspamd.scan, timeout=60)
        self.addCleanup(client.close)
        client.request("POST", "/checkv2", message, ENVELOPE)
        return arc_of(json.loads(client.getresponse().read()))

    def test_table(self) -> None:
        found = {case.what: [*self.ask(case.message)] for case in CASES}
        wanted = {case.what: theirs(case) for case in CASES}
        self.assertEqual(found, wanted)

    def test_option(self) -> None:
        self.assertEqual(self.ask(TWO), PASS_OF_TWO)

    def test_differences(self) -> None:
        """What differs is listed with its reason."""
        self.assertLess(sum(bool(case.why) for case in CASES), len(CASES) / 3)
        for case in CASES:
            self.assertLessEqual(bool(case.theirs), bool(case.why), case.what)
            self.assertNotEqual(case.ours, case.theirs)


class OwnTests(LiveCase):
    """What we say, over HTTP, with our own resolver."""

    def make_filter(self) -> Filter:
        """See `LiveCase`."""
        return own_filter()

    def ask(self, message: bytes) -> dict[str, tuple[str, ...]]:
        """Our symbols and options."""
        connection = scan_client.Connection(self.filter.http)
        self.addCleanup(connection.close)
        return arc_of(connection.scan(scan_client.with_length(message, [*ENVELOPE.items()])))

    def test_table(self) -> None:
        found = {case.what: [*self.ask(case.message)] for case in CASES}
        self.assertEqual(found, {case.what: [case.ours] for case in CASES})

    def test_option(self) -> None:
        self.assertEqual(self.ask(TWO), PASS_OF_TWO)
