"""Completion for bash: a script that knows all words, so that nothing is started for it."""

from collections.abc import Iterable, Iterator

from .model import Command, Option

_HEAD = """\
# Completion of {name} for bash, from 4.0 on. Made from the code by `make docs`; do not edit.

_{name}() {{
    local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD-1]}}
    local at= word='' words='' options='' files='' i
    COMPREPLY=()
    # Bash takes --option=value for three words.
    if [[ $cur == '=' ]]; then
        cur=
    elif [[ $prev == '=' ]]; then
        prev=${{COMP_WORDS[COMP_CWORD-2]}}
    fi
"""
_TAIL = """\
    if [[ $cur == -* ]]; then
        words=$options files=
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
    if [[ -n $files ]]; then
        i=${{#COMPREPLY[@]}}
        mapfile -t -O "$i" COMPREPLY < <(compgen -f -- "$cur")
        if [[ $i == 0 || ${{#COMPREPLY[@]}} -gt $i ]]; then
            compopt -o filenames -o default 2>/dev/null
        fi
    fi
    # A class follows.
    if [[ ${{#COMPREPLY[@]}} == 1 && ${{COMPREPLY[0]}} == *: ]]; then
        compopt -o nospace 2>/dev/null
    fi
}}

complete -F _{name} {name}
"""


def render_bash(name: str, command: Command) -> str:
    """The script."""
    lines = [*_walk(command), *_values(command), *_places(command)]
    return (
        _HEAD.format(name=name)
        + "".join(f"    {line}\n" for line in lines)
        + _TAIL.format(name=name)
    )


def _walk(command: Command) -> Iterator[str]:
    """Find out in `at` which command is being typed; `word` is the first argument."""
    valued = _patterns(option for it in command.all() for option in it.options if option.value)
    yield "for ((i = 1; i < COMP_CWORD; i++)); do"
    if command.commands:
        yield '    case "$at ${COMP_WORDS[i]}" in'
        names = "|".join(f"' {below.name}'" for below in command.all() if below.name)
        yield f'        {names}) at="$at ${{COMP_WORDS[i]}}"; continue ;;'
        yield "    esac"
    yield "    case ${COMP_WORDS[i]} in"
    yield f"        {valued})"
    yield "            [[ ${COMP_WORDS[++i]} != '=' ]] || ((i++)) ;;"
    yield "        -*|=) ;;"
    yield "        *) word=${word:-${COMP_WORDS[i]}} ;;"
    yield "    esac"
    yield "done"


def _values(command: Command) -> Iterator[str]:
    """What may be the value of an option."""
    options = [option for it in command.all() for option in it.options if option.value]
    yield "case $prev in"
    for option in _different(options):
        if option.choices:
            yield f"    {_patterns([option])})"
            words = " ".join(option.choices)
            yield f"        mapfile -t COMPREPLY < <(compgen -W '{words}' -- \"$cur\")"
            yield "        return ;;"
    if files := _patterns(option for option in options if option.takes_file):
        yield f"    {files})"
        yield '        mapfile -t COMPREPLY < <(compgen -f -- "$cur")'
        yield "        compopt -o filenames -o default 2>/dev/null"
        yield "        return ;;"
    others = [it for it in options if not (it.choices or it.takes_file or it.value[0] == "[")]
    yield f"    {_patterns(others)}) return ;;"
    yield "esac"


def _places(command: Command) -> Iterator[str]:
    """What may come at the command that was found."""
    yield "case $at in"
    for below in command.all():
        prefix = f" {below.name}" if below.name else ""
        yield f"    '{prefix}')"
        yield f"        options='{' '.join(name for it in below.options for name in it.names)}'"
        yield f"        files={'yes' if below.takes_files else ''}"
        if below.choices:
            names = " ".join(word.name for word in below.choices)
            yield f"        [[ -n $word ]] || words='{names}'"
        yield "        ;;"
    yield "esac"


def _patterns(options: Iterable[Option]) -> str:
    names = dict.fromkeys(name for option in options for name in option.names)
    return "|".join(name.replace("?", r"\?") for name in names)


def _different(options: Iterable[Option]) -> Iterable[Option]:
    return {option.names: option for option in options}.values()
