"""Completion of the command line in shells, by click; loaded when a shell asks alone."""

import click
from click.shell_completion import CompletionItem, shell_complete

from .commands import COMMANDS, EXPLAIN, FUZZY_DELHASH, LEARN_CLASS

VARIABLE = "_MAILFILTERC_COMPLETE"
"""Of the environment: what a shell asks for, or which shell is to be taught to ask."""


def complete(command: click.Command, name: str, instruction: str) -> int:
    """Answer a shell on standard output; return the exit code."""
    return shell_complete(command, {}, name, VARIABLE, instruction)


def words(given: tuple[str, ...], incomplete: str) -> list[CompletionItem]:
    """Commands for the first word, files for all that may be one."""
    if given and given[0] in (EXPLAIN.name, FUZZY_DELHASH.name):
        return []
    names = [] if given else _names()
    found = [item for item in names if item.value.startswith(incomplete)]
    return [*found, CompletionItem(incomplete, type="file")]


def _names() -> list[CompletionItem]:
    return [
        CompletionItem(f"{name}:" if command is LEARN_CLASS else name, help=command.help)
        for command in COMMANDS
        for name in (command.name, *command.aliases)
    ]


def files(incomplete: str) -> list[CompletionItem]:
    """The shell knows them."""
    return [CompletionItem(incomplete, type="file")]
