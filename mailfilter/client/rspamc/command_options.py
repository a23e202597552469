"""The options of `mailfilterc`, by what they are about.

Sources: lda-client.md 5.2.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import click

from .commands import COMMANDS, LEARN_CLASS
from .options import DEFAULT_PARALLEL, DEFAULT_TIMEOUT
from .words import Header, Seconds, Whole

PROGRAM = "mailfilterc"

ASKED = "\0"
"""The password was to be asked for: no word of a command line is that."""


def _print_commands(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    if not value or context.resilient_parsing:
        return
    for command in COMMANDS:
        name = f"{command.name}:NAME" if command is LEARN_CLASS else command.name
        names = ", ".join((name, *command.aliases))
        click.echo(f"{names:>32}  {command.help}")
    context.exit()


def _print_version(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    if not value or context.resilient_parsing:
        return
    from ... import __version__

    click.echo(f"{PROGRAM} {__version__}")
    context.exit()


def _file(name: str, *words: str, help: str) -> click.Option:
    return _option(name, *words, metavar="FILE", help=help)


def _option(name: str, *words: str, help: str, **more: Any) -> click.Option:
    return click.Option([name, *words], help=help, **more)


def _flag(name: str, *words: str, help: str, **more: Any) -> click.Option:
    return click.Option([name, *words], help=help, is_flag=True, **more)


def _server_options() -> Sequence[click.Option]:
    return (
        _option(
            *("connect", "-h", "--connect"),
            metavar="SERVER",
            default="localhost",
            show_default=True,
            help="Server: host, host:port, [IPv6]:port, /path/of/socket, http:// or https:// URL.",
        ),
        _option(
            *("password", "-P", "--password"),
            is_flag=False,
            flag_value=ASKED,
            metavar="[PASSWORD]",
            help="Password; a file if it begins with / or .; asked for if there is none.",
        ),
        _option(
            *("timeout", "-t", "--timeout"),
            type=Seconds(),
            default=DEFAULT_TIMEOUT,
            show_default=True,
            help="Seconds for one request, from connecting to the end of its answer.",
        ),
        _option(
            "bind",
            "-b",
            "--bind",
            metavar="ADDRESS",
            help="Address of this machine to connect from.",
        ),
        _option("user_agent", "-U", "--user-agent", metavar="NAME", help="User-Agent to send."),
        _option(
            *("key", "--key"),
            metavar="KEY",
            help="Encrypt by HTTPCrypt, for this public key of the server.",
        ),
        _file(
            *("keypair", "--keypair"),
            help="Keypair by which that server knows us; without it, a new one for each request.",
        ),
        _flag("is_tls", "--tls", help="Use TLS, as with https://."),
        _file("ca", "--ca", help="Trust these certificates and not those of the system (PEM)."),
        _file("crl", "--crl", help="Refuse certificates on these revocation lists (PEM)."),
        _option(
            *("pins", "--pin"),
            metavar="SHA256",
            multiple=True,
            help="Take no server but one whose certificate or public key has this SHA-256; "
            "may be repeated.",
        ),
        _file("cert", "--cert", help="Certificate to show the server, with its chain (PEM)."),
        _file("cert_key", "--cert-key", help="Key of --cert, if it is in another file (PEM)."),
    )


def _message_options() -> Sequence[click.Option]:
    return (
        _option(
            "ip",
            "-i",
            "--ip",
            metavar="ADDRESS",
            help="Address of the client that sent it, or its name.",
        ),
        _option("user", "-u", "--user", metavar="NAME", help="Login of the sender."),
        _option("deliver", "-d", "--deliver", metavar="USER", help="User it will be delivered to."),
        _option("sender", "-F", "--from", metavar="ADDRESS", help="Sender of the envelope."),
        _option(
            *("recipients", "-r", "--rcpt"),
            metavar="ADDRESS",
            multiple=True,
            help="Recipient of the envelope; may be repeated.",
        ),
        _option("helo", "--helo", metavar="NAME", help="HELO of the client."),
        _option("hostname", "--hostname", metavar="NAME", help="Host name of the client."),
        _option("queue_id", "--queue-id", metavar="ID", help="Queue id of the message."),
        _option("log_tag", "--log-tag", metavar="TAG", help="Tag for the server's log."),
        _option(
            "settings", "--settings", metavar="JSON", help="Settings of the server for these scans."
        ),
        _option(
            *("headers", "--header"),
            type=Header(),
            multiple=True,
            help="Send this header of HTTP, too; may be repeated.",
        ),
        _option(
            *("metadata_headers", "--metadata-header"),
            type=Header(),
            multiple=True,
            help="Put this header into the metadata of protocol v3; may be repeated.",
        ),
        _flag("pass_all", "-p", "--pass-all", help="Run all checks, whatever they find."),
        _flag("is_raw_input", "--raw", help="Input is no mail, just octets."),
        _flag(
            "extended_urls",
            "--extended-urls",
            help="Ask for all parts of each URL, and print them on lines of their own.",
        ),
        _flag("is_profiled", "--profile", help="Ask how long checks took."),
        _flag("is_compressed", "-z", "--compressed", help="Pack what is sent by zstd."),
        _file(
            "dictionary",
            "-D",
            "--dictionary",
            help="Dictionary of zstd, which the server has, too.",
        ),
        _flag("is_v3", "--protocol-v3", help="Scan by protocol v3."),
        _flag("is_msgpack", "--msgpack", help="Speak msgpack in place of JSON."),
        _option(
            "classifier",
            "-c",
            "--classifier",
            metavar="NAME",
            help="Classifier to teach; all if not given.",
        ),
        _option(
            "weight",
            "-w",
            "--weight",
            type=Whole(),
            help="Weight with which fuzzy hashes are added.",
        ),
        _option("flag", "-f", "--flag", type=Whole(), help="Number of the list of fuzzy hashes."),
        _option(
            "fuzzy_symbol",
            "-S",
            "--fuzzy-symbol",
            metavar="NAME",
            help="Symbol of that list, in place of --flag.",
        ),
        _flag("skip_images", "--skip-images", help="No fuzzy hashes of images."),
        _flag("skip_attachments", "--skip-attachments", help="No fuzzy hashes of attachments."),
    )


def _input_options() -> Sequence[click.Option]:
    return (
        _option(
            *("parallel", "-n", "--max-requests"),
            type=Whole(),
            default=DEFAULT_PARALLEL,
            show_default=True,
            help="Requests made at the same time.",
        ),
        _file(
            "files_list",
            "--files-list",
            help="Take names of files from a file, one a line; - is standard input.",
        ),
        _option(
            *("exclude", "--exclude"),
            metavar="GLOB",
            multiple=True,
            help="Leave out files in folders whose path is like this; may be repeated.",
        ),
        _flag("takes_nothing", "-E", "--empty", help="Without files, send no message at all."),
        _flag("resumes", "--resume", help="Leave out what was learned before an interruption."),
    )


def _output_options() -> Sequence[click.Option]:
    return (
        _flag("is_human", "-R", "--human", help="Print a report with descriptions of symbols."),
        _flag("is_json", "-j", "--json", help="Print JSON."),
        _flag("is_compact", "--compact", help="Print JSON, a line for each reply."),
        _flag("is_ucl", "--ucl", help="Print UCL."),
        _flag("is_unread", "--raw-reply", help="Print replies as they came."),
        _flag("shows_headers", "--headers", help="Print the headers of replies, too."),
        _option(
            *("sort", "--sort"),
            metavar="KEY",
            help="Sort symbols by name, weight, score, frequency, time or hits; "
            "with :asc behind it, the other way around.",
        ),
        _flag("with_body", "--output-body", help="Print the message if it was rewritten."),
        _flag("is_traced", "--trace", help="Print what each check found, and what decided."),
        _flag("is_verbose", "-v", "--verbose", help="Changes nothing, as with rspamc."),
    )


def _lda_options() -> Sequence[click.Option]:
    return (
        _flag(
            "is_mime", "-m", "--mime", help="Print the message, with headers that tell the verdict."
        ),
        _option(
            "execute",
            "-e",
            "--exec",
            metavar="COMMAND",
            help="Hand the message with such headers to a command, and end as it does.",
        ),
        _option(
            "on_error",
            "--on-error",
            type=click.Choice(["pass", "tempfail"]),
            default="pass",
            show_default=True,
            help="Deliver messages that could not be scanned, or exit with 75 to have them tried "
            "again.",
        ),
        _flag(
            "keeps_marks", "--keep-headers", help="Keep X-Spam headers that the message came with."
        ),
    )


def _more_options() -> Sequence[click.Option]:
    eager = {"is_eager": True, "expose_value": False}
    return (
        _flag(
            "commands", "--commands", callback=_print_commands, help="List the commands.", **eager
        ),
        _flag("version", "--version", callback=_print_version, help="Print the version.", **eager),
    )


MORE = "More"
OPTIONS: Mapping[str, Sequence[click.Option]] = {
    "Server": _server_options(),
    "Messages and learning": _message_options(),
    "Input": _input_options(),
    "Output": _output_options(),
    "Delivery": _lda_options(),
    MORE: _more_options(),
}
"""By what they are about."""
