"""A server of DNS that knows every name, its address and its SPF: `python -m bench.dns_server`.

Prints its port and serves until its standard input ends. It answers what has come within a
millisecond, as over a network: a server that each query wakes up costs who asks, too.
"""

import select
import socket
import sys
from contextlib import suppress
from ipaddress import IPv4Address
from struct import pack

PAUSE = 0.001
"""Seconds."""

HEAD = 12
QUESTION_END = 5
"""Octets behind the last label: the root, kind and class."""

FLAGS = 0x8180
"""A reply, by a server that does recursion."""

ADDRESS = pack("!HHHIH", 0xC00C, 1, 1, 300, 4) + IPv4Address("192.0.2.1").packed
_TEXT = b"v=spf1 ip4:192.0.2.0/24 -all"
TEXT = pack("!HHHIHB", 0xC00C, 16, 1, 300, len(_TEXT) + 1, len(_TEXT)) + _TEXT
RECORDS = {b"\0\x01": ADDRESS, b"\0\x10": TEXT}
"""By kind; whatever else is asked for, there is nothing of it."""


def main() -> None:
    """Serve."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**20)
    sock.bind(("127.0.0.1", 0))
    print(sock.getsockname()[1], flush=True)
    sock.setblocking(False)
    while not select.select([sys.stdin], [], [], PAUSE)[0]:
        with suppress(BlockingIOError):
            while True:
                query, asker = sock.recvfrom(4096)
                end = query.index(b"\0", HEAD) + QUESTION_END
                record = RECORDS.get(query[end - 4 : end - 2], b"")
                head = query[:2] + pack("!HHHHH", FLAGS, 1, bool(record), 0, 0)
                sock.sendto(head + query[HEAD:end] + record, asker)


if __name__ == "__main__":
    main()
