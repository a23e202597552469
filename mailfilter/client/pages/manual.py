"""Manual pages: what the command lines say of themselves, and some sections more."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from . import roff
from .model import Command, Option, Word

SOURCE = "mailfilter"
_MANUALS = {1: "User Commands", 8: "System Administration"}


@dataclass(frozen=True, slots=True)
class Section:
    """One that no command line tells: paragraphs, terms with meanings, then lines to type."""

    title: str
    paragraphs: Sequence[str] = ()
    terms: Sequence[tuple[str, str]] = ()
    examples: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Program:
    """One program."""

    name: str
    section: int
    summary: str
    command: Command
    sections: Sequence[Section] = ()
    see: Sequence[tuple[str, int]] = ()


def render(program: Program) -> str:
    """The page as roff, in the macros of man(7)."""
    return "\n".join(_page(program)) + "\n"


def _page(program: Program) -> Iterator[str]:
    yield r".\" Made from the code by `make docs`; do not edit."
    yield roff.title(program.name, program.section, SOURCE, _MANUALS[program.section])
    yield roff.section("name")
    yield rf"{roff.literal(program.name)} \- {roff.literal(program.summary)}"
    yield roff.section("synopsis")
    yield _usage(program, program.command)
    yield roff.section("description")
    yield from roff.paragraphs(program.command.paragraphs)
    if program.command.words:
        yield roff.section("commands")
        for word in program.command.words:
            yield from roff.item(_word(word), roff.prose(f"{word.help}."))
    yield roff.section("options")
    yield from _groups(program.command.groups)
    if program.command.commands:
        yield roff.section("commands")
        for command in program.command.all():
            if command.name and not command.commands:
                yield from _command(program, command)
    for part in program.sections:
        yield from _section(part)
    yield roff.section("see also")
    yield ",\n".join(rf"\fB{roff.literal(name)}\fR({number})" for name, number in program.see)


def _usage(program: Program, command: Command) -> str:
    words = [roff.bold(program.name)]
    if command.name:
        words.append(roff.bold(command.name))
    words.append(r"[\fIOPTIONS\fR]")
    if command.commands:
        words.append(r"\fICOMMAND\fR ...")
    if command.arguments:
        words.append(roff.italic(command.arguments))
    return " ".join(words)


def _word(word: Word) -> str:
    blank = " " if word.argument.startswith(" ") else ""
    argument = blank + roff.italic(word.argument) if word.argument else ""
    return roff.bold(word.name) + argument


def _command(program: Program, command: Command) -> Iterator[str]:
    yield roff.subsection(command.name)
    yield _usage(program, command)
    yield ".PP"
    yield from roff.paragraphs(_with_group(program, command))
    options = [option for option in command.options if "--help" not in option.names]
    for option in options:
        yield from _option(option)


def _with_group(program: Program, command: Command) -> Sequence[str]:
    """What it says, and what is said of its group beyond a summary."""
    first = command.name.partition(" ")[0]
    group = next(item for item in program.command.commands if item.name == first)
    if group is command or group.commands[0] is not command:
        return command.paragraphs
    return (*group.paragraphs[1:], *command.paragraphs)


def _groups(groups: Mapping[str, Sequence[Option]]) -> Iterator[str]:
    for title, options in groups.items():
        if title:
            yield roff.subsection(title)
        for option in options:
            yield from _option(option)


def _option(option: Option) -> Iterator[str]:
    tag = ", ".join(map(roff.bold, option.names))
    if option.value:
        tag += f" {roff.italic(option.value)}"
    text = option.help
    if option.is_repeated:
        text += " May be repeated."
    if option.default:
        text += f" Otherwise {option.default}."
    yield from roff.item(tag, roff.prose(text))


def _section(part: Section) -> Iterator[str]:
    yield roff.section(part.title)
    yield from roff.paragraphs(part.paragraphs)
    for term, text in part.terms:
        yield from roff.item(roff.bold(term), roff.prose(text))
    if part.examples:
        yield from roff.example(part.examples)
