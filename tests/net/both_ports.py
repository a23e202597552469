"""A server of DNS listens for UDP and TCP at one port."""

from collections.abc import Callable
from typing import Any

from twisted.internet import reactor as installed
from twisted.internet.error import CannotListenError
from twisted.internet.protocol import DatagramProtocol

reactor: Any = installed


def listen_both(
    datagrams: Callable[[], DatagramProtocol], streams: Any, host: str = "127.0.0.1"
) -> list[Any]:
    """Listen at a port that is free for both: that of UDP, and that of TCP; `streams` is a factory.

    Raises CannotListenError: not at this address.
    """
    while True:
        udp = reactor.listenUDP(0, datagrams(), interface=host)
        try:
            return [udp, reactor.listenTCP(udp.getHost().port, streams, interface=host)]
        except CannotListenError:
            # Somebody else has it for TCP.
            udp.stopListening()
