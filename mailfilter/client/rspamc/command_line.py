"""The command line of `mailfilterc`: that of rspamc, and some options more.

Sources: lda-client.md 5.2; how rspamc 3.4 takes its words apart [run].
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import click

from .address import read_bind, read_pin, read_server
from .commands import COMMANDS, EXPLAIN, FUZZY_DELHASH, LEARN_CLASS, SYMBOLS, Command
from .exchange import Misused
from .options import DEFAULT_PARALLEL, DEFAULT_TIMEOUT, Options, Output, Trust
from .words import Header, Seconds, Whole

PROGRAM = "mailfilterc"

_ASKED = "\0"
"""The password was to be asked for: no word of a command line is that."""
_NOT_HERE = {
    "add_action": "thresholds are in the configuration",
    "add_symbol": "scores are in the configuration",
    "neural_learn": "there is no neural network to teach",
}
_LATER = "encryption by keys comes with HTTPCrypt; use https:// until then"


@dataclass(frozen=True, slots=True)
class Call:
    """What is to be done."""

    command: Command
    options: Options
    arguments: tuple[str, ...] = ()
    """Of the command: the class of learn_class, hashes of fuzzy_delhash, ids of explain."""
    files: tuple[str, ...] = ()
    """Where messages are; none for standard input."""


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
            flag_value=_ASKED,
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
        _option("key", "--key", metavar="KEY", help=f"Refused: {_LATER}."),
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


_MORE = "More"
OPTIONS: Mapping[str, Sequence[click.Option]] = {
    "Server": _server_options(),
    "Messages and learning": _message_options(),
    "Input": _input_options(),
    "Output": _output_options(),
    "Delivery": _lda_options(),
    _MORE: _more_options(),
}
"""By what they are about."""


class _Program(click.Command):
    """One whose options are listed by what they are about."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """See `click.Command`."""
        given = self.get_help_option(ctx)
        for title, options in OPTIONS.items():
            more = [given] if given and title == _MORE else []
            records = (option.get_help_record(ctx) for option in (*options, *more))
            with formatter.section(title):
                formatter.write_dl([record for record in records if record])


def _make_command() -> click.Command:
    return _Program(
        PROGRAM,
        params=[
            click.Argument(["words"], nargs=-1, metavar="[COMMAND] [FILES]..."),
            *(option for options in OPTIONS.values() for option in options),
        ],
        context_settings={"help_option_names": ["-?", "--help"]},
        help="Ask the mail filter about messages, teach it, or deliver through it.\n\n"
        "Without a command, messages are scanned; --commands lists the others. Files may be "
        "messages, mailboxes (mbox), or folders; without any, it is standard input.",
    )


COMMAND = _make_command()


def read_command_line(words: Sequence[str]) -> Call:
    """Take the words behind the program's name apart.

    Raises Misused, `click.UsageError`, and `click.exceptions.Exit` when something like the help
    was printed.
    """
    with COMMAND.make_context(PROGRAM, list(words)) as context:
        return _checked(_call(context.params))


def _call(given: Mapping[str, Any]) -> Call:
    if given["key"] is not None:
        raise Misused(f"--key: {_LATER}")
    # Of a variable that was not set: without a command the mail would go nowhere, all well.
    if given["execute"] == "":
        raise Misused("--exec: there is no command in it")
    command, arguments, files = _split(given["words"])
    return Call(command, _options(given), arguments, files)


def _split(words: Sequence[str]) -> tuple[Command, tuple[str, ...], tuple[str, ...]]:
    """The command, its arguments, and the files."""
    first = words[0] if words else ""
    name, mark, argument = first.partition(":")
    name, rest = name.lower(), tuple(words[1:])
    if name in _NOT_HERE and (name == "neural_learn" or not mark):
        raise Misused(f"{name}: {_NOT_HERE[name]}")
    if name == LEARN_CLASS.name:
        if not argument:
            raise Misused("learn_class: expected learn_class:NAME")
        return LEARN_CLASS, (argument,), rest
    command = next((it for it in COMMANDS if name in (it.name, *it.aliases)), None)
    if command is None or mark:
        return SYMBOLS, (), tuple(words)
    if command in (FUZZY_DELHASH, EXPLAIN):
        if not rest:
            raise Misused(f"{command.name}: expected {'ids' if command is EXPLAIN else 'hashes'}")
        return command, rest, ()
    if rest and not command.takes_input:
        raise Misused(f"{command.name}: it takes no files")
    return command, (), rest


def _options(given: Mapping[str, Any]) -> Options:
    trust = Trust(
        authorities=given["ca"] or "",
        revoked=given["crl"] or "",
        pins=tuple(map(read_pin, given["pins"])),
        certificate=given["cert"] or "",
        key=given["cert_key"] or "",
    )
    same = {
        name: given[name]
        for name in Options.__dataclass_fields__
        if given.get(name) is not None and name != "password"
    }
    options = Options(**{**same, "trust": trust, "output": _output(given)})
    return replace(options, password=_password(given["password"], options))


def _output(given: Mapping[str, Any]) -> Output:
    if given["is_unread"]:
        return "raw"
    if given["is_compact"]:
        return "compact"
    if given["is_json"]:
        return "json"
    return "ucl" if given["is_ucl"] else "human"


def _password(given: str | None, options: Options) -> str | None:
    if given is None:
        return None
    from .secret import ask_password, read_password

    return ask_password() if given == _ASKED else read_password(given, keeps_input=options.is_lda)


_CHECKS: Sequence[Callable[[Call], None]]


def _checked(call: Call) -> Call:
    """Refuse now what could not be done later."""
    for check in _CHECKS:
        check(call)
    return call


def _check_server(call: Call) -> None:
    options, trust = call.options, call.options.trust
    server = read_server(options.connect, is_control=call.command.is_control, is_tls=options.is_tls)
    if options.bind:
        read_bind(options.bind)
    if trust.key and not trust.certificate:
        raise Misused("--cert-key: it needs --cert")
    if trust != Trust() and not server.is_tls:
        raise Misused("options of certificates need TLS: https:// or --tls")


def _check_input(call: Call) -> None:
    options = call.options
    if options.files_list and not call.command.takes_input:
        raise Misused(f"{call.command.name}: it takes no files")
    if options.is_traced and call.command is not SYMBOLS:
        raise Misused(f"{call.command.name}: --trace is for scans")
    if options.resumes and not call.command.keeps_journal:
        raise Misused(f"{call.command.name}: --resume is for learning and fuzzy storages")


def _check_lda(call: Call) -> None:
    if not call.options.is_lda:
        return
    if call.command is not SYMBOLS:
        raise Misused(f"{call.command.name}: --mime and --exec are for scans")
    if len(call.files) > 1 or call.options.files_list:
        raise Misused("--mime and --exec take one message")
    if call.options.is_traced:
        raise Misused("--trace does not go with --mime and --exec")


_CHECKS = (_check_server, _check_input, _check_lda)
