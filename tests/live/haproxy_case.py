"""What tests of HAProxy have in common."""

from collections.abc import Mapping
from typing import Any, ClassVar

from twisted.trial.unittest import SkipTest

from .haproxy import ProxiedFilter
from .harness import LiveCase, message_file
from .httpcrypt import own_address
from .https_curl import Answer, curl
from .processes import private_directory

HAM = message_file("ham.eml")
GTUBE = message_file("gtube-reject.eml")
LARGE = HAM + b"0123456789 abcdefghijklmnopqrstuvwxyz, and on it goes.\r\n" * 187_000
"""10 MB."""
FIRST, SECOND = "send-proxy-v2", "send-proxy"
"""How HAProxy is told the version: in the page it is 2."""
PLACE = "127.0.0.2"
"""Where a client may be whose proxy is at 127.0.0.1."""
QUIET = "PROXY protocol"


def counters(asked: ProxiedFilter) -> Mapping[str, int]:
    """What it has counted of proxies."""
    counted: Mapping[str, int] = asked.status()["counters"]
    return {name: count for name, count in counted.items() if name.startswith("proxy/")}


def passed_on(asked: ProxiedFilter) -> int:
    """How many connections of clients."""
    return counters(asked).get("proxy/connections", 0)


def refused(asked: ProxiedFilter) -> Mapping[str, int]:
    """What it has refused."""
    return {name: count for name, count in counters(asked).items() if "refused" in name}


def other_address() -> str:
    """Where a client is that is not on HAProxy's own loopback."""
    address = own_address()
    if not address:
        raise SkipTest("this machine has no address but those of loopback")
    return address


def started(made: ProxiedFilter) -> ProxiedFilter:
    made.start()
    return made


class CurlCase(LiveCase):
    """Clients of HTTP, with certificates of the page's authority."""

    needs: ClassVar[tuple[str, ...]] = ("curl", "haproxy", "openssl")
    filter: ProxiedFilter
    port: int

    def curl(self, who: str, path: str, *arguments: str, source: str = "") -> Answer:
        """Ask by HAProxy with the certificate of somebody, or of nobody; status 0 is no answer."""
        place = ("--interface", source) if source else ()
        return curl(self.filter.authority, self.port, who, path, *place, *arguments)

    def scan(self, who: str, *arguments: str, source: str = "") -> dict[str, Any]:
        """Have a message scanned for somebody; its line in the log."""
        mark = self.filter.log_size()
        path = private_directory() / "message"
        path.write_bytes(HAM)
        options = ("--data-binary", f"@{path}", "-H", f"From: {who or 'nobody'}@example.org")
        answer = self.curl(who, "/checkv2", *options, *arguments, source=source)
        self.assertEqual(answer.status, 200, answer.body)
        return self.filter.wait_record(mark, sender=f"{who or 'nobody'}@example.org")
