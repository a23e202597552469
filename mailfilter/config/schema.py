"""The model of the configuration as a tree of nodes, read off its dataclasses."""

import types
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import cache
from inspect import cleandoc
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from .model import Bounds, Doc, Example, Format, FormatName, Secret, Unit, Word

UnitName = Literal["duration", "size"]
Kind = Literal["boolean", "integer", "number", "text"]

_KINDS: Mapping[object, Kind] = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "text",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalar:
    """One value."""

    kind: Kind
    choices: tuple[str, ...] = ()
    unit: UnitName | None = None
    low: float | None = None
    high: float | None = None
    format: FormatName | None = None
    word: str | None = None
    """A text that stands for `None`."""
    word_is_default: bool = False
    """Also for a `None` that is the default."""
    is_secret: bool = False


@dataclass(frozen=True, slots=True)
class Array:
    """A list of values of one kind."""

    item: Scalar


@dataclass(frozen=True, slots=True)
class Anything:
    """A value of any type, checked by those who use it."""


@dataclass(frozen=True, slots=True)
class Named:
    """A table whose keys are names that the operator gives."""

    item: "Node"


@dataclass(frozen=True, slots=True)
class Field:
    """One key of a table."""

    name: str
    node: "Node"
    doc: str
    default: object
    """The default value; `MISSING` for a key that must be set."""
    example: str | None
    """TOML text."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table with fixed keys."""

    type: type[Any]
    doc: str
    fields: Mapping[str, Field]


Node = Scalar | Array | Anything | Named | Table


@cache
def table_of(cls: type[Any]) -> Table:
    """The node of a dataclass.

    Raises TypeError where the model says what no TOML value can be: a mistake in the model.
    """
    hints = get_type_hints(cls, include_extras=True)
    known = {}
    for entry in fields(cls):
        hint, metadata = _split(hints[entry.name])
        default: object = entry.default
        if entry.default_factory is not MISSING:
            default = entry.default_factory()
        known[entry.name] = Field(
            entry.name,
            _node(hint, metadata),
            next(item.text for item in metadata if isinstance(item, Doc)),
            default,
            next((item.toml for item in metadata if isinstance(item, Example)), None),
        )
    return Table(cls, cleandoc(cls.__doc__ or ""), known)


def _split(hint: Any) -> tuple[Any, tuple[Any, ...]]:
    if get_origin(hint) is Annotated:
        return hint.__origin__, hint.__metadata__
    return hint, ()


def _node(hint: Any, metadata: tuple[Any, ...] = ()) -> Node:
    if is_dataclass(hint) and isinstance(hint, type):
        return table_of(hint)
    if hint is object:
        return Anything()
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Mapping:
        return Named(_node(*_split(arguments[1])))
    if origin is tuple and arguments[1:] == (...,):
        return Array(_scalar(arguments[0], metadata))
    return _scalar(hint, metadata)


def _scalar(hint: Any, metadata: tuple[Any, ...]) -> Scalar:
    if get_origin(hint) in (types.UnionType, Union):
        (hint,) = (item for item in get_args(hint) if item is not type(None))
    choices = get_args(hint) if get_origin(hint) is Literal else ()
    kind = _KINDS.get(str if choices else hint)
    if kind is None:
        raise TypeError(f"{hint!r} has no form in TOML")
    word = next((item for item in metadata if isinstance(item, Word)), None)
    bounds = next((item for item in metadata if isinstance(item, Bounds)), Bounds())
    return Scalar(
        kind=kind,
        choices=choices,
        unit=next((item.name for item in metadata if isinstance(item, Unit)), None),
        low=bounds.low,
        high=bounds.high,
        format=next((item.name for item in metadata if isinstance(item, Format)), None),
        word=None if word is None else word.text,
        word_is_default=word is not None and word.is_default,
        is_secret=any(isinstance(item, Secret) for item in metadata),
    )
