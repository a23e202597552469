"""One question to the server: what rspamc would ask, and what was answered, read."""

import time
from collections.abc import Sequence

from .address import read_server
from .commands import Command
from .connection import exchange
from .exchange import Item, Reply
from .limits import limits_for
from .options import Options
from .reply import read_reply
from .request import make_request


def ask(command: Command, options: Options, item: Item, arguments: Sequence[str] = ()) -> Reply:
    """Ask for one item; `arguments` are the class of learn_class, or the hashes of fuzzy_delhash.

    May be called by several threads. Raises Unanswered, for an answer that cannot be read, too;
    Misused for options that cannot be carried out.
    """
    server = read_server(options.connect, is_control=command.is_control, is_tls=options.is_tls)
    request = make_request(command, options, item, arguments)
    limits = limits_for(options, item)
    begun = time.monotonic()
    answer = exchange(server, request, options, limits.whole)
    seconds = time.monotonic() - begun
    return read_reply(answer, item, seconds, limits, options.dictionary)
