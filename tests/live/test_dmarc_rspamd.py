"""DMARC beside Debian's rspamd: the same symbols and options, but for what is listed."""

import functools
import http.client
import json
from typing import Any

from . import dmarc_zone, peers, scan_client
from .dmarc_zone import CASES, CLIENT, Case
from .harness import Filter, LiveCase
from .rspamd import Rspamd, RspamdCase
from .zone_server import ZoneServer

_MODULES = """
options {{ filters = "spf,dkim"; }}
modules {{ path = "{plugins}/spf.lua"; path = "{plugins}/dmarc.lua"; }}
spf {{ }}
dkim {{ }}
dmarc {{ }}
"""


@functools.cache
def own_server() -> ZoneServer:
    """The server of DNS."""
    return ZoneServer(dmarc_zone.ZONE, fails=dmarc_zone.FAILS)


@functools.cache
def own_rspamd() -> Rspamd:
    """One that checks SPF, DKIM and DMARC, and asks our server."""
    plugins = peers.DEBIAN / "usr/share/rspamd/plugins"
    return Rspamd(more=_MODULES.format(plugins=plugins), dns=own_server().port)


@functools.cache
def own_filter() -> Filter:
    """A filter that asks it."""
    own = Filter(start=False, workers=1, dns=own_server().address, senders=True)
    own.start()
    return own


def dmarc_of(reply: Any) -> tuple[str, ...]:
    """The symbol of DMARC in a reply, and its options."""
    found = [symbol for symbol in reply["symbols"].values() if symbol["name"].startswith("DMARC")]
    ((name, options),) = [(symbol["name"], symbol.get("options", [])) for symbol in found]
    return name, *options


def fields_of(case: Case) -> dict[str, str]:
    """What is told of the envelope."""
    return {
        "From": f"<{case.sender}>",
        "IP": CLIENT,
        "Helo": case.helo,
        "Rcpt": "x@y.test",
    }


class SameTests(RspamdCase):
    """What Rspamd has."""

    def server(self) -> Rspamd:
        """One of our own."""
        return own_rspamd()

    def ask(self, case: Case) -> tuple[str, ...]:
        """Its symbol and options."""
        client = http.client.HTTPConnection("127.0.0.1", self.rspamd.scan, timeout=60)
        self.addCleanup(client.close)
        client.request("POST", "/checkv2", case.message, fields_of(case))
        return dmarc_of(json.loads(client.getresponse().read()))

    def test_table(self) -> None:
        for case in CASES:
            expected = case.rspamd if case.why else (case.symbol, *case.options)
            self.assertEqual(self.ask(case), expected, case)

    def test_most_are_the_same(self) -> None:
        """What differs is listed with its reason."""
        self.assertLess(sum(bool(case.why) for case in CASES), len(CASES) / 2)
        for case in CASES:
            self.assertEqual(bool(case.why), bool(case.rspamd))
            self.assertNotEqual(case.rspamd, (case.symbol, *case.options))


class OwnTests(LiveCase):
    """What we have."""

    def make_filter(self) -> Filter:
        """See `LiveCase`."""
        return own_filter()

    def test_table(self) -> None:
        for case in CASES:
            connection = scan_client.Connection(self.filter.http)
            self.addCleanup(connection.close)
            request = scan_client.with_length(case.message, [*fields_of(case).items()])
            found = dmarc_of(connection.scan(request))
            self.assertEqual(found, (case.symbol, *case.options), case)
