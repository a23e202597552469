"""A milter server with nothing behind it: `python -m bench.milter_target`.

Its scanner answers at once, always the same. Prints its port and serves until it is ended.
"""

from typing import Any

from twisted.internet import reactor as running_reactor

from mailfilter.config.model import Listener
from mailfilter.scan.envelope import Envelope
from mailfilter.scan.unscanned import Unscanned
from mailfilter.scan.verdict import Verdict
from mailfilter.servers.milter import MilterFactory
from mailfilter.testing.fake_scanner import NO_ACTION

reactor: Any = running_reactor


class Scanner:
    """A `mailfilter.scan.run.ScanService` that does no work."""

    max_message = 50 * 2**20

    def __init__(self, verdict: Verdict) -> None:
        self._verdict = verdict

    async def scan(self, _envelope: Envelope, _raw: bytes) -> Verdict:
        """Answer."""
        return self._verdict

    def unscanned(self, _envelope: Envelope, given: Unscanned) -> Verdict:
        """No message of the benchmark gets here."""
        raise AssertionError(given.reason)


def serve() -> None:
    """Listen on a port of 127.0.0.1 that is free, and say which."""
    listener = Listener(protocol="milter", endpoint="tcp:0:interface=127.0.0.1")
    factory = MilterFactory(Scanner(NO_ACTION), "milter", listener, reactor)
    port = reactor.listenTCP(0, factory, interface="127.0.0.1")
    print(port.getHost().port, flush=True)
    reactor.run()


if __name__ == "__main__":
    serve()
