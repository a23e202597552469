"""Which keys hold secrets, and texts without them.

Two kinds of keys do: those that the model marks, and those that it does not know (options of
checks, keys in the wrong place) if a part of them has the name of a secret.
"""

import re
from collections.abc import Callable

from .model import Config
from .schema import Anything, Array, Named, Node, Scalar, Table, table_of
from .toml_text import KeyPath, parse_key, value_text

HIDDEN = "(secret)"
"""What is shown in place of a secret."""

_SECRET_WORD = re.compile(
    "password|passwd|passphrase|secret|token|credentials?|api[_-]?key|private[_-]?key", re.I
)
_SECRET_NAME = re.compile(rf"(?:{_SECRET_WORD.pattern})\Z", re.I)
_INDEX = re.compile(r"\[\d+\]")


def is_secret(path: KeyPath) -> bool:
    """Whether the value of a key must not be shown, nor be in a file that others may read.

    The names of symbols, checks and so on do not count: `symbols.BAD_TOKEN.score` is none.
    """
    node: Node | None = table_of(Config)
    for at, part in enumerate(path):
        node = _below(node, part)
        if node is None or isinstance(node, Anything):
            return _has_secret_name(path[at:])
    node = node.item if isinstance(node, Array) else node
    return isinstance(node, Scalar) and node.is_secret


def is_unquotable(path: KeyPath) -> bool:
    """Whether an error must not quote the value of a key.

    Here every part counts: what is wrong may stand where it was not meant to.
    """
    return _has_secret_name(path) or is_secret(path)


def is_unquotable_text(key: str) -> bool:
    """As `is_unquotable`, for a key as messages write it: `servers[1].password`."""
    path = parse_key(_INDEX.sub("", key))
    return is_unquotable(path) if path else bool(key)


def masked(
    path: KeyPath, value: object, is_hidden: Callable[[KeyPath], bool] = is_secret
) -> object:
    """The value of a key, with words in place of secrets."""
    if is_hidden(path):
        # That there is none may be seen.
        return HIDDEN if value != "" else value
    if isinstance(value, list):
        return [masked((*path, at), item, is_hidden) for at, item in enumerate(value)]
    if isinstance(value, dict):
        return {key: masked((*path, key), item, is_hidden) for key, item in value.items()}
    return value


def quoted(path: KeyPath, value: object) -> str:
    """The value of a key as an error quotes it."""
    if is_unquotable(path):
        return HIDDEN
    return value_text(masked(path, value, is_unquotable))


def is_quotable_source(text: str) -> bool:
    """Whether a piece of a file may be quoted by what stands in it, beside the key before it.

    Tables in it bring keys of their own, and one that cannot be parsed may hide any.
    """
    return "{" not in text and not _SECRET_WORD.search(text)


def _has_secret_name(path: KeyPath) -> bool:
    return any(isinstance(part, str) and _SECRET_NAME.search(part) for part in path)


def _below(node: Node | None, part: str | int) -> Node | None:
    if isinstance(node, Table) and isinstance(part, str):
        field = node.fields.get(part)
        return None if field is None else field.node
    return node.item if isinstance(node, Named | Array) else None
