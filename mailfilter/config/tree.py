"""From documents to the typed configuration: check each against the model, merge, build.

Three steps, so that every file's mistakes are reported, also in keys that a later file replaces:
`Reader` turns one document into a tree of settings, `merge` lays one tree over another, and
`Builder` makes the dataclasses from the tree and the defaults.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, dataclass, replace
from typing import Any

from .files import Document
from .hiding import HIDDEN, is_unquotable, quoted
from .names import listed, nearest
from .problem import Origin, Problem, Problems, Unfit
from .schema import Array, Field, Named, Node, Scalar, Table
from .toml_text import KeyPath, key_text, value_text
from .values import describe, read_scalar

MAX_NAME = 128
"""Characters of a name that an operator gives to a listener, profile, symbol, ..."""

INVALID = object()
"""In place of a value that was reported: the key is set, but not usable."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A value that a file sets."""

    value: object
    origin: Origin


Tree = dict[str, "Setting | Tree"]


class Reader:
    """Checks one document; relative paths in it start at `directory`."""

    def __init__(self, root: Table, document: Document, directory: str, problems: Problems) -> None:
        self._root = root
        self._document = document
        self._directory = directory
        self._problems = problems
        self._elsewhere = _keys_by_name(root)

    def read(self) -> Tree:
        """The settings of the document; what is wrong goes to the problems."""
        tree = self._table(self._root, self._document.table, ())
        return tree if isinstance(tree, dict) else {}

    def _node(self, node: Node, value: object, path: KeyPath) -> Setting | Tree:
        if isinstance(node, Table):
            return self._table(node, value, path)
        if isinstance(node, Named):
            return self._named(node, value, path)
        if isinstance(node, Array):
            return self._array(node, value, path)
        if isinstance(node, Scalar):
            return Setting(self._scalar(node, value, path), self._origin(path))
        if isinstance(value, dict):
            return {key: self._node(node, item, (*path, key)) for key, item in value.items()}
        return Setting(value, self._origin(path))

    def _table(self, table: Table, value: object, path: KeyPath) -> Setting | Tree:
        if not isinstance(value, dict):
            return self._invalid(path, value, "expected a table")
        tree: Tree = {}
        for key, item in value.items():
            field = table.fields.get(key)
            if field is None:
                self._unknown(table, path, key, item)
                continue
            tree[key] = self._node(field.node, item, (*path, key))
        return tree

    def _named(self, node: Named, value: object, path: KeyPath) -> Setting | Tree:
        if not isinstance(value, dict):
            return self._invalid(path, value, "expected a table")
        tree: Tree = {}
        for name, item in value.items():
            here = (*path, name)
            if not (0 < len(name) <= MAX_NAME and name.isprintable()):
                self._invalid(
                    here, None, f"expected a name of 1 to {MAX_NAME} printable characters"
                )
                continue
            tree[name] = self._node(node.item, item, here)
        return tree

    def _array(self, node: Array, value: object, path: KeyPath) -> Setting:
        if not isinstance(value, list):
            hint = self._list_hint(node, value)
            return self._invalid(path, value, f"expected {describe(node)}", hint)
        items = [self._scalar(node.item, item, (*path, at)) for at, item in enumerate(value)]
        is_valid = not any(item is INVALID for item in items)
        return Setting(tuple(items) if is_valid else INVALID, self._origin(path))

    def _list_hint(self, node: Array, value: object) -> str:
        """What may be meant by something that is no list."""
        if value is True and node.item.format == "proxy":
            return 'name the proxies, such as ["192.0.2.1"]'
        try:
            read_scalar(node.item, value, self._directory)
        except Unfit:
            return ""
        return f"did you mean {value_text([value])}?"

    def _scalar(self, scalar: Scalar, value: object, path: KeyPath) -> object:
        try:
            return read_scalar(scalar, value, self._directory)
        except Unfit as unfit:
            # Its words may repeat the value.
            is_hidden = is_unquotable(path)
            expected = f"expected {describe(scalar)}" if is_hidden else unfit.expected
            return self._invalid(path, value, expected, unfit.hint).value

    def _invalid(self, path: KeyPath, value: object, expected: str, hint: str = "") -> Setting:
        if not self._problems.is_full:
            text = None if value is None else quoted(path, value)
            hint = "" if text == HIDDEN else hint
            origin = self._origin(path)
            self._problems.add(
                Problem(origin.file, origin.line, key_text(path), text, expected, hint)
            )
            self._problems.doubtful.add(path)
        return Setting(INVALID, self._origin(path))

    def _unknown(self, table: Table, path: KeyPath, key: str, value: object) -> None:
        if self._problems.is_full:
            return
        is_table = isinstance(value, dict)
        here = (*path, key)
        what, text = ("unknown table", None) if is_table else ("unknown key", quoted(here, value))
        near = nearest(key, table.fields)
        meant = self._elsewhere.get(key) if near is None else (*path, near)
        where = f"[{key_text(path)}]" if path else "the configuration"
        hint = f"{where} has {listed(table.fields)}"
        if meant is not None:
            self._problems.doubtful.add(meant)
            hint = f"did you mean {key_text(meant)}?"
        origin = self._origin(here)
        self._problems.add(Problem(origin.file, origin.line, key_text(here), text, what, hint))

    def _origin(self, path: KeyPath) -> Origin:
        return Origin(self._document.file, self._document.lines.find(path))


