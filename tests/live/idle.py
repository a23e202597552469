"""Open many connections and say nothing: `python -m tests.live.idle PORT COUNT`.

Prints `ready` when all are open, and holds them until its standard input ends.
"""

import resource
import socket
import sys


def main(port: int, count: int) -> None:
    """Hold `count` connections to a loopback port."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    held = [socket.create_connection(("127.0.0.1", port), 30) for _ in range(count)]
    print("ready", len(held), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
