"""Completion for fish: a script that knows all words."""

from collections.abc import Iterator

from .model import Command, Option

_HEAD = """\
# Completion of {name} for fish, from 3.0 on. Made from the code by `make docs`; do not edit.

# Whether the words so far are this command and no more, or, with --below, also arguments of it.
function __{name}_at
    set -l path
    set -l rest
    set -l skips no
    for word in (commandline -opc)[2..-1]
        if test $skips = yes
            set skips no
            continue
        end
        switch $word
            case {valued}
                set skips yes
            case '-*'
            case '*'
                if contains -- (string join ' ' $path $word) {commands}
                    set -a path $word
                else
                    set -a rest $word
                end
        end
    end
    test "$path" = "$argv[1]"
    and test "$argv[2]" = --below -o (count $rest) = 0
end

complete -c {name} -f
"""


def render_fish(name: str, command: Command) -> str:
    """The script."""
    valued = dict.fromkeys(
        one for it in command.all() for option in it.options if option.value for one in option.names
    )
    commands = [it.name for it in command.all() if it.name]
    head = _HEAD.format(
        name=name,
        valued=" ".join(map(_quoted, valued)),
        commands=" ".join(map(_quoted, commands)),
    )
    lines = [line for it in command.all() for line in _lines(name, it)]
    return head + "\n".join(lines) + "\n"


def _lines(name: str, command: Command) -> Iterator[str]:
    first = f'complete -c {name} -n "__{name}_at {_quoted(command.name)}"'
    anywhere = f'complete -c {name} -n "__{name}_at {_quoted(command.name)} --below"'
    for word in command.choices:
        about = f" -d {_quoted(word.help)}" if word.help else ""
        yield f"{first} -a {_quoted(word.name)}{about}"
    if command.takes_files:
        yield f"{anywhere} -F"
    for option in command.options:
        yield f"{anywhere} {_option(option)}"


def _option(option: Option) -> str:
    words = []
    for name in option.names:
        kind = "-l" if name.startswith("--") else "-s"
        words.append(f"{kind} {_quoted(name.lstrip('-'))}")
    words.append(f"-d {_quoted(option.help)}")
    if option.choices:
        words.append(f"-x -a {_quoted(' '.join(option.choices))}")
    elif option.takes_file:
        words.append("-r -F")
    elif option.value and not option.value.startswith("["):
        words.append("-x")
    return " ".join(words)


def _quoted(text: str) -> str:
    """Within single quotes fish obeys nothing but these two."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
