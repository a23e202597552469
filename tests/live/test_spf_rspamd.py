"""SPF beside Debian's rspamd: the same symbols and options, but for what is listed."""

import functools
import http.client
import json

from . import peers
from .rspamd import Rspamd, RspamdCase
from .spf_zone import CASES, Case
from .test_spf import HAM, own_server, spf_of

_MODULES = """
modules {{ path = "{plugins}/spf.lua"; }}
spf {{ }}
"""


@functools.cache
def own_rspamd() -> Rspamd:
    """One that checks SPF, and asks our server."""
    plugins = peers.DEBIAN / "usr/share/rspamd/plugins"
    return Rspamd(more=_MODULES.format(plugins=plugins), dns=own_server().port)


class SameTests(RspamdCase):
    """`test_spf` compares ours with the same table."""

    def server(self) -> Rspamd:
        """One of our own."""
        return own_rspamd()

    def ask(self, case: Case) -> tuple[str, str]:
        """Its symbol and option; without the mark of records that it remembers."""
        client = http.client.HTTPConnection("127.0.0.1", self.rspamd.scan, timeout=60)
        self.addCleanup(client.close)
        fields = {"From": f"<{case.sender}>", "IP": case.ip, "Helo": case.helo, "Rcpt": "x@y.test"}
        client.request("POST", "/checkv2", HAM, fields)
        ((symbol, options),) = spf_of(json.loads(client.getresponse().read())).items()
        return symbol, options[0].removesuffix(":c")

    def test_table(self) -> None:
        for case in CASES:
            expected = case.rspamd if case.why else (case.symbol, case.option)
            self.assertEqual(self.ask(case), expected, case)

    def test_most_are_the_same(self) -> None:
        """What differs is listed with its reason."""
        self.assertLess(sum(bool(case.why) for case in CASES), len(CASES) / 3)
        for case in CASES:
            self.assertEqual(bool(case.why), case.rspamd != ("", ""))
            self.assertNotEqual(case.rspamd, (case.symbol, case.option))
