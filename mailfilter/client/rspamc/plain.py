"""What is printed of an outcome wherever it goes: for people as for programs, as rspamc does.

Rspamc is followed octet by octet, control characters of mail included; but where it prints broken
text, or crashes, here is what was meant. A rewritten message stands behind JSON only if it was
asked for: rspamc 3.4 makes something of it that is no JSON.

Sources: lda-client.md 5.6; runs of rspamc 3.4 against canned replies.
"""

from collections.abc import Iterator
from typing import Any

from . import json_text, ucl_text
from .commands import Command
from .exchange import Failure, Outcome, Reply
from .json_text import Repeated
from .options import Options


def plain(outcome: Outcome, command: Command, options: Options) -> bytes:
    """Octets for one outcome, the empty line behind it included."""
    first = headline(outcome, command, options).encode("utf-8", "surrogateescape")
    return first + below(outcome, command, options)


def below(outcome: Outcome, command: Command, options: Options) -> bytes:
    """The same without the headline."""
    if isinstance(outcome, Failure):
        parts = _failure(outcome, options)
    else:
        parts = _reply(outcome, command, options)
    return b"".join(
        part if isinstance(part, bytes) else part.encode("utf-8", "surrogateescape")
        for part in parts
    )


def _failure(failure: Failure, options: Options) -> Iterator[str | bytes]:
    yield f"{failure.text}\n"
    if options.output == "json" and failure.raw:
        yield failure.raw + b"\n"
    yield "\n"


def _reply(reply: Reply, command: Command, options: Options) -> Iterator[str | bytes]:
    if options.shows_headers:
        yield "".join(f"{name}: {value}\n" for name, value in reply.headers) + "\n"
    is_raw = options.output == "raw"
    yield reply.raw if is_raw else document_text(reply, command, options)
    if body := new_body(reply, options):
        yield b"\nNew body:\n%b\n" % body
    elif is_raw and reply.raw.endswith(b"\n"):
        return
    yield "\n"


def headline(outcome: Outcome, command: Command, options: Options) -> str:
    """What the lines below are of; empty where programs read them."""
    if options.is_human or options.output not in ("human", "ucl"):
        return ""
    kind, name = ("file", outcome.item.name) if command.takes_input else ("command", command.name)
    return f"Results for {kind}: {name} ({outcome.seconds:.3g} seconds)\n"


def new_body(reply: Reply, options: Options) -> bytes:
    """The rewritten message, if it is printed."""
    is_for_people = options.output in ("human", "ucl") and not options.is_human
    return (reply.body or b"") if options.with_body or is_for_people else b""


def document_text(reply: Reply, command: Command, options: Options) -> str:
    """The document of a reply, line ends included."""
    match options.output:
        case "json":
            return json_text.pretty(_completed(reply, command))
        case "compact":
            return json_text.compact(_completed(reply, command))
        case "human" if (shown := _for_people(reply, command, options)) is not None:
            return shown
    return ucl_text.emit(_completed(reply, command))


def _for_people(reply: Reply, command: Command, options: Options) -> str | None:
    """None for commands whose replies have no form of their own."""
    match command.name:
        case "symbols" if options.is_human:
            from .scan_report import scan_report

            return scan_report(reply.fields, options)
        case "symbols":
            from .scan_text import scan_text

            return scan_text(reply.fields, options)
        case "stat" | "stat_reset":
            from .stat_text import stat_text

            return stat_text(reply.fields)
        case "counters":
            from .counters_text import counters_text

            return counters_text(reply.document, options.sort)
        case "uptime":
            from .stat_text import uptime_text

            return uptime_text(reply.fields)
    return None


def _completed(reply: Reply, command: Command) -> Any:
    """The document with what is known here: the file, and how long it took."""
    if not isinstance(reply.document, dict):
        return reply.document
    own = {"filename": reply.item.name} if command.takes_input else {}
    document = dict(reply.document)
    for name, value in {**own, "scan_time": reply.seconds}.items():
        document[name] = Repeated([document[name], value]) if name in document else value
    return document
