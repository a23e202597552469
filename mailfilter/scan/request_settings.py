"""Settings that a client sends along with one message (http-scan.md 1.4, `Settings`).

They do what a profile can: thresholds, scores, and which symbols count. What is of another form
is left out and named; it never costs the scan.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, TypeGuard

from .verdict import BY_SCORE, Action

MAX_NAMES = 1000
"""Symbols and groups of each list that are taken."""

MAX_NAME = 200
"""Characters of one of them."""

MAX_SUBJECT = 1000
"""Characters of the new subject."""

MAX_SCORE = 1e9
"""Of thresholds and scores, whatever the sign."""

_ACTIONS = {action.value: action for action in BY_SCORE}
_LISTS = ("symbols_enabled", "groups_enabled", "symbols_disabled", "groups_disabled")
_KNOWN = ("actions", "scores", "subject", *_LISTS)


@dataclass(frozen=True, slots=True)
class RequestSettings:
    """What holds for one message, on top of its profiles."""

    thresholds: Mapping[Action, float | None] = field(default_factory=dict)
    """None takes the action away."""
    scores: Mapping[str, float] = field(default_factory=dict)
    subject: str | None = None
    symbols_enabled: frozenset[str] = frozenset()
    groups_enabled: frozenset[str] = frozenset()
    """If one of these two names anything, nothing else counts."""
    symbols_disabled: frozenset[str] = frozenset()
    groups_disabled: frozenset[str] = frozenset()

    @property
    def selects(self) -> bool:
        """Whether some symbols do not count."""
        return any(getattr(self, name) for name in _LISTS)

    def counts(self, symbol: str, group: str) -> bool:
        """Whether a symbol counts."""
        if symbol in self.symbols_disabled or group in self.groups_disabled:
            return False
        if not self.symbols_enabled and not self.groups_enabled:
            return True
        return symbol in self.symbols_enabled or group in self.groups_enabled


def read_settings(given: object) -> tuple[RequestSettings, tuple[str, ...]]:
    """Read what JSON or MessagePack has come to; the second value names what is left out."""
    if not isinstance(given, Mapping):
        return RequestSettings(), ("settings: expected an object",)
    complaints: list[str] = []
    unknown = [name for name in given if name not in _KNOWN]
    if unknown:
        complaints.append(f"settings: {len(unknown)} unknown keys; known are {', '.join(_KNOWN)}")
    thresholds: dict[Action, float | None] = {}
    for name, value in _items(given, "actions", complaints):
        action = _ACTIONS.get(name.replace("_", " "))
        if action is None:
            complaints.append(f"settings.actions: expected {', '.join(_ACTIONS)}")
        elif value is None or _is_number(value):
            thresholds[action] = value
        else:
            complaints.append(f"settings.actions.{action}: expected a number or null")
    scores: dict[str, float] = {}
    for name, value in _items(given, "scores", complaints):
        if _is_number(value):
            scores[name] = float(value)
        else:
            complaints.append("settings.scores: expected numbers")
    subject = given.get("subject")
    if subject is not None and not _is_text(subject, MAX_SUBJECT):
        complaints.append(f"settings.subject: expected a text of at most {MAX_SUBJECT} characters")
        subject = None
    lists = {name: _names(given, name, complaints) for name in _LISTS}
    settings = RequestSettings(thresholds, scores, subject, **lists)
    return settings, tuple(dict.fromkeys(complaints))


def _items(
    given: Mapping[Any, object], key: str, complaints: list[str]
) -> Iterator[tuple[str, object]]:
    value = given.get(key)
    if value is None:
        return
    if not isinstance(value, Mapping) or len(value) > MAX_NAMES:
        complaints.append(f"settings.{key}: expected an object of at most {MAX_NAMES} keys")
        return
    fit = [(name, item) for name, item in value.items() if _is_text(name, MAX_NAME)]
    if len(fit) < len(value):
        complaints.append(f"settings.{key}: expected names")
    yield from fit


def _names(given: Mapping[Any, object], key: str, complaints: list[str]) -> frozenset[str]:
    value = given.get(key)
    if value is None:
        return frozenset()
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or len(names) > MAX_NAMES:
        complaints.append(f"settings.{key}: expected a list of at most {MAX_NAMES} names")
        return frozenset()
    fit = [name for name in names if _is_text(name, MAX_NAME)]
    if len(fit) < len(names):
        complaints.append(f"settings.{key}: expected names")
    return frozenset(fit)


def _is_text(value: object, limit: int) -> TypeGuard[str]:
    return isinstance(value, str) and len(value) <= limit


def _is_number(value: object) -> TypeGuard[float]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) <= MAX_SCORE and isfinite(value)
