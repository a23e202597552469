"""A command line as manual pages and completion need it, read from click's."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import click

_FILES = ("FILE", "FOLDER", "FILES")


@dataclass(frozen=True, slots=True)
class Option:
    """One option."""

    names: tuple[str, ...]
    value: str
    """What its value is called; empty for a flag. In brackets if there may be none."""
    help: str
    choices: tuple[str, ...] = ()
    takes_file: bool = False
    is_repeated: bool = False
    default: str = ""
    """Of the value, for people; empty if the help says it, or there is none."""


@dataclass(frozen=True, slots=True)
class Word:
    """What may stand for the first argument."""

    name: str
    """As it is typed."""
    help: str = ""
    argument: str = ""
    """What is behind it, with the blank between them if there is one."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command, or a group of commands."""

    name: str
    """With those before it, but without the program: `store check`."""
    paragraphs: tuple[str, ...]
    """The first is a summary."""
    arguments: str
    """As in its usage."""
    groups: Mapping[str, Sequence[Option]]
    """Options by what they are about."""
    commands: tuple["Command", ...] = ()
    words: tuple[Word, ...] = ()
    takes_files: bool = False

    @property
    def options(self) -> list[Option]:
        """All of them."""
        return [option for options in self.groups.values() for option in options]

    @property
    def choices(self) -> list[Word]:
        """What comes first: commands and words."""
        below = [Word(it.name.rpartition(" ")[2], it.paragraphs[0]) for it in self.commands]
        return [*below, *self.words]

    def all(self) -> Iterator["Command"]:
        """This one and those below."""
        yield self
        for command in self.commands:
            yield from command.all()


def read_command(
    command: click.Command,
    name: str = "",
    *,
    groups: Mapping[str, Sequence[click.Parameter]] | None = None,
    words: Sequence[Word] = (),
    parent: click.Context | None = None,
) -> Command:
    """Read one of click's with all below it.

    `groups` are its options by what they are about, `words` what its first argument may be beside
    its commands and choices.
    """
    context = click.Context(command, parent=parent, info_name=name, **command.context_settings)
    arguments = [item for item in command.params if isinstance(item, click.Argument)]
    found = {key: _options(items, context) for key, items in (groups or {}).items()}
    if groups is None:
        found = {"": _options(command.get_params(context), context)}
    else:
        help_option = command.get_help_option(context)
        last = list(found)[-1]
        found[last] = [*found[last], *_options([help_option] if help_option else [], context)]
    below = command.commands if isinstance(command, click.Group) else {}
    return Command(
        name,
        tuple(_paragraphs(command.help or "")),
        " ".join(_shown(item, context) for item in arguments),
        found,
        tuple(
            read_command(item, f"{name} {key}".lstrip(), parent=context)
            for key, item in sorted(below.items())
        ),
        (*words, *map(Word, dict.fromkeys(it for item in arguments for it in _choices(item)))),
        any(_takes_file(item, context) for item in arguments),
    )


def _paragraphs(text: str) -> list[str]:
    return [" ".join(part.split()) for part in text.strip().split("\n\n")]


def _options(items: Sequence[click.Parameter], context: click.Context) -> list[Option]:
    return [_option(item, context) for item in items if isinstance(item, click.Option)]


def _option(item: click.Option, context: click.Context) -> Option:
    is_flag = item.is_flag or item.count
    return Option(
        names=tuple(item.opts),
        value="" if is_flag else _value(item, context),
        help=item.help or "",
        choices=tuple(_choices(item)),
        takes_file=_takes_file(item, context),
        is_repeated=item.multiple,
        default=str(item.default) if item.show_default else "",
    )


def _value(item: click.Option, context: click.Context) -> str:
    choices = _choices(item)
    return "|".join(choices) if choices else item.metavar or item.make_metavar(context)


def _shown(item: click.Argument, context: click.Context) -> str:
    return item.make_metavar(context)


def _choices(item: click.Parameter) -> list[str]:
    return [str(one) for one in item.type.choices] if isinstance(item.type, click.Choice) else []


def _takes_file(item: click.Parameter, context: click.Context) -> bool:
    if isinstance(item.type, click.Path):
        return True
    names = (item.metavar or "").replace("[", " ").replace("]", " ").replace(".", " ").split()
    return any(name in _FILES for name in names)
