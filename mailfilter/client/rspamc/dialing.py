"""Connecting to a server within a time limit: its addresses one after the other."""

import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .address import Server, is_address, read_bind
from .exchange import Unanswered
from .resolving import Place, look_up

MIN_SECONDS = 0.5
"""For each address of a name, at least, while there is time."""
MAX_ADDRESSES = 16
"""Addresses of a name that are tried."""
PAUSE = 0.02
"""Seconds until a unix socket whose queue is full is tried again: nothing tells of room in it."""

_LOCAL: Sequence[tuple[int, str]] = (
    (socket.AF_INET, "127.0.0.1"),
    (socket.AF_INET6, "::1"),
)
"""What `localhost` is, whatever a resolver says (RFC 6761 6.3)."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """When all must be done."""

    seconds: float
    """That were given; what they are counted from is `end - seconds`."""
    end: float
    """By `time.monotonic`."""

    @classmethod
    def after(cls, seconds: float) -> "Deadline":
        """In so many seconds."""
        return cls(seconds, time.monotonic() + seconds)

    def left(self) -> float:
        """Seconds that are left, more than none. Raises TimeoutError."""
        left = self.end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    @property
    def is_over(self) -> bool:
        """Nothing is left."""
        return time.monotonic() >= self.end

    def __str__(self) -> str:
        return f"within {self.seconds:g} s"


def dial(server: Server, bind: str, deadline: Deadline) -> socket.socket:
    """A connection, which does not block.

    `bind` is the address to connect from, empty for any. Raises Unanswered and Misused.
    """
    reasons = []
    places = _places(server, bind, deadline)
    for at, place in enumerate(places):
        now = time.monotonic()
        share = max(MIN_SECONDS, (deadline.end - now) / (len(places) - at))
        end = min(deadline.end, now + share)
        try:
            return _open(place, bind, end)
        except TimeoutError:
            reasons.append(f"no answer within {end - now:.3g} s" + _at(server, place))
        except OSError as error:
            reasons.append(f"{error.strerror or error}" + _at(server, place))
    raise Unanswered(f"no connection: {'; '.join(dict.fromkeys(reasons))}")


def _at(server: Server, place: Place) -> str:
    """Which address it was, if that says more than the server's name."""
    if server.path or server.host == place[1][0]:
        return ""
    return f" ({place[1][0]})"


def _places(server: Server, bind: str, deadline: Deadline) -> Sequence[Place]:
    if server.path:
        return [(socket.AF_UNIX, server.path)]
    places = _resolve(server.host, server.port, deadline)[:MAX_ADDRESSES]
    if not bind:
        return places
    family = _family(read_bind(bind))
    fitting = [place for place in places if place[0] == family]
    if not fitting:
        kind = "IPv6" if family == socket.AF_INET6 else "IPv4"
        raise Unanswered(f"no connection from {bind}: the server has no {kind} address")
    return fitting


def _resolve(host: str, port: int, deadline: Deadline) -> Sequence[Place]:
    if host.lower() == "localhost":
        return [(family, (address, port)) for family, address in _LOCAL]
    if is_address(host) and "%" not in host:
        return [(_family(host), (host, port))]
    return _look_up(host, port, deadline)


def _look_up(host: str, port: int, deadline: Deadline) -> Sequence[Place]:
    try:
        return look_up(host, port, deadline.left())
    except TimeoutError:
        reason = f"no answer of a name server {deadline}"
    except OSError as error:
        reason = error.strerror or str(error)
    raise Unanswered(f"its name has no address: {reason}")


def _open(place: Place, bind: str, end: float) -> socket.socket:
    family, address = place
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        if family != socket.AF_UNIX:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if bind:
                _bind(sock, bind)
        _connect(sock, address, end)
    except BaseException:
        sock.close()
        raise
    sock.setblocking(False)
    return sock


def _bind(sock: socket.socket, bind: str) -> None:
    try:
        sock.bind((read_bind(bind), 0))
    except OSError as error:
        raise OSError(error.errno, f"from {bind}: {error.strerror}") from None


def _connect(sock: socket.socket, address: Any, end: float) -> None:
    while True:
        sock.settimeout(max(0.001, end - time.monotonic()))
        try:
            sock.connect(address)
        except BlockingIOError:
            # The queue of a unix socket is full.
            if time.monotonic() + PAUSE > end:
                raise TimeoutError from None
            time.sleep(PAUSE)
        else:
            return


def _family(address: str) -> int:
    return socket.AF_INET6 if ":" in address else socket.AF_INET
