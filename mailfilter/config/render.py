"""The documents that are made from the model: the commented default file, and the reference."""

from collections.abc import Iterator, Mapping
from dataclasses import MISSING
from textwrap import wrap

from .files import FRAGMENTS, MAX_FILE, MAX_FILES
from .model import Config
from .paths import DEFAULT_PATH, STATE_FOLDER, STATE_VARIABLE
from .schema import Array, Field, Named, Node, Scalar, Table, table_of
from .toml_text import part_text
from .values import describe, show

WIDTH = 88
NAME = "NAME"
"""Stands for a name of the operator's in tables that are examples."""

_DEFAULTS_HEAD = """\
The default configuration of mailfilter, every key with what it means.

A key that stands here has the value that it would have anyway; the keys behind a # have no
default, and show an example. Delete what you do not change. Files in conf.d beside this one
are read after it, by name; docs/configuration.md tells the rules."""


def render_defaults() -> str:
    """The text of `etc/mailfilter.toml`: every key with a comment, defaults as values."""
    lines = _comment(_DEFAULTS_HEAD)
    for field in table_of(Config).fields.values():
        lines += ["", ""]
        if isinstance(field.node, Table):
            lines += [*_comment(field.node.doc), *_table(field.node, field.default, field.name)]
        elif isinstance(field.node, Named) and isinstance(field.node.item, Table):
            lines += _named(field, field.node.item)
    return "\n".join(lines) + "\n"


def _named(field: Field, table: Table) -> list[str]:
    """The entries that exist by default, or one example."""
    entries = field.default if isinstance(field.default, Mapping) else {}
    lines = _comment(table.doc)
    if not entries:
        return lines + _table(table, None, f"{field.name}.{NAME}", is_example=True)
    for at, (name, value) in enumerate(entries.items()):
        header = f"{field.name}.{part_text(name)}"
        lines += ([""] if at else []) + _table(table, value, header, is_repeated=at > 0)
    return lines


def _table(
    table: Table,
    values: object,
    header: str,
    *,
    is_example: bool = False,
    is_repeated: bool = False,
) -> list[str]:
    """One table: an example is behind #, a repeated one goes without explanations."""
    mark = "#" if is_example else ""
    lines = [f"{mark}[{header}]"]
    below: list[str] = []
    for field in table.fields.values():
        value = field.default if values is None else getattr(values, field.name)
        if isinstance(field.node, Table):
            below += ["", *_comment(field.doc)]
            below += _table(field.node, value, f"{header}.{field.name}", is_example=is_example)
            continue
        if not is_repeated:
            lines += [*_comment(field.doc), *_comment(f"Value: {_what(field.node)}.")]
        lines.append(_setting(field, value, mark))
    return lines + below


def _setting(field: Field, value: object, mark: str) -> str:
    if value is MISSING or _is_nothing(field, value):
        return f"#{field.name} = {field.example}"
    if mark and field.example:
        return f"#{field.name} = {field.example}"
    if isinstance(field.node, Scalar | Array):
        return f"{mark}{field.name} = {show(field.node, value)}"
    return f"{mark}{field.name} = {{}}"


def _is_nothing(field: Field, value: object) -> bool:
    return value is None and not (isinstance(field.node, Scalar) and field.node.word_is_default)


def _what(node: Node) -> str:
    if isinstance(node, Scalar | Array):
        return describe(node)
    if isinstance(node, Named) and isinstance(node.item, Scalar):
        return f"a table, each {describe(node.item)}"
    return "a table"


def _comment(text: str) -> list[str]:
    """A text as comment lines; blank lines part its paragraphs."""
    lines: list[str] = []
    for paragraph in text.split("\n\n"):
        lines += ["#"] if lines else []
        lines += [f"# {line}" for line in wrap(paragraph, WIDTH, break_on_hyphens=False)]
    return lines


