"""Addresses of names, within a time limit."""

import socket
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ...syntax import NOT_PRINTABLE
from .address import is_address
from .options import Options

_MAX_WAIT = 3600.0
"""Seconds: the system counts milliseconds in 31 bits."""

Place = tuple[int, Any]
"""Family and address of a socket."""


def look_up(host: str, port: int, seconds: float) -> Sequence[Place]:
    """All addresses of a name, each once.

    Raises OSError, which is TimeoutError if there is no answer in that time; ValueError for what
    is no name.
    """
    # Octets are not put through IDNA, whose tables take time to load.
    name = host.encode("ascii")
    from threading import Thread

    found: list[Place] = []
    errors: list[Exception] = []

    def ask() -> None:
        try:
            answers = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
        except (OSError, ValueError) as error:
            errors.append(error)
        else:
            found.extend((answer[0], answer[4]) for answer in answers)

    # In a thread, since resolvers know no time limit.
    thread = Thread(target=ask, daemon=True)
    thread.start()
    thread.join(max(0.0, min(seconds, _MAX_WAIT)))
    if errors:
        raise errors[0]
    if thread.is_alive() or not found:
        raise TimeoutError
    return list(dict.fromkeys(found))


def with_address(options: Options) -> Options:
    """The same with an address of the client (`-i`, which may be a name; lda-client.md 5.2).

    What has none is sent as it is. Takes no longer than `timeout`.
    """
    given = options.ip
    # Rspamd takes the path of a unix socket, too.
    if not given or given.startswith("/") or is_address(given.strip("[]")):
        return options
    try:
        return replace(options, ip=str(look_up(given, 0, options.timeout)[0][1][0]))
    except (OSError, ValueError):
        # Where mail is delivered, a word on standard error is a failure to some.
        if not options.is_lda:
            shown = NOT_PRINTABLE.sub("?", given)
            print(f"mailfilterc: --ip: no address of {shown} was found", file=sys.stderr)
        return options
