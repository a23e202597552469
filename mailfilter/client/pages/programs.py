"""The programs, with what their manual pages say beside the command lines."""

from ..adm import EXIT_CODES as ADM_CODES
from ..adm import main as ADM
from ..rspamc.command_line import COMMAND
from ..rspamc.command_options import OPTIONS
from ..rspamc.commands import COMMANDS, EXPLAIN, FUZZY_DELHASH, LEARN_CLASS, Command
from .manual import Program, Section
from .model import Word, read_command

_ARGUMENTS = {EXPLAIN.name: " TRACE-ID", FUZZY_DELHASH.name: " HASH..."}
_CLIENT_CODES = (
    (0, "All that was asked for was done."),
    (1, "Something failed: a message, a connection, or the server said so."),
    (2, "The command line is wrong."),
    (75, "In delivery, nothing was delivered, and the message should be tried again."),
    (130, "It was interrupted by Ctrl-C."),
    (141, "Nobody reads what it prints any more."),
)
_DELIVERY = (
    "With --mime or --exec one message is scanned and handed on with header fields that tell the"
    " verdict: printed, or given to a command as its standard input. The program becomes that"
    " command, so that its output and its exit status are its own.",
    "Whatever goes wrong before that, the message is either handed on without a verdict, with a"
    " field X-Spam-Error (--on-error pass, which holds if nothing is said), or not at all, and the"
    " exit status is 75 (--on-error tempfail). Wrong options and a broken installation are always"
    " 75. Errors are told to syslog, too.",
)
_EXAMPLES = (
    "mailfilterc message.eml",
    "mailfilterc -h mail.example.org:11334 -P /etc/mailfilter/password learn_spam Maildir/.Junk",
    "mailfilterc scan --trace message.eml",
    'mailfilterc --mime --exec "/usr/lib/dovecot/dovecot-lda -d user" < message.eml',
    "mailfilterc -h https://mail.example.org:11334 --ca ca.pem stat -P",
)


def _codes(codes: tuple[tuple[int, str], ...]) -> Section:
    return Section("exit status", terms=[(str(code), text) for code, text in codes])


def _word(command: Command, name: str, text: str) -> Word:
    if command is LEARN_CLASS:
        return Word(f"{name}:", text, "NAME")
    return Word(name, text, _ARGUMENTS.get(name, ""))


def client() -> Program:
    """`mailfilterc`."""
    words = [
        _word(item, name, item.help if name == item.name else f"The same as {item.name}")
        for item in COMMANDS
        for name in (item.name, *item.aliases)
    ]
    return Program(
        "mailfilterc",
        1,
        "ask a mail filter about messages, teach it, deliver through it",
        read_command(COMMAND, groups=OPTIONS, words=words),
        (
            Section("delivery", _DELIVERY),
            _codes(_CLIENT_CODES),
            Section(
                "files",
                terms=[
                    (
                        "~/.local/state/mailfilterc",
                        "What was learned of a work that was interrupted, for --resume; in"
                        " XDG_STATE_HOME if that is set.",
                    )
                ],
            ),
            Section(
                "environment",
                terms=[
                    ("NO_COLOR", "If set, there are no colours on a terminal."),
                    ("XDG_STATE_HOME", "See above."),
                ],
            ),
            Section("examples", examples=_EXAMPLES),
        ),
        (("mailfilteradm", 8), ("rspamc", 1)),
    )


def admin() -> Program:
    """`mailfilteradm`."""
    return Program(
        "mailfilteradm",
        8,
        "administer mailfilter",
        read_command(ADM),
        (
            _codes(ADM_CODES),
            Section(
                "files",
                terms=[
                    ("/etc/mailfilter/mailfilter.toml", "The configuration."),
                    (
                        "/var/lib/mailfilter",
                        "The state directory of a filter that runs as a service.",
                    ),
                ],
            ),
            Section(
                "environment",
                terms=[("MAILFILTER_STATE_DIR", "The state directory, without --state-dir.")],
            ),
        ),
        (("mailfilterc", 1),),
    )


def programs() -> tuple[Program, ...]:
    """All of them."""
    return client(), admin()
