"""Completion for zsh, by its _arguments: a script that knows all words."""

from collections.abc import Iterator, Sequence

from .model import Command, Option, Word

_HEAD = """\
#compdef {name}
# Completion of {name} for zsh. Made from the code by `make docs`; do not edit.

"""


def render_zsh(name: str, command: Command) -> str:
    """The script, a file for a folder of `fpath`."""
    lines = [line for it in command.all() for line in _function(name, it)]
    return _HEAD.format(name=name) + "\n".join(lines) + f'\n_{name} "$@"\n'


def _function(name: str, command: Command) -> Iterator[str]:
    yield f"{_named(name, command)}() {{"
    if command.choices:
        yield "    local context state state_descr line"
        yield "    typeset -A opt_args"
        yield "    local -a words_here=("
        yield from (f"        {_quoted(_described(word))}" for word in command.choices)
        yield "    )"
    yield f"    _arguments {'-C ' if command.commands else ''}-s \\"
    for option in command.options:
        yield from (f"        {spec} \\" for spec in _specs(option))
    yield f"        {' '.join(_arguments(command))}"
    if command.choices:
        yield "    case $state in"
        yield f"        word) _describe -t commands command words_here{_or_files(command)} ;;"
        yield from _below(name, command)
        yield "    esac"
    yield "}"
    yield ""


def _named(name: str, command: Command) -> str:
    return "_".join(["", name, *command.name.replace("-", "_").split()])


def _or_files(command: Command) -> str:
    return "; _files" if command.takes_files else ""


def _arguments(command: Command) -> Sequence[str]:
    found = []
    if command.choices:
        found.append("'1: :->word'")
    if command.commands:
        found.append("'*:: :->below'")
    elif command.takes_files:
        found.append("'*: :_files'")
    return found or ["'*: :'"]


def _below(name: str, command: Command) -> Iterator[str]:
    if not command.commands:
        return
    yield "        below)"
    # So that functions, too, see the words of the command alone.
    yield "            case $line[1] in"
    for below in command.commands:
        word = below.name.rpartition(" ")[2]
        yield f"                {word}) {_named(name, below)} ;;"
    yield "            esac ;;"


def _specs(option: Option) -> Iterator[str]:
    """As _arguments wants them: one for each name, each of which shuts out the others."""
    shut_out = "" if option.is_repeated else f"({' '.join(option.names)})"
    for name in option.names:
        mark = "*" if option.is_repeated else ""
        end = "" if not option.value else "=" if name.startswith("--") else "+"
        yield _quoted(f"{shut_out}{mark}{name}{end}[{_escaped(option.help)}]{_value(option)}")


def _value(option: Option) -> str:
    if not option.value:
        return ""
    action = f"({' '.join(option.choices)})" if option.choices else ""
    if option.takes_file:
        action = "_files"
    mark = "::" if option.value.startswith("[") else ":"
    return f"{mark}{_escaped(option.value.strip('[]'))}:{action}"


def _described(word: Word) -> str:
    name = word.name.replace(":", r"\:")
    return f"{name}:{word.help}" if word.help else name


def _escaped(text: str) -> str:
    """What stands for itself in a specification."""
    return "".join(f"\\{char}" if char in "\\[]:" else char for char in text)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", r"'\''") + "'"
