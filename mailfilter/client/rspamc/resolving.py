"""Addresses for the names that `-i` may be given, as rspamc finds them (lda-client.md 5.2)."""

import socket
import sys
from dataclasses import replace

from ...syntax import NOT_PRINTABLE
from .address import is_address
from .options import Options


def with_address(options: Options) -> Options:
    """The same with an address of the client; what has none is sent as it is.

    Takes no longer than `timeout`.
    """
    given = options.ip
    # Rspamd takes the path of a unix socket, too.
    if not given or given.startswith("/") or is_address(given.strip("[]")):
        return options
    if address := _look_up(given, options.timeout):
        return replace(options, ip=address)
    # Where mail is delivered, a word on standard error is a failure to some.
    if not options.is_lda:
        shown = NOT_PRINTABLE.sub("?", given)
        print(f"mailfilterc: --ip: no address of {shown} was found", file=sys.stderr)
    return options


def _look_up(name: str, seconds: float) -> str:
    """The first address; empty if there is none."""
    from threading import Thread

    found: list[str] = []

    def look_up() -> None:
        try:
            answers = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            return
        found.extend(str(answer[4][0]) for answer in answers)

    # In a thread, since resolvers know no time limit.
    thread = Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(min(seconds, 3600.0))
    return found[0] if found else ""
