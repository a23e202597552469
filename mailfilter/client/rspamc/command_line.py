"""The command line of `mailfilterc`: that of rspamc, and some options more.

Sources: lda-client.md 5.2; how rspamc 3.4 takes its words apart [run].
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import click

from .address import read_bind, read_pin, read_server
from .command_options import ASKED, MORE, OPTIONS, PROGRAM
from .commands import COMMANDS, EXPLAIN, FUZZY_DELHASH, LEARN_CLASS, SYMBOLS, Command
from .exchange import Misused
from .options import Options, Output, Trust

_NOT_HERE = {
    "add_action": "thresholds are in the configuration",
    "add_symbol": "scores are in the configuration",
    "neural_learn": "there is no neural network to teach",
}

_NEVER_EMPTY = {
    "execute": ("--exec", "command"),
    "key": ("--key", "key"),
    "keypair": ("--keypair", "name of a file"),
}
"""As of a variable that was not set: mail would go nowhere, or out in clear, and all well."""


@dataclass(frozen=True, slots=True)
class Call:
    """What is to be done."""

    command: Command
    options: Options
    arguments: tuple[str, ...] = ()
    """Of the command: the class of learn_class, hashes of fuzzy_delhash, ids of explain."""
    files: tuple[str, ...] = ()
    """Where messages are; none for standard input."""


class _Program(click.Command):
    """One whose options are listed by what they are about."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """See `click.Command`."""
        given = self.get_help_option(ctx)
        for title, options in OPTIONS.items():
            more = [given] if given and title == MORE else []
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
    for name, (flag, what) in _NEVER_EMPTY.items():
        if given[name] == "":
            raise Misused(f"{flag}: there is no {what} in it")
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

    return ask_password() if given == ASKED else read_password(given, keeps_input=options.is_lda)


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
    _check_keys(options)


def _check_keys(options: Options) -> None:
    if options.key:
        from .sealing import read_key

        read_key(options.key)
    elif options.keypair:
        raise Misused("--keypair: it needs --key")


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
