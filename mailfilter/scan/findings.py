"""What checks return, checked: third parties' code may not have been through a type checker.

A finding that is not what it should be fails its check, and nothing else. Behind this module the
types of hits, forced actions and edits can be relied on.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache

from .check import Finding, Force, Hit, Note
from .verdict import (
    Action,
    AddHeader,
    AddRecipient,
    AuthResult,
    ChangeHeader,
    ChangeSender,
    LastFields,
    RemoveHeader,
    RemoveRecipient,
    ReplaceBody,
    Url,
)

MAX_URL_CHARS = 2048
"""Characters kept of a URL, and of its host."""

MAX_OPTION_CHARS = 1024
"""Characters kept of one option; options quote mail, which may hold a line of megabytes."""

MAX_WEIGHT = 1e6
"""Largest multiple of a score; beyond it sums leave the range of numbers."""

MAX_PROPERTIES = 16
"""Properties kept of one result of authentication; methods have up to five."""

_KEYWORD = r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,62}[A-Za-z0-9])?"
_AUTH_WORD = re.compile(rf"{_KEYWORD}\Z")
_AUTH_PROPERTY = re.compile(rf"{_KEYWORD}\.{_KEYWORD}\Z")
"""RFC 8601 2.2; letters, digits and hyphens (RFC 5321 4.1.2), and some write `_`."""
_SYMBOL_NAME = re.compile(r"[A-Za-z0-9_.-]{1,128}\Z")

_TYPES: Mapping[type, Mapping[str, type | tuple[type, ...]]] = {
    Force: {
        "message": (str, type(None)),
        "score": (int, float, type(None)),
        "subject": (str, type(None)),
        "final": bool,
        "priority": int,
        "is_least": bool,
    },
    Note: {"text": str},
    AddHeader: {"name": str, "value": str, "order": int},
    RemoveHeader: {"name": str, "occurrence": int},
    ChangeHeader: {"name": str, "value": str, "occurrence": int},
    ChangeSender: {"address": str, "args": tuple},
    AddRecipient: {"address": str},
    RemoveRecipient: {"address": str},
    ReplaceBody: {"body": bytes},
    LastFields: {"make": object, "is_slow": bool},
    Url: {"url": str, "host": str, "tld": str, "flags": tuple},
    AuthResult: {
        "method": str,
        "result": str,
        "reason": str,
        "comment": str,
        "properties": tuple,
        "facts": tuple,
    },
}
"""Fields of findings and their types. Hits, of which there are many, are checked apart."""


def checked(item: object, max_options: int) -> Finding:
    """The finding with what is bounded cut, and an action given as text made one.

    Raises TypeError or ValueError for what is no finding.
    """
    if isinstance(item, Hit):
        return _checked_hit(item, max_options)
    if type(item) is Url and _is_plain_url(item):
        return item
    if type(item) is AuthResult and _is_plain(item):
        return item
    fields = _TYPES.get(type(item))
    if fields is None:
        raise TypeError(f"expected a finding, got {type(item).__name__}")
    for name, expected in fields.items():
        value = getattr(item, name)
        # A bool is an int, but as a number it is a mistake.
        if not isinstance(value, expected) or (isinstance(value, bool) and expected is not bool):
            raise TypeError(f"{type(item).__name__}.{name}: got {value!r:.80}")
    if isinstance(item, Force):
        return _checked_force(item)
    if isinstance(item, AuthResult):
        return _checked_auth(item)
    if isinstance(item, Url):
        return _checked_url(item)
    if isinstance(item, LastFields) and not callable(item.make):
        raise TypeError(f"LastFields.make: got {item.make!r:.80}")
    if isinstance(item, ChangeSender) and not all(isinstance(arg, str) for arg in item.args):
        raise TypeError(f"ChangeSender.args: got {item.args!r:.80}")
    return item  # type: ignore[return-value]  # The table has no other types than findings.


def _checked_hit(hit: Hit, max_options: int) -> Hit:
    if not isinstance(hit.symbol, str) or not _is_symbol(hit.symbol):
        raise ValueError(f"not a symbol name: {hit.symbol!r:.80}")
    # Not a number is not below the bound either. Other types of numbers do not mix with scores.
    if type(hit.weight) not in (int, float) or not abs(hit.weight) <= MAX_WEIGHT:
        raise ValueError(f"{hit.symbol}: weight {hit.weight!r} is out of bounds")
    if hit.options == ():
        return hit
    options = tuple([str(text)[:MAX_OPTION_CHARS] for text in (hit.options or ())[:max_options]])
    return hit if options == hit.options else Hit(hit.symbol, hit.weight, options)


def _checked_force(force: Force) -> Force:
    action = Action(force.action)
    if force.score is not None and not math.isfinite(force.score):
        raise ValueError(f"Force.score: got {force.score!r}")
    return force if action is force.action else replace(force, action=action)


def _is_plain(result: AuthResult) -> bool:
    """Whether there is nothing to be cut or refused, as nearly always."""
    reason, comment = result.reason, result.comment
    return (
        type(reason) is str
        and len(reason) <= MAX_OPTION_CHARS
        and type(comment) is str
        and len(comment) <= MAX_OPTION_CHARS
        and type(result.method) is str
        and _is_word(result.method)
        and type(result.result) is str
        and _is_word(result.result)
        and _are_plain(result.properties, _is_property)
        and _are_plain(result.facts, _is_word)
    )


def _are_plain(pairs: object, is_name: Callable[[str], bool]) -> bool:
    if type(pairs) is not tuple or len(pairs) > MAX_PROPERTIES:
        return False
    for item in pairs:
        if type(item) is not tuple or len(item) != 2:
            return False
        name, value = item
        if type(name) is not str or type(value) is not str:
            return False
        if len(value) > MAX_OPTION_CHARS or not is_name(name):
            return False
    return True


# All names there are, are few, and they are in every message.
@lru_cache(maxsize=4096)
def _is_symbol(text: str) -> bool:
    return _SYMBOL_NAME.match(text) is not None


@lru_cache(maxsize=512)
def _is_word(text: str) -> bool:
    return _AUTH_WORD.match(text) is not None


@lru_cache(maxsize=512)
def _is_property(text: str) -> bool:
    return _AUTH_PROPERTY.match(text) is not None


def _checked_auth(result: AuthResult) -> AuthResult:
    if not _AUTH_WORD.match(result.method) or not _AUTH_WORD.match(result.result):
        raise ValueError(f"AuthResult: got {result.method!r:.80}, {result.result!r:.80}")
    return AuthResult(
        result.method,
        result.result,
        reason=result.reason[:MAX_OPTION_CHARS],
        comment=result.comment[:MAX_OPTION_CHARS],
        properties=_checked_pairs("properties", _AUTH_PROPERTY, result.properties),
        facts=_checked_pairs("facts", _AUTH_WORD, result.facts),
    )


def _is_plain_url(url: Url) -> bool:
    """Whether there is nothing to be cut or refused, as nearly always; a message has hundreds."""
    for text in (url.url, url.host, url.tld):
        if type(text) is not str or len(text) > MAX_URL_CHARS:
            return False
    flags = url.flags
    return (
        type(flags) is tuple
        and len(flags) <= MAX_PROPERTIES
        and all(type(flag) is str and len(flag) <= MAX_OPTION_CHARS for flag in flags)
    )


def _checked_url(url: Url) -> Url:
    if not all(isinstance(flag, str) for flag in url.flags):
        raise TypeError(f"Url.flags: got {url.flags!r:.80}")
    return Url(
        url.url[:MAX_URL_CHARS],
        url.host[:MAX_URL_CHARS],
        url.tld[:MAX_URL_CHARS],
        tuple(flag[:MAX_OPTION_CHARS] for flag in url.flags[:MAX_PROPERTIES]),
    )


def _checked_pairs(
    what: str, names: re.Pattern[str], pairs: tuple[object, ...]
) -> tuple[tuple[str, str], ...]:
    checked = []
    for item in pairs[:MAX_PROPERTIES]:
        match item:
            case (str(name), str(value)) if names.match(name):
                # Half of an address is another one.
                if len(value) <= MAX_OPTION_CHARS:
                    checked.append((name, value))
            case _:
                raise TypeError(f"AuthResult.{what}: got {item!r:.80}")
    return tuple(checked)