_REFERENCE_HEAD = f"""\
<!-- Made by `python -m mailfilter.config.generate` from mailfilter/config/model.py. -->

# Configuration

The configuration is [TOML](https://toml.io). It is read from the file that `--config` names,
else from `{DEFAULT_PATH}` if that exists; else the defaults below hold. The file
`etc/mailfilter.toml` holds all of them with their meaning.

Nothing is ignored: an unknown key, a value of the wrong kind or out of range, a key that is set
twice in a file, two listeners on one address, thresholds in the wrong order, the name of a check,
symbol or group that there is not, a check that cannot be loaded, a file that cannot be read are
errors. All of them are told at once, each with file, line, key and what was expected, and the
filter does not start. Only where a file cannot be read as TOML, names and what must hold between
keys are left for the next time, since what is missing may be in that file.

    mailfilteradm config check [FILE]    tell what is wrong
    mailfilteradm config show [KEY]      what holds, and which file and line set it

## Files and how they are merged

1. The built-in defaults.
2. The main file.
3. The files `{FRAGMENTS}/*.toml` in the folder of the main file, in the order of their names
   (bytes compared; hidden files are left out).
4. Scores, thresholds and maps that were saved over a controller while the filter ran. They are in
   the state directory, hold until they are undone, and are shown by `mailfilteradm saved list`.

The later wins. Tables are merged key by key; every other value, lists too, is replaced as a
whole. So two lines in a file of `{FRAGMENTS}` switch a default listener off:

    [listeners.scan]
    enabled = false

A file has at most {MAX_FILE // 2**20} MiB, and `{FRAGMENTS}` at most {MAX_FILES} files.

## Values

- **Durations** are text with a unit: `"250ms"`, `"8s"`, `"1h30m"` (ms, s, m, h, d, w).
- **Sizes** are text with a unit: `"64KiB"`, `"50MiB"` (powers of 1024), `"10MB"` (of 1000),
  `"512B"`.
- **Relative paths**, also those of unix sockets, start at the folder of the main file, wherever
  the process is started and whether or not it runs in the background.
- An **endpoint** is a [Twisted description](https://docs.twisted.org/en/stable/core/howto/endpoints.html)
  of kind tcp, tcp6, unix or systemd. A colon inside a value is written `\\:`, and in single quotes
  TOML leaves backslashes alone: `'tcp6:11332:interface=\\:\\:1'`.
- `"off"`, where it is named, takes a default away.
- A **network** has no bits set beyond its mask. An **address** matches without regard to case;
  `@example.org` is every address of that domain.

## The state directory

`--state-dir`, else the environment's `{STATE_VARIABLE}`, else systemd's `STATE_DIRECTORY`, else
`{STATE_FOLDER}` in the directory in which the command was typed.
"""


def render_reference() -> str:
    """The text of `docs/configuration.md`."""
    parts = [_REFERENCE_HEAD]
    for field in table_of(Config).fields.values():
        if isinstance(field.node, Table):
            parts += _section(field.node, field.default, field.name)
        elif isinstance(field.node, Named) and isinstance(field.node.item, Table):
            parts += _section(field.node.item, None, f"{field.name}.{NAME}")
            parts += _default_entries(field, field.node.item)
    return "\n".join(parts)


def _section(table: Table, values: object, header: str, level: int = 2) -> Iterator[str]:
    yield f"{'#' * level} [{header}]\n\n{table.doc}\n"
    rows = ["| key | value | default | meaning |", "|---|---|---|---|"]
    for field in table.fields.values():
        if not isinstance(field.node, Table):
            default = field.default if values is None else getattr(values, field.name)
            cells = (f"`{field.name}`", _what(field.node), _default(field, default), field.doc)
            rows.append("| " + " | ".join(_cell(cell) for cell in cells) + " |")
    yield "\n".join(rows) + "\n"
    for field in table.fields.values():
        if isinstance(field.node, Table):
            yield from _section(field.node, None, f"{header}.{field.name}", level + 1)


def _default(field: Field, value: object) -> str:
    if value is MISSING:
        return "must be set"
    if _is_nothing(field, value):
        return f"not set, e.g. `{field.example}`" if field.example else "not set"
    text = show(field.node, value) if isinstance(field.node, Scalar | Array) else "{}"
    is_empty = text in ('""', "[]", "{}")
    return f"`{text}`, e.g. `{field.example}`" if is_empty and field.example else f"`{text}`"


def _default_entries(field: Field, table: Table) -> Iterator[str]:
    """The entries that exist without any file, by what they must set or set otherwise."""
    if not isinstance(field.default, Mapping) or not field.default:
        return
    yield f"Without any file there are:\n\n```toml\n{_entries_text(field, table)}\n```\n"


def _entries_text(field: Field, table: Table) -> str:
    lines: list[str] = []
    entries = field.default if isinstance(field.default, Mapping) else {}
    for name, value in entries.items():
        lines += [""] if lines else []
        lines.append(f"[{field.name}.{part_text(name)}]")
        for inner in table.fields.values():
            given = getattr(value, inner.name)
            if given != inner.default and isinstance(inner.node, Scalar | Array):
                lines.append(f"{inner.name} = {show(inner.node, given)}")
    return "\n".join(lines)


def _cell(text: str) -> str:
    """Text in a cell of a table; within `code` a backslash stands for itself."""
    plain = text if text.startswith("`") else text.replace("\\", "\\\\")
    return plain.replace("|", "\\|")
