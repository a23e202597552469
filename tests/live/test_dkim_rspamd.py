"""DKIM beside Debian's rspamd: the same symbols and options, but for what is listed."""

import functools
import http.client
import json
from collections.abc import Mapping
from typing import Any

from . import scan_client
from .dkim_cases import CASES, DNS, FAILS, Case, Found
from .harness import Filter, LiveCase
from .rspamd import Rspamd, RspamdCase
from .zone_server import ZoneServer

MODULES = 'options { filters = "dkim"; }\ndkim { time_jitter = 6h; }\n'
ENVELOPE = {"From": "<bob@signed.test>", "IP": "203.0.113.5", "Helo": "h.test", "Rcpt": "x@y.test"}
SETTINGS = """
[headers]
use = ["authentication-results"]
authserv_id = "mx.our.test"
"""


@functools.cache
def own_server() -> ZoneServer:
    """The server of DNS."""
    return ZoneServer(DNS, fails=FAILS)


@functools.cache
def own_rspamd() -> Rspamd:
    """One that checks DKIM, and asks our server."""
    return Rspamd(more=MODULES, dns=own_server().port)


@functools.cache
def own_filter() -> Filter:
    """A filter that asks it."""
    own = Filter(start=False, workers=1, dns=own_server().address, senders=True)
    own.configure(SETTINGS)
    own.start()
    return own


def dkim_of(found: Any) -> Found:
    """The symbols of DKIM in a reply, with their options."""
    return {
        name: tuple(symbol.get("options") or ())
        for name, symbol in found["symbols"].items()
        if "DKIM" in name
    }


class RspamdTests(RspamdCase):
    """What Rspamd says."""

    def server(self) -> Rspamd:
        """One of our own."""
        return own_rspamd()

    def ask(self, case: Case) -> Found:
        """Its symbols and options."""
        client = http.client.HTTPConnection("127.0.0.1", self.rspamd.scan, timeout=60)
        self.addCleanup(client.close)
        client.request("POST", "/checkv2", case.message, ENVELOPE)
        return dkim_of(json.loads(client.getresponse().read()))

    def test_table(self) -> None:
        for case in CASES:
            expected = case.theirs if case.why else case.ours
            # It reads keys in the order in which they come.
            self.assertEqual(_sorted(self.ask(case)), _sorted(expected), case.what)

    def test_differences(self) -> None:
        """What differs is listed with its reason."""
        for case in CASES:
            if case.why:
                self.assertNotEqual(case.ours, case.theirs, case.what)
            else:
                self.assertEqual(case.theirs, {}, case.what)


class OwnTests(LiveCase):
    """What we say, over HTTP, with our own resolver."""

    def make_filter(self) -> Filter:
        """See `LiveCase`."""
        return own_filter()

    def scan(self, message: bytes) -> Mapping[str, Any]:
        """The reply for a message."""
        connection = scan_client.Connection(self.filter.http)
        self.addCleanup(connection.close)
        return connection.scan(scan_client.with_length(message, [*ENVELOPE.items()]))

    def test_table(self) -> None:
        for case in CASES:
            self.assertEqual(dkim_of(self.scan(case.message)), case.ours, case.what)

    def test_field(self) -> None:
        """Authentication-Results has each signature."""
        case = next(case for case in CASES if case.what == "one passes, one does not")
        added = self.scan(case.message)["milter"]["add_headers"]
        words = added["Authentication-Results"]["value"].split()
        self.assertEqual(words.count("dkim=pass") + words.count("dkim=fail"), 2)
        self.assertIn("header.d=list.test", words)


def _sorted(found: Found) -> dict[str, list[str]]:
    return {name: sorted(options) for name, options in found.items()}
