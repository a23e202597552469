"""Servers of the scan protocols with nothing behind them: `python -m bench.http_target`.

There are two of each protocol: their scanners answer at once, one with nothing found, the other
with what spam gets. Prints a JSON object of their ports and serves until it is ended.
"""

import json
from typing import Any, Literal

from twisted.internet import reactor as running_reactor

from mailfilter.app.serving import FACTORIES
from mailfilter.config.model import Listener
from mailfilter.scan.verdict import (
    Action,
    AddHeader,
    ChangeHeader,
    RemoveHeader,
    SymbolResult,
    Verdict,
)
from mailfilter.testing.fake_scanner import NO_ACTION

from .milter_target import Scanner

reactor: Any = running_reactor

BACKLOG = 1024
"""So that many clients can come at once."""

_THRESHOLDS = ((Action.REJECT, 15.0), (Action.ADD_HEADER, 6.0), (Action.GREYLIST, 4.0))
_SYMBOLS = tuple(
    SymbolResult(
        name=f"SENDER_LOOKS_ODD_{number}",
        score=0.5,
        weight=0.5,
        group="headers",
        description=f"Something about the sender is not as it should be, for reason {number}",
        options=("example.net", f"192.0.2.{number}"),
    )
    for number in range(20)
)
_EDITS = (
    RemoveHeader("X-Spam"),
    ChangeHeader("X-Spam-Status", "Yes, score=10.00 required=15.00\n\ttests=[20]"),
    AddHeader(
        "Authentication-Results",
        "mail.example.org;\n\tdkim=pass header.d=example.net header.s=2026;\n"
        "\tspf=pass smtp.mailfrom=alice@example.net",
        0,
    ),
)
VERDICTS = {
    "empty": NO_ACTION,
    "spam": Verdict(
        action=Action.ADD_HEADER,
        score=10.0,
        required_score=15.0,
        thresholds=_THRESHOLDS,
        trace_id="4f1d6a0c9b2e7d35",
        symbols=_SYMBOLS,
        edits=_EDITS,
        message_id="20261102095959.1@example.net",
        elapsed=0.0123,
    ),
}
Protocol = Literal["http", "scan", "spamd"]
PROTOCOLS: tuple[Protocol, ...] = ("http", "scan", "spamd")


def listen(protocol: Protocol, verdict: Verdict) -> int:
    """Serve a protocol on a port of 127.0.0.1 that is free; the port."""
    listener = Listener(protocol=protocol, endpoint="tcp:0:interface=127.0.0.1")
    factory = FACTORIES[protocol](Scanner(verdict), protocol, listener, reactor)
    port = reactor.listenTCP(0, factory, backlog=BACKLOG, interface="127.0.0.1")
    return int(port.getHost().port)


def serve() -> None:
    """Listen, and say where."""
    ports = {
        f"{protocol} {name}": listen(protocol, verdict)
        for protocol in PROTOCOLS
        for name, verdict in VERDICTS.items()
    }
    print(json.dumps(ports), flush=True)
    reactor.run()


if __name__ == "__main__":
    serve()
