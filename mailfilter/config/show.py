"""The effective configuration as TOML text: what holds, and where it comes from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from .hiding import HIDDEN, is_secret, masked
from .load import Loaded
from .model import Config
from .names import nearest
from .problem import DEFAULT, Origin
from .schema import Array, Named, Node, Scalar, Table, table_of
from .toml_text import KeyPath, key_text, string_text, value_text
from .values import show


@dataclass(frozen=True, slots=True)
class Entry:
    """One key. `value` is TOML text, `None` where nothing is set."""

    key: str
    value: str | None
    origin: Origin

    def __str__(self) -> str:
        """`scan.timeout = "8s"   # default`, which is TOML and can be read back."""
        if self.value is None:
            return f"# {self.key} is not set"
        return f"{self.key} = {self.value}   # {self.origin}"


def effective(loaded: Loaded, key: tuple[str, ...] = ()) -> list[Entry]:
    """All keys at or below a key, in the order of the model.

    Raises KeyError when there is no such key; its argument is a hint, which may be empty.
    """
    node: Node = table_of(Config)
    value: object = loaded.config
    default: object = Config()
    for at, part in enumerate(key):
        children = dict(_children(node, value, default))
        if part not in children:
            near = nearest(part, children)
            raise KeyError(f"did you mean {key_text((*key[:at], near))}?" if near else "")
        node, value, default = children[part]
    return list(_entries(loaded, node, value, default, key)) or [_entry(loaded, key, None)]


_Child = tuple[Node, object, object]
"""A node, the value that holds, and the default."""


def _children(node: Node, value: Any, default: Any) -> Iterator[tuple[str, _Child]]:
    if isinstance(node, Table):
        for name, field in node.fields.items():
            below = getattr(default, name) if isinstance(default, node.type) else field.default
            yield name, (field.node, getattr(value, name), below)
    elif isinstance(value, Mapping):
        item_node = node.item if isinstance(node, Named) else node
        defaults = default if isinstance(default, Mapping) else {}
        for name, item in value.items():
            yield name, (item_node, item, defaults.get(name))


def _entries(
    loaded: Loaded, node: Node, value: object, default: object, path: KeyPath
) -> Iterator[Entry]:
    if isinstance(node, Table) or isinstance(value, Mapping):
        for name, child in _children(node, value, default):
            yield from _entries(loaded, *child, (*path, name))
        if value == {} and not isinstance(node, Named):
            yield _entry(loaded, path, "{}")
        return
    hidden = value and is_secret(path)
    text = string_text(HIDDEN) if hidden else _text(node, masked(path, value) if value else value)
    entry = _entry(loaded, path, text)
    # Nothing is a value where a file says so, or a default was taken away: "off".
    is_nothing = not (isinstance(node, Scalar) and node.word_is_default)
    is_unset = value is None and default is None and entry.origin == DEFAULT and is_nothing
    yield replace(entry, value=None) if is_unset else entry


def _entry(loaded: Loaded, path: KeyPath, value: str | None) -> Entry:
    key = key_text(path)
    return Entry(key, value, loaded.origin(key))


def _text(node: Node, value: object) -> str:
    return show(node, value) if isinstance(node, Scalar | Array) else value_text(value)