def merge(below: Tree, above: Tree) -> Tree:
    """One tree over another: tables key by key, everything else replaced. Changes neither."""
    merged = dict(below)
    for key, item in above.items():
        old = merged.get(key)
        if isinstance(old, dict) and isinstance(item, dict):
            item = merge(old, item)
        merged[key] = item
    return merged


def settings_in(tree: Tree, path: KeyPath = ()) -> Iterator[tuple[KeyPath, Setting]]:
    """All settings of a tree with their key paths."""
    for key, item in tree.items():
        if isinstance(item, dict):
            yield from settings_in(item, (*path, key))
        else:
            yield (*path, key), item


def empty_tables(tree: Tree, path: KeyPath = ()) -> Iterator[KeyPath]:
    """The key paths of tables in which nothing is set."""
    for key, item in tree.items():
        if item == {}:
            yield (*path, key)
        elif isinstance(item, dict):
            yield from empty_tables(item, (*path, key))


class Builder:
    """Makes the configuration; `place` tells where a table stands, for what is missing in it."""

    def __init__(self, place: Callable[[KeyPath], Origin], problems: Problems) -> None:
        self._place = place
        self._problems = problems

    def build(self, node: Node, tree: "Setting | Tree", base: object, path: KeyPath) -> object:
        """The value of a node; what the tree does not set is taken from `base`.

        `base` is the default, or `MISSING`. The value is `INVALID` when none can be made.
        """
        if isinstance(tree, Setting):
            return base if tree.value is INVALID and base is not MISSING else tree.value
        if isinstance(node, Table):
            return self._table(node, tree, base, path)
        if isinstance(node, Named):
            names: dict[str, object] = dict(base) if isinstance(base, Mapping) else {}
            for name, item in tree.items():
                default = names.get(name, MISSING)
                value = self.build(node.item, item, default, (*path, name))
                if value is not INVALID:
                    names[name] = value
            return names
        return _plain(tree)

    def _table(self, table: Table, tree: Tree, base: Any, path: KeyPath) -> object:
        values: dict[str, Any] = {}
        for name, field in table.fields.items():
            default = field.default if base is MISSING else getattr(base, name)
            if name in tree:
                default = self.build(field.node, tree[name], default, (*path, name))
            elif default is MISSING:
                self._missing(field, path)
            values[name] = INVALID if default is MISSING else default
        if any(value is INVALID for value in values.values()):
            return INVALID
        return table.type(**values) if base is MISSING else replace(base, **values)

    def _missing(self, field: Field, path: KeyPath) -> None:
        if self._problems.is_doubtful((*path, field.name)):
            return
        origin = self._place(path)
        node = field.node
        what = f"expected {describe(node)}" if isinstance(node, Scalar | Array) else "expected it"
        key = key_text((*path, field.name))
        self._problems.add(Problem(origin.file, origin.line, key, None, f"is missing; {what}"))


def _plain(tree: Tree) -> dict[str, object]:
    """The values of a table that the model knows nothing of."""
    return {
        key: _plain(item) if isinstance(item, dict) else item.value for key, item in tree.items()
    }


def _keys_by_name(root: Table) -> Mapping[str, KeyPath]:
    """Where a key of this name can stand, for those that were set in the wrong table."""
    found: dict[str, KeyPath] = {}
    for table in root.fields.values():
        if isinstance(table.node, Table):
            for name in table.node.fields:
                found.setdefault(name, (table.name, name))
    return found
