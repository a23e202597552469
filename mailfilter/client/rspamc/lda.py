"""LDA mode: a message is scanned, marked, and put out or handed to a command.

It is delivered once and whole, or not at all with the exit code 75. So nothing is put out before
all of it is there, and the command is not run beside this process but takes its place: its exit
code is ours, and a mail server that ends us for being slow ends what delivers.

Sources: lda-client.md 5.3 to 5.5.
"""

import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

from .address import read_server
from .ask import ask
from .commands import Command
from .dialing import Deadline
from .exchange import Item, Misused, Pieces, Unanswered, Undelivered
from .mime import scanned, unscanned
from .options import Options
from .spool import read_file, read_whole, spool, write_output

_MAX_REASON = 400
"""Characters; servers may say a lot."""

_IGNORED_BY_PYTHON = (signal.SIGPIPE, signal.SIGXFSZ)


def deliver(command: Command, options: Options, files: Sequence[str]) -> int:
    """Deliver standard input, or the one file; return the exit code, if there is still a return.

    Descriptors 0 to 2 must be open. Raises Undelivered, and Misused for options that cannot be
    carried out; nothing is delivered then, but an output that breaks may have got a part.
    """
    _end_at_once()
    if options.takes_nothing:
        raise Misused("--empty does not go with --mime and --exec")
    words = _words(options.execute)
    raw = read_file(files[0]) if files else read_whole(0, "standard input")
    pieces = _marked(command, options, Item(files[0] if files else "stdin", raw))
    if words:
        _become(words, spool(pieces))
    write_output(pieces)
    return 0


def _end_at_once() -> None:
    """By an interrupt as by other signals: as an exception it can be taken for another one."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def _words(command: str) -> tuple[str, ...]:
    """A command taken apart as a shell does, without running one."""
    if not command:
        return ()
    import shlex

    try:
        words = tuple(shlex.split(command))
    except ValueError as error:
        raise Misused(f"--exec: {error}") from None
    if not words or not words[0]:
        raise Misused("--exec: there is no command in it")
    return words


def _marked(command: Command, options: Options, item: Item) -> Pieces:
    try:
        return _scanned(command, options, item)
    except Unanswered as error:
        reason = str(error)
    except MemoryError:
        # The answer goes with the error, and the message is here already.
        reason = "there is not enough memory for its answer"
    return _unscanned(reason, options, item)


def _scanned(command: Command, options: Options, item: Item) -> Pieces:
    deadline = Deadline.after(options.timeout)
    reply = ask(command, options, item)
    if deadline.is_over:
        raise Unanswered(f"its answer was not read {deadline}")
    return scanned(item.octets, reply, options)


def _unscanned(reason: str, options: Options, item: Item) -> Pieces:
    server = read_server(options.connect, is_control=False, is_tls=options.is_tls)
    reason = reason.removeprefix(f"{server}: ")[:_MAX_REASON]
    if options.on_error == "tempfail":
        raise Undelivered(f"{server}: {reason}")
    _log(f"{server}: {reason}; delivered without a verdict")
    # Whoever gets the mail need not know the server.
    return unscanned(item.octets, reason, options)


def _log(text: str) -> None:
    """Not to standard error as well: mail servers take any output for a failure."""
    import syslog

    line = "".join(char if char.isprintable() else "?" for char in text)
    with suppress(Exception):
        syslog.openlog("mailfilterc", syslog.LOG_PID, syslog.LOG_MAIL)
        syslog.syslog(syslog.LOG_WARNING, line)


def _become(words: tuple[str, ...], descriptor: int) -> NoReturn:
    """Run the command in our place, with a descriptor as its standard input."""
    os.dup2(descriptor, 0)
    for number in (1, 2):
        # Those that were closed must not become one of its files either.
        os.set_inheritable(number, True)
    for ignored in _IGNORED_BY_PYTHON:
        signal.signal(ignored, signal.SIG_DFL)
    try:
        # Without a shell for what is no program: an empty file would be one that takes all mail.
        os.execvp(words[0], words)
    except (OSError, ValueError) as error:
        for ignored in _IGNORED_BY_PYTHON:
            signal.signal(ignored, signal.SIG_IGN)
        reason = getattr(error, "strerror", None) or error
        raise Undelivered(f"{words[0]} cannot be run: {reason}") from None
